import Bytes
import EventLoops
import Platform

/// One request, made ready to be sent.
struct RequestImage: Sendable {
    let bytes: FrozenBytes
    let isHead: Bool
    let isIdempotent: Bool

    init(_ request: LoadRequest, host: String) {
        bytes = FrozenBytes(request.image(host: host))
        isHead = request.method == "HEAD"
        isIdempotent = request.isIdempotent
    }
}

/// A place for one connection, on which requests are sent one after the other.
final class Lane: Parking {
    private unowned let load: LoadLoop
    private var connection: LoadConnection?
    private var reader = ResponseReader()
    private var isExchanging = false
    private var receivedBytes = 0

    init(load: LoadLoop) {
        self.load = load
        super.init(loop: load.loop)
    }

    /// The connection can be read, written, or has failed.
    func connectionReady() {
        // Nothing is expected: the server has closed a kept connection, or speaks unasked.
        if !isExchanging { return close() }
        wake(.upstream)
    }

    /// Ends the connection, if there is one.
    func close() {
        connection?.detach()
        connection = nil
    }

    /// Closes and leaves the loop's table.
    func finish() {
        close()
        resign()
    }

    /// Sends the request and reads its answer. `deadline` is in nanoseconds.
    func perform(_ image: RequestImage, deadline: Int64) async -> RequestOutcome {
        isExchanging = true
        defer { isExchanging = false }
        let sent = Clock.monotonicNanoseconds()
        var result = await attempt(image, deadline)
        if case .failure(let failure) = result.0, result.mayRepeat, image.isIdempotent, failure == .read || failure == .write {
            load.statistics.resends += 1
            result = await attempt(image, deadline)
        }
        let finished = Clock.monotonicNanoseconds()
        if case .failure = result.0 { close() } else if !reader.keepsConnection { close() }
        return RequestOutcome(sent: sent, finished: finished, result: result.0, cache: reader.cache)
    }

    /// One try. `mayRepeat`: the connection was a kept one, and nothing came.
    private func attempt(_ image: RequestImage, _ deadline: Int64) async -> (Result<Int, LoadFailure>, mayRepeat: Bool) {
        let isKept = connection != nil
        receivedBytes = 0
        do throws(LoadFailure) {
            let connection = try await connect(deadline)
            reader.begin(isHead: image.isHead)
            try await send(image.bytes, on: connection, deadline)
            try await receive(on: connection, deadline)
            connection.answered += 1
            return (.success(reader.status), false)
        } catch {
            close()
            return (.failure(error), isKept && receivedBytes == 0)
        }
    }

    private func connect(_ deadline: Int64) async throws(LoadFailure) -> LoadConnection {
        if let connection { return connection }
        let address = load.plan.address
        do throws(SystemError) {
            let descriptor = try Socket.stream(address.family)
            let isConnected = try Socket.connect(descriptor.rawValue, to: address)
            let opened = try LoadConnection(lane: self, descriptor: descriptor)
            connection = opened
            if isConnected { return counted(opened) }
        } catch {
            close()
            throw .connect
        }
        guard let opened = connection else { throw .connect }
        try await wait(deadline)
        guard Socket.takeError(opened.transport.rawValue) == nil else { throw .connect }
        return counted(opened)
    }

    private func counted(_ connection: LoadConnection) -> LoadConnection {
        load.statistics.connectionsOpened += 1
        return connection
    }

    private func send(_ bytes: FrozenBytes, on connection: LoadConnection, _ deadline: Int64) async throws(LoadFailure) {
        var offset = 0
        while offset < bytes.count {
            switch connection.transport.send(bytes.bytes.extracting(offset..<bytes.count)) {
            case .done(let count):
                offset += count
                load.statistics.bytesSent += count
            case .wouldBlock:
                connection.want([.readable, .writable])
                try await wait(deadline)
            case .closed, .failed: throw .write
            }
        }
        connection.want(.readable)
    }

    private func receive(on connection: LoadConnection, _ deadline: Int64) async throws(LoadFailure) {
        // The answer is never there yet: waiting first saves a call.
        try await wait(deadline)
        while true {
            let input = load.input
            input.clear()
            switch connection.transport.receive(into: input) {
            case .done(let count):
                receivedBytes += count
                load.statistics.bytesReceived += count
                if let used = try reader.take(input.bytes) {
                    // Bytes that nobody asked for: the connection cannot be trusted with another request.
                    if used < count { throw .malformed }
                    return
                }
                if count == input.capacity { continue }
                try await wait(deadline)
            case .wouldBlock: try await wait(deadline)
            case .closed: return try reader.end()
            case .failed: throw .read
            }
        }
    }

    private func wait(_ deadline: Int64) async throws(LoadFailure) {
        let reasons = await park(until: deadline / 1_000_000 + 1)
        if reasons.contains(.timer), !reasons.contains(.upstream) { throw .timeout }
    }
}
