import Bytes

/// What single field lines say about the message and its connection (RFC 9112 §3.2, §6, §9.3; RFC 9110 §10.1.1).
extension RequestDecoder {
    func interpret(_ slot: FieldSlot, _ bytes: Span<UInt8>, _ head: RequestHead) throws(RequestFailure) {
        let value = bytes.extracting(slot.valueRange)
        switch slot.name {
        case .host:
            // The authority of an absolute target stands; the line must be well formed all the same.
            if head.authorityRange == nil {
                guard head.takeHost(value) else { throw RequestFailure(400, "the Host header is not a host") }
            } else {
                var host: [UInt8] = []
                var port: Int?
                guard Authority.parse(value, host: &host, port: &port) else {
                    throw RequestFailure(400, "the Host header is not a host")
                }
            }
        case .contentLength:
            guard let length = value.decimal() else {
                throw RequestFailure(400, "Content-Length is not a number that fits 63 bits")
            }
            head.contentLength = length
        case .transferEncoding:
            if value.equalsIgnoringCase("chunked") { head.isChunked = true }
        case .connection:
            // The whole value first: nearly every Connection line has one option.
            if value.equalsIgnoringCase("keep-alive") {
                head.saysKeepAlive = true
            } else if value.equalsIgnoringCase("close") {
                head.saysClose = true
            } else {
                interpretOptions(value, head)
            }
        case .expect:
            head.expectsContinue = head.version == .http11 && value.equalsIgnoringCase("100-continue")
        default:
            break
        }
    }

    private func interpretOptions(_ connection: Span<UInt8>, _ head: RequestHead) {
        head.nominatesFields = true
        var members = ListMembers()
        while let member = members.next(connection) {
            let option = connection.extracting(member)
            if option.equalsIgnoringCase("close") { head.saysClose = true }
            if option.equalsIgnoringCase("keep-alive") { head.saysKeepAlive = true }
        }
    }

    /// What can be judged only when all field lines are known.
    func checkFraming(_ head: RequestHead) throws(RequestFailure) {
        let seen = head.scan.seen
        if head.version == .http11, !seen.contains(.host) {
            throw RequestFailure(400, "HTTP/1.1 request without Host header")
        }
        if seen.contains(.transferEncoding) {
            if head.version < .http11 { throw RequestFailure(400, "Transfer-Encoding in an HTTP/1.0 request") }
            guard head.isChunked else { throw RequestFailure(501, "Transfer-Encoding other than chunked") }
            if head.contentLength != nil {
                throw RequestFailure(400, "Content-Length and Transfer-Encoding in one request")
            }
        }
        if head.method == .connect, head.isChunked || (head.contentLength ?? 0) > 0, head.version == .http11 {
            throw RequestFailure(400, "CONNECT request with a body")
        }
        head.keepsAlive = head.saysClose ? false : head.version == .http11 || head.saysKeepAlive
    }
}
