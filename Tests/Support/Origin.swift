import Foundation

/// A scripted origin server inside the test: a closure answers each request, on a thread of its connection. It records every
/// request, and can refuse, die and come back.
public final class Origin: Sendable {
    public typealias Handler = @Sendable (OriginRequest, OriginReply) throws -> Void

    public struct Options: Sendable {
        /// Reads each request's body before the handler runs (else the handler reads it from its reply's connection).
        public var readsBodies = true
        /// Closes idle kept connections after a random time in this range, in milliseconds: the race of every proxy.
        public var closesIdleAfter: ClosedRange<Int>?
        /// Answers `Expect: 100-continue` before it reads the body.
        public var sendsContinue = true

        public init(readsBodies: Bool = true, closesIdleAfter: ClosedRange<Int>? = nil, sendsContinue: Bool = true) {
            self.readsBodies = readsBodies
            self.closesIdleAfter = closesIdleAfter
            self.sendsContinue = sendsContinue
        }
    }

    private struct State: Sendable {
        var requests: [OriginRequest] = []
        var failures: [String] = []
        var connections: [Int: Descriptor] = [:]
        var accepted = 0
        var active = 0
        var mostActive = 0
        var isStopped = false
        var isRefusing = false
    }

    private let socket: ListeningSocket
    private let state = Guarded(State())
    private let options: Options
    private let handler: Handler

    /// Listens on a port of 127.0.0.1, or on a Unix socket when `unix` is a path.
    public init(unix: String? = nil, options: Options = Options(), _ handler: @escaping Handler) throws {
        socket = try unix.map { try ListeningSocket(unix: $0) } ?? ListeningSocket()
        self.options = options
        self.handler = handler
        let thread = Thread { [weak self, socket] in
            while true {
                let accepted = socket.descriptor.accept(until: .in(.seconds(1)))
                guard let self, !self.state.copy.isStopped else { return }
                if let accepted {
                    self.serve(accepted)
                } else if self.state.copy.isRefusing {
                    pause(.milliseconds(2))
                }
            }
        }
        thread.stackSize = 512 * 1024
        thread.start()
    }

    deinit { stop() }

    // MARK: Where and what

    public var endpoint: Endpoint { socket.endpoint }
    /// As written after `server` in an upstream, or after `http://` in proxy_pass (a Unix socket needs `:` or a URI behind).
    public var address: String { socket.address }

    /// All requests whose head (and body, with `readsBodies`) has been read, in order.
    public var requests: [OriginRequest] { state.copy.requests }
    public func count(_ path: String) -> Int { count { $0.path == path } }
    public func count(where matches: (OriginRequest) -> Bool) -> Int { requests.count(where: matches) }
    /// Connections accepted so far.
    public var connectionsAccepted: Int { state.copy.accepted }
    /// Connections open now.
    public var connectionsOpen: Int { state.copy.connections.count }
    /// Handlers that run now, and the most that ran at once.
    public var active: Int { state.copy.active }
    public var mostActive: Int { state.copy.mostActive }
    /// What handlers threw (a client that went away, mostly).
    public var failures: [String] { state.copy.failures }
    public func forgetRequests() { state.with { $0.requests = [] } }

    // MARK: Life

    /// Refuses new connections; open ones go on.
    public func refuse() {
        state.with { $0.isRefusing = true }
        socket.refuse()
    }

    /// Dies: refuses, and resets every connection.
    public func die() {
        refuse()
        for descriptor in state.with({ Array($0.connections.values) }) { descriptor.shutdown(Int(SHUT_RDWR)) }
    }

    /// Accepts again after `refuse` or `die`.
    public func revive() throws {
        try socket.resume()
        state.with { $0.isRefusing = false }
    }

    public func stop() {
        let open = state.with { state -> [Descriptor] in
            state.isStopped = true
            return Array(state.connections.values)
        }
        socket.descriptor.shutdown(Int(SHUT_RDWR))
        socket.removeName()  // the accepting thread closes the descriptor when it notices
        for descriptor in open { descriptor.shutdown(Int(SHUT_RDWR)) }
    }

    // MARK: One connection

    private func serve(_ descriptor: Descriptor) {
        let number = state.with { state -> Int in
            state.accepted += 1
            state.connections[state.accepted] = descriptor
            return state.accepted
        }
        let thread = Thread { [self] in
            let stream = HTTPStream(descriptor)
            while !state.copy.isStopped {
                do {
                    guard let request = try read(from: stream, connection: number) else { break }
                    guard try answer(request, on: stream) else { break }
                } catch {
                    state.with { $0.failures.append("\(error)") }
                    break
                }
            }
            state.with { $0.connections[number] = nil }
            descriptor.close()
        }
        thread.stackSize = 512 * 1024
        thread.start()
    }

    private func read(from stream: HTTPStream, connection: Int) throws -> OriginRequest? {
        if let range = options.closesIdleAfter, !stream.hasInput {
            let wait = Deadline.in(.milliseconds(Int.random(in: range)))
            guard stream.descriptor.wait(for: POLLIN, until: wait) else { return nil }
        }
        guard let (line, fields) = try stream.head(until: .in(.seconds(3600))) else { return nil }
        let parts = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else { throw HarnessError("a malformed request line: \(line.debugDescription)") }
        var request = OriginRequest(
            method: parts[0], target: parts[1], version: parts[2], fields: fields, connection: connection)
        if options.readsBodies { try readBody(of: &request, from: stream) }
        return request
    }

    private func readBody(of request: inout OriginRequest, from stream: HTTPStream) throws {
        if options.sendsContinue, request["Expect"]?.lowercased() == "100-continue" {
            try stream.descriptor.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), until: .in(patience))
        }
        if request["Transfer-Encoding"]?.lowercased() == "chunked" {
            (request.body, request.trailers) = try stream.chunked(until: .in(.seconds(600)))
        } else if let length = request["Content-Length"] {
            guard let count = Int(length) else { throw HarnessError("a malformed Content-Length: \(length)") }
            if count > 0 {
                _ = try stream.peek(until: .in(.seconds(600)))
                request.bodyBegan = .now
                request.body = try stream.bytes(count, until: .in(.seconds(600)))
                request.bodyEnded = .now
            }
        }
    }

    /// Returns whether the connection goes on.
    private func answer(_ request: OriginRequest, on stream: HTTPStream) throws -> Bool {
        state.with { state in
            state.requests.append(request)
            state.active += 1
            state.mostActive = max(state.mostActive, state.active)
        }
        defer { state.with { $0.active -= 1 } }
        let reply = OriginReply(to: request, on: stream)
        try handler(request, reply)
        return reply.endsOrderly
    }
}
