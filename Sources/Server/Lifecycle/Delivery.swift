import Observability
import Platform

/// A bundle with the open descriptors it needs: what a worker is started with, and what it is given at a reload.
public struct Delivery: Sendable {
    /// Counts configurations that were accepted.
    public let generation: Int
    public let bundle: Bundle
    public let sockets: OpenSockets
    public let logs: OpenLogs
    /// What the keys of session tickets are computed from; empty where none are needed.
    public let ticketSecret: [UInt8]

    public init(
        generation: Int, bundle: Bundle, sockets: OpenSockets, logs: OpenLogs, ticketSecret: [UInt8] = []
    ) {
        self.ticketSecret = ticketSecret
        self.generation = generation
        self.bundle = bundle
        self.sockets = sockets
        self.logs = logs
    }

    /// The same for who has put the logs where they belong, so that none is held open by this.
    var withoutLogs: Delivery {
        Delivery(
            generation: generation, bundle: bundle, sockets: sockets, logs: OpenLogs(), ticketSecret: ticketSecret)
    }
}

/// The two directions of the socket between supervisor and worker.
///
/// Descriptors go ahead in messages of their own; the message that ends them carries a file in memory that says what they
/// are, so that neither the number of descriptors nor the size of a configuration has a bound here.
public enum Channel {
    enum Kind: UInt8 {
        // To the worker.
        /// Descriptors for what follows.
        case descriptors = 1
        /// A new configuration. Its first descriptor is the file in memory.
        case delivery = 2
        /// Logs that were opened again.
        case logs = 3
        /// Finish what is in flight, then end.
        case drain = 4
        // To the supervisor.
        /// The configuration with this number is served.
        case ready = 16
        /// The configuration with this number is not: a text follows.
        case refused = 17
    }

    /// What the supervisor says.
    public enum Order: Sendable {
        case deliver(Delivery)
        case reopen([String: SharedDescriptor])
        case drain
    }

    /// What the worker says.
    public enum Report: Sendable, Hashable {
        case ready(generation: Int)
        case refused(generation: Int, reason: String)
    }

    // MARK: The supervisor's side

    public static func send(_ delivery: Delivery, on raw: Int32) throws(SystemError) {
        var writer = BundleWriter()
        writer.add(delivery.generation)
        writer.add(delivery.sockets.entries) { writer, entry in
            writer.add(entry.address)
            writer.add(entry.descriptors.count)
        }
        writer.add(delivery.logs.paths) { writer, path in writer.add(path) }
        writer.add(delivery.bundle)
        writer.add(delivery.ticketSecret)
        try send(.delivery, writer.bytes, delivery.sockets.numbers + delivery.logs.numbers, on: raw)
    }

    public static func send(reopened logs: OpenLogs, on raw: Int32) throws(SystemError) {
        var writer = BundleWriter()
        writer.add(logs.paths) { writer, path in writer.add(path) }
        try send(.logs, writer.bytes, logs.numbers, on: raw)
    }

    public static func sendDrain(on raw: Int32) throws(SystemError) {
        try Socket.sendMessage(raw, [Kind.drain.rawValue])
    }

    private static func send(
        _ kind: Kind, _ content: [UInt8], _ descriptors: [Int32], on raw: Int32
    ) throws(SystemError) {
        var rest = descriptors[...]
        while !rest.isEmpty {
            let part = rest.prefix(Socket.maximumDescriptors)
            try Socket.sendMessage(raw, [Kind.descriptors.rawValue], descriptors: Array(part))
            rest = rest.dropFirst(part.count)
        }
        let file = try File.inMemory("zendan-message")
        try File.write(file.rawValue, content.span, at: 0)
        try Socket.sendMessage(raw, [kind.rawValue], descriptors: [file.rawValue])
    }

    /// Reads one message of the worker; nil when it makes no sense.
    public static func report(_ message: Socket.Message) -> Report? {
        guard let first = message.bytes.first, let kind = Kind(rawValue: first) else { return nil }
        var reader = BundleReader(Array(message.bytes.dropFirst()))
        do throws(BundleError) {
            switch kind {
            case .ready: return .ready(generation: try reader.integer())
            case .refused: return .refused(generation: try reader.integer(), reason: try reader.string())
            default: return nil
            }
        } catch {
            return nil
        }
    }

    // MARK: The worker's side

    public static func send(_ report: Report, on raw: Int32) throws(SystemError) {
        var writer = BundleWriter()
        let kind: Kind
        switch report {
        case .ready(let generation):
            kind = .ready
            writer.add(generation)
        case .refused(let generation, let reason):
            kind = .refused
            writer.add(generation)
            writer.add(String(reason.prefix(2000)))
        }
        let bytes = [kind.rawValue] + writer.bytes
        try Socket.sendMessage(raw, Array(bytes.prefix(Socket.maximumMessage)))
    }

    /// Puts the worker's messages together.
    public struct Collector {
        private var waiting: [SharedDescriptor] = []

        public init() {}

        /// An order, once its last message has come. Errors: the message makes no sense.
        public mutating func take(_ message: Socket.Message) throws(BundleError) -> Order? {
            guard let first = message.bytes.first, let kind = Kind(rawValue: first) else { throw BundleError() }
            switch kind {
            case .descriptors:
                waiting += message.descriptors
                return nil
            case .drain: return .drain
            case .delivery: return .deliver(try delivery(message))
            case .logs:
                var reader = try content(of: message)
                return .reopen(try logs(&reader))
            case .ready, .refused: throw BundleError()
            }
        }

        private func content(of message: Socket.Message) throws(BundleError) -> BundleReader {
            guard let file = message.descriptors.first else { throw BundleError() }
            File.seek(file.rawValue, to: 0)
            do throws(SystemError) {
                return BundleReader(try File.contents(of: file.rawValue, limit: 1 << 30))
            } catch {
                throw BundleError()
            }
        }

        private mutating func delivery(_ message: Socket.Message) throws(BundleError) -> Delivery {
            var reader = try content(of: message)
            let generation = try reader.integer()
            var entries: [OpenSockets.Entry] = []
            for _ in 0..<(try reader.count()) {
                let address = try SocketAddress(from: &reader)
                let count = try reader.integer()
                guard count >= 0, count <= waiting.count else { throw BundleError() }
                entries.append(OpenSockets.Entry(address: address, descriptors: Array(waiting.prefix(count))))
                waiting.removeFirst(count)
            }
            let logs = OpenLogs(descriptors: try logs(&reader))
            let bundle = try Bundle(from: &reader)
            return Delivery(
                generation: generation, bundle: bundle, sockets: OpenSockets(entries), logs: logs,
                ticketSecret: try reader.array())
        }

        private mutating func logs(_ reader: inout BundleReader) throws(BundleError) -> [String: SharedDescriptor] {
            let paths = try reader.strings()
            guard paths.count <= waiting.count else { throw BundleError() }
            let logs = Dictionary(zip(paths, waiting.prefix(paths.count)), uniquingKeysWith: { first, _ in first })
            waiting.removeFirst(paths.count)
            return logs
        }
    }
}
