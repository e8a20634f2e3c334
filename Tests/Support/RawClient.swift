import Glibc

/// A blocking HTTP/1 client that sends exactly the bytes a test wants. One connection; one thread at a time.
public final class RawClient: @unchecked Sendable {
    private let stream: HTTPStream
    private let endpoint: Endpoint
    private let limit: Duration

    /// Connects. `limit` bounds each later operation; `receiveBuffer` makes a slow reader's window small (SO_RCVBUF).
    public init(_ endpoint: Endpoint, limit: Duration = patience, receiveBuffer: Int? = nil) throws {
        self.endpoint = endpoint
        self.limit = limit
        let descriptor = try Descriptor.socket(endpoint.family)
        if let receiveBuffer { try descriptor.set(SO_RCVBUF, to: Int32(receiveBuffer)) }
        try descriptor.connect(to: endpoint, until: .in(limit))
        if case .port = endpoint { try descriptor.set(TCP_NODELAY, level: Int32(IPPROTO_TCP), to: 1) }
        stream = HTTPStream(descriptor)
    }

    private var deadline: Deadline { .in(limit) }

    /// Our port and the peer's; nil for a Unix socket.
    public var localPort: UInt16? { remotePort == nil ? nil : try? stream.descriptor.boundPort() }
    public var remotePort: UInt16? {
        if case .port(let port) = endpoint { port } else { nil }
    }

    // MARK: Bytes

    public func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    public func send(_ bytes: [UInt8]) throws {
        try stream.descriptor.send(bytes, until: deadline)
    }

    /// Exactly `count` bytes.
    public func receive(_ count: Int) throws -> [UInt8] {
        try stream.bytes(count, until: deadline)
    }

    /// What comes next, at most `limit` bytes; empty when the peer has closed.
    public func receiveSome(limit: Int = 64 * 1024) throws -> [UInt8] {
        try stream.some(limit: limit, until: deadline)
    }

    /// One line without its end; nil when the peer closed.
    public func receiveLine() throws -> String? {
        try stream.line(until: deadline)
    }

    /// Everything until the peer closes.
    public func receiveRest() throws -> [UInt8] {
        try stream.rest(until: deadline)
    }

    /// Whether the peer closes (or resets) the connection in time without sending anything more.
    public func isClosedByPeer(within wait: Duration? = nil) -> Bool {
        do {
            return try stream.some(limit: 1, until: .in(wait ?? limit)).isEmpty
        } catch {
            return "\(error)".hasPrefix("recv")
        }
    }

    // MARK: Messages

    /// Sends a request on this connection. Host is added unless `fields` has one; a body gets its Content-Length.
    public func sendRequest(
        _ method: String, _ target: String, _ fields: FieldList = [:], body: [UInt8]? = nil, version: String = "HTTP/1.1"
    ) throws {
        var head = "\(method) \(target) \(version)\r\n"
        if fields["Host"] == nil { head += "Host: \(endpoint.authority)\r\n" }
        head += fields.lines
        if let body, fields["Content-Length"] == nil, fields["Transfer-Encoding"] == nil {
            head += "Content-Length: \(body.count)\r\n"
        }
        try send(Array((head + "\r\n").utf8) + (body ?? []))
    }

    /// Reads a final response's head and leaves its body on the connection.
    public func receiveHead() throws -> Response {
        var interim: [Int] = []
        while true {
            guard let (line, fields) = try stream.head(until: deadline) else {
                throw HarnessError("\(endpoint) closed the connection without an answer")
            }
            let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count >= 2, parts[0].hasPrefix("HTTP/"), let status = Int(parts[1]) else {
                throw HarnessError("not a status line: \(line.debugDescription)")
            }
            if (100..<200).contains(status) && status != 101 {
                interim.append(status)
                continue
            }
            let reason = parts.count > 2 ? String(parts[2]) : ""
            var response = Response(version: String(parts[0]), status: status, reason: reason, fields: fields, body: [])
            response.interim = interim
            return response
        }
    }

    /// Reads a final response with its body. `method` is that of its request: an answer to HEAD has no body.
    public func receiveResponse(to method: String = "GET") throws -> Response {
        var response = try receiveHead()
        if method == "HEAD" || [101, 204, 304].contains(response.status) { return response }
        if let coding = response["Transfer-Encoding"], coding.lowercased().contains("chunked") {
            (response.body, response.trailers) = try stream.chunked(until: deadline)
        } else if let length = response["Content-Length"] {
            guard let count = Int(length) else { throw HarnessError("a malformed Content-Length: \(length)") }
            response.body = try stream.bytes(count, until: deadline)
        } else {
            response.body = try stream.rest(until: deadline)
        }
        return response
    }

    /// One request and its response on this connection.
    public func request(
        _ method: String, _ target: String, _ fields: FieldList = [:], body: [UInt8]? = nil, version: String = "HTTP/1.1"
    ) throws -> Response {
        try sendRequest(method, target, fields, body: body, version: version)
        return try receiveResponse(to: method)
    }

    public func get(_ target: String, _ fields: FieldList = [:]) throws -> Response {
        try request("GET", target, fields)
    }

    // MARK: Ends

    /// Ends our direction; what the server still sends can be read.
    public func finishSending() { stream.descriptor.shutdown(Int(SHUT_WR)) }

    public func close() { stream.descriptor.close() }

    /// Closes with a reset.
    public func reset() { stream.descriptor.reset() }
}

extension Endpoint {
    /// One request on a connection of its own, which is closed afterwards.
    public func request(
        _ method: String, _ target: String, _ fields: FieldList = [:], body: [UInt8]? = nil, version: String = "HTTP/1.1"
    ) throws -> Response {
        let client = try RawClient(self)
        defer { client.close() }
        var fields = fields
        if fields["Connection"] == nil { fields.append("Connection", "close") }
        return try client.request(method, target, fields, body: body, version: version)
    }

    public func get(_ target: String, _ fields: FieldList = [:]) throws -> Response {
        try request("GET", target, fields)
    }

    public func head(_ target: String, _ fields: FieldList = [:]) throws -> Response {
        try request("HEAD", target, fields)
    }

    public func post(_ target: String, _ body: String, _ fields: FieldList = [:]) throws -> Response {
        try request("POST", target, fields, body: Array(body.utf8))
    }

    /// Sends these bytes on a connection of their own and returns all that comes until the server closes.
    public func exchange(_ text: String) throws -> String {
        let client = try RawClient(self)
        defer { client.close() }
        try client.send(text)
        return String(decoding: try client.receiveRest(), as: UTF8.self)
    }
}
