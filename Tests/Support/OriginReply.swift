import Glibc

/// Writes an origin's answer, whole or byte by byte, well or badly.
public final class OriginReply {
    private let request: OriginRequest
    private let stream: HTTPStream
    private var hasWritten = false
    private var mustClose = false

    init(to request: OriginRequest, on stream: HTTPStream) {
        self.request = request
        self.stream = stream
    }

    /// Whether the connection may carry another request after this answer.
    var endsOrderly: Bool {
        guard hasWritten, !mustClose else { return false }
        let options = request["Connection"]?.lowercased() ?? ""
        return request.version == "HTTP/1.1" ? !options.contains("close") : options.contains("keep-alive")
    }

    // MARK: Whole answers

    /// A whole answer. Content-Length is added unless `fields` says how it is framed; a HEAD request gets no body.
    public func respond(_ status: Int = 200, _ fields: FieldList = [:], _ body: String = "") throws {
        try respond(status, fields, bytes: Array(body.utf8))
    }

    public func respond(_ status: Int = 200, _ fields: FieldList = [:], bytes: [UInt8]) throws {
        var fields = fields
        let hasBody = status != 204 && status != 304 && status >= 200
        if hasBody && fields["Content-Length"] == nil && fields["Transfer-Encoding"] == nil {
            fields.append("Content-Length", "\(bytes.count)")
        }
        let head = Self.head(status, fields)
        try send(head + (hasBody && request.method != "HEAD" ? bytes : []))
    }

    // MARK: Piece by piece

    /// The head alone. Without Content-Length or Transfer-Encoding in it the body ends with the connection: call `close`.
    public func head(_ status: Int = 200, _ fields: FieldList = [:]) throws {
        try send(Self.head(status, fields))
        let isFramed = fields["Content-Length"] != nil || fields["Transfer-Encoding"] != nil
        if !isFramed && status >= 200 && status != 204 && status != 304 { mustClose = true }
    }

    public func send(_ bytes: [UInt8]) throws {
        hasWritten = true
        try stream.descriptor.send(bytes, until: .in(.seconds(600)))
    }

    public func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    public func chunk(_ text: String) throws {
        try chunk(bytes: Array(text.utf8))
    }

    public func chunk(bytes: [UInt8]) throws {
        try send(Array((String(bytes.count, radix: 16) + "\r\n").utf8) + bytes + [0x0D, 0x0A])
    }

    public func endChunks(trailers: FieldList = [:]) throws {
        try send("0\r\n" + trailers.lines + "\r\n")
    }

    /// Sends `pieces` one by one, `pace` apart.
    public func trickle(_ pieces: [[UInt8]], every pace: Duration) throws {
        for piece in pieces {
            try send(piece)
            pause(pace)
        }
    }

    // MARK: Ends

    /// Ends the connection in order after what was sent.
    public func close() { mustClose = true }

    /// Ends the connection with a reset.
    public func reset() {
        mustClose = true
        stream.descriptor.reset()
    }

    /// Whether the peer has closed its end (or the connection broke); waits for it when `within` is given.
    public func peerIsGone(within wait: Duration = .zero) -> Bool {
        eventually(within: wait) { stream.peerHasClosed }
    }

    // MARK: Reading (a body the handler reads itself, or the bytes after an upgrade)

    /// What comes next, at most `limit` bytes; empty when the peer has closed.
    public func receiveSome(limit: Int = 64 * 1024) throws -> [UInt8] {
        try stream.some(limit: limit, until: .in(.seconds(600)))
    }

    public func receive(_ count: Int) throws -> [UInt8] {
        try stream.bytes(count, until: .in(.seconds(600)))
    }

    private static func head(_ status: Int, _ fields: FieldList) -> [UInt8] {
        Array("HTTP/1.1 \(status) \(reasons[status] ?? "Status")\r\n\(fields.lines)\r\n".utf8)
    }

    private static let reasons = [
        101: "Switching Protocols", 103: "Early Hints", 200: "OK", 201: "Created", 204: "No Content", 206: "Partial Content",
        301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified", 400: "Bad Request", 403: "Forbidden",
        404: "Not Found", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    ]
}
