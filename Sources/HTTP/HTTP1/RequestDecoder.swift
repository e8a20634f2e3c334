import Bytes

/// Reads the head of an HTTP/1 request in place (RFC 9112 §2–§3), with nginx's answers to what is wrong with it.
///
/// The bytes stay where they are; a `RequestHead` receives ranges of them. What was read is not read again when more bytes
/// come, so a client that sends byte by byte costs no more than one that does not.
public struct RequestDecoder: Sendable {
    public typealias Progress = HeadProgress

    public var limits: HeadLimits

    public init(limits: HeadLimits = HeadLimits()) {
        self.limits = limits
    }

    /// Reads `head.buffer` from `head.start` on.
    ///
    /// Call `head.reset()` and set `head.start` before the first call for a request, and call again whenever bytes were
    /// added. Blank lines before the request line are skipped by moving `head.start` (RFC 9112 §2.2); when it reaches the
    /// end of the buffer there is nothing to keep, and the caller may clear it.
    ///
    /// Throws the status to answer with and the rule that was broken: 400, 414, 494 (a field line or the whole head is too
    /// large; nginx sends it as 400), 501, 505. `head.lineRange` is set then as far as it is known, for the log.
    public func decode(_ head: RequestHead) throws(RequestFailure) -> HeadProgress {
        let bytes = head.content
        if head.scan.phase == .start {
            var position = head.start
            while position < bytes.count, bytes[position] == ASCII.lineFeed || bytes[position] == ASCII.carriageReturn {
                position &+= 1
            }
            head.start = position
            guard position < bytes.count else { return .incomplete }
            head.scan.lineStart = position
            head.scan.searched = position
            head.scan.room = limits.clientHeaderBufferSize
            head.scan.phase = .firstLine
        }
        if head.scan.phase == .firstLine {
            guard try decodeRequestLine(bytes, into: head) else {
                return head.buffer.room == 0 ? .needsLargerBuffer : .incomplete
            }
            if head.version == .http09 {
                head.end = head.scan.lineStart
                return .complete
            }
            head.scan.phase = .fields
        }
        guard try decodeFields(bytes, into: head) else {
            return head.buffer.room == 0 ? .needsLargerBuffer : .incomplete
        }
        try checkFraming(head)
        return .complete
    }

    /// Takes a whole line of `count` bytes, its end included, out of the room that nginx's buffers would have for it.
    func charge(_ count: Int, _ scan: inout HeadScan, else failure: RequestFailure) throws(RequestFailure) {
        if count <= scan.room {
            scan.room &-= count
            return
        }
        guard count <= limits.largeBufferSize, scan.largeBuffers < limits.largeBufferCount else { throw failure }
        scan.largeBuffers &+= 1
        scan.room = limits.largeBufferSize &- count
    }

    /// Refuses a line that is not whole yet and already fills what it may fill.
    func checkUnfinished(_ count: Int, _ scan: HeadScan, else failure: RequestFailure) throws(RequestFailure) {
        guard count >= scan.room else { return }
        guard count < limits.largeBufferSize, scan.largeBuffers < limits.largeBufferCount else { throw failure }
    }

    static let requestLineTooLong = RequestFailure(414, "request line longer than large_client_header_buffers")
    static let fieldsTooLarge = RequestFailure(
        494, "a header line or the whole header larger than large_client_header_buffers")

    // MARK: Fields

    // Computed: a stored one would be looked up through a lock of its own at each use.
    private static var unique: UInt64 {
        Preconditions.fields | FieldName.ifRange.bit | FieldName.host.bit | FieldName.contentLength.bit
            | FieldName.transferEncoding.bit | FieldName.contentRange.bit | FieldName.expect.bit | FieldName.authorization.bit
            | FieldName.proxyAuthorization.bit
    }
    private static var interpreted: UInt64 {
        FieldName.host.bit | FieldName.contentLength.bit | FieldName.transferEncoding.bit | FieldName.connection.bit
            | FieldName.expect.bit
    }

    /// Reads field lines; false when more bytes are needed.
    private func decodeFields(_ bytes: Span<UInt8>, into head: RequestHead) throws(RequestFailure) -> Bool {
        var scan = head.scan
        let unique = RequestDecoder.unique
        let interpreted = RequestDecoder.interpreted
        while true {
            let start = scan.lineStart
            guard start < bytes.count else { break }
            let first = bytes[start]
            if first <= ASCII.space {
                guard let end = try headEnd(bytes, start) else { break }
                try charge(end &- start, &scan, else: RequestDecoder.fieldsTooLarge)
                head.end = end
                head.scan = scan
                return true
            }
            // A line seen before without its end: only the new bytes are searched.
            if scan.hasColon {
                if case .missing(let searched) = LineScanning.lineEnd(bytes, from: scan.searched) {
                    scan.searched = searched
                    break
                }
            }
            let colon = LineScanning.firstColonOrControl(bytes, from: scan.hasColon ? start : scan.searched)
            guard colon < bytes.count else {
                scan.searched = colon
                break
            }
            guard bytes[colon] == UInt8(ascii: ":") else {
                throw RequestDecoder.noColon(bytes[colon])
            }
            var valueStart = colon &+ 1
            while valueStart < bytes.count, bytes[valueStart] == ASCII.space || bytes[valueStart] == ASCII.tab {
                valueStart &+= 1
            }
            let content: Int
            switch LineScanning.lineEnd(bytes, from: valueStart) {
            case .missing(let searched):
                scan.searched = searched
                scan.hasColon = true
                head.scan = scan
                try checkUnfinished(bytes.count &- start, scan, else: RequestDecoder.fieldsTooLarge)
                return false
            case .control(let place):
                throw RequestDecoder.control(bytes[place])
            case .found(let end, let next):
                content = end
                scan.lineStart = next
                scan.searched = next
                scan.hasColon = false
            }
            try charge(scan.lineStart &- start, &scan, else: RequestDecoder.fieldsTooLarge)
            let name = FieldName(bytes, at: start, count: colon &- start)
            if name == .other {
                guard try accepts(bytes, start..<colon) else { continue }
            }
            var valueEnd = content
            while valueEnd > valueStart, bytes[valueEnd &- 1] == ASCII.space || bytes[valueEnd &- 1] == ASCII.tab {
                valueEnd &-= 1
            }
            guard head.slots.count < limits.maxHeaders else {
                throw RequestFailure(494, "more header lines than max_headers")
            }
            let slot = FieldSlot(
                name: name, nameStart: start, nameCount: colon &- start, valueStart: valueStart,
                valueCount: valueEnd &- valueStart)
            head.slots.append(slot)
            let bit = name.bit
            if scan.seen.bits & bit & unique != 0 { throw RequestDecoder.duplicate(name) }
            scan.seen.bits |= bit
            if interpreted & bit != 0 { try interpret(slot, bytes, head) }
        }
        head.scan = scan
        try checkUnfinished(bytes.count &- scan.lineStart, scan, else: RequestDecoder.fieldsTooLarge)
        return false
    }

    /// Whether a field line under a name that is not known is taken (true) or dropped.
    private func accepts(_ bytes: Span<UInt8>, _ name: Range<Int>) throws(RequestFailure) -> Bool {
        guard name.count > 0 else { throw RequestFailure(400, "a header line begins with a colon") }
        guard name.count <= Int(UInt16.max) else { throw RequestFailure(494, "a header name longer than 65535 bytes") }
        switch LineScanning.spelling(bytes, name, allowsUnderscores: limits.allowsUnderscores) {
        case .plain: return true
        case .odd: return !limits.ignoresInvalidHeaders
        case .notToken:
            if limits.ignoresInvalidHeaders { return false }
            throw RequestFailure(400, "a header name is not a token (RFC 9110 section 5.1)")
        case .malformed:
            throw RequestFailure(400, RequestDecoder.malformedName(bytes.extracting(name)))
        }
    }

    private static func malformedName(_ name: Span<UInt8>) -> StaticString {
        if name[name.count - 1] == ASCII.space { return "space between a header name and its colon (RFC 9112 section 5.1)" }
        return "a space or control byte in a header name"
    }

    private static func noColon(_ stop: UInt8) -> RequestFailure {
        if stop == ASCII.lineFeed || stop == ASCII.carriageReturn {
            return RequestFailure(400, "a header line without a colon")
        }
        return RequestFailure(400, "a control byte in a header name")
    }

    private static func control(_ byte: UInt8) -> RequestFailure {
        byte == ASCII.carriageReturn
            ? RequestFailure(400, "a CR without LF in a header line")
            : RequestFailure(400, "a control byte in a header value (RFC 9110 section 5.5)")
    }

    /// The end of the blank line at `start`, which begins with a space or control byte; nil when its LF is still to come.
    ///
    /// Anything else there is refused at once, so that its sender need not wait for the time-out.
    private func headEnd(_ bytes: Span<UInt8>, _ start: Int) throws(RequestFailure) -> Int? {
        switch bytes[start] {
        case ASCII.lineFeed:
            return start &+ 1
        case ASCII.carriageReturn:
            guard start &+ 1 < bytes.count else { return nil }
            guard bytes[start &+ 1] == ASCII.lineFeed else { throw RequestFailure(400, "a header line begins with CR") }
            return start &+ 2
        case ASCII.space, ASCII.tab:
            throw RequestFailure(400, "a header line begins with a space (folding is obsolete, RFC 9112 section 5.2)")
        default:
            throw RequestFailure(400, "a control byte in a header name")
        }
    }

    private static func duplicate(_ name: FieldName) -> RequestFailure {
        switch name {
        case .host: RequestFailure(400, "two Host header lines")
        case .contentLength: RequestFailure(400, "two Content-Length header lines")
        case .transferEncoding: RequestFailure(400, "two Transfer-Encoding header lines")
        case .authorization: RequestFailure(400, "two Authorization header lines")
        case .expect: RequestFailure(400, "two Expect header lines")
        default: RequestFailure(400, "a header line that may occur once occurs twice")
        }
    }
}
