import Bytes

/// Reads the head of a response from an upstream in place (RFC 9112 §4), as tolerant as nginx where that does no harm (bare
/// LF, odd field names, an answer without a head) and as strict where it would (framing).
public struct ResponseDecoder: Sendable {
    public typealias Progress = HeadProgress

    /// The number of field lines.
    public var maxHeaders = 1000

    public init() {}

    /// Reads `head.buffer` from `head.start` on; call `head.reset()` and set `head.start` before the first call.
    ///
    /// An interim response (1xx) is returned as a head like any other; the caller sets `head.start` to its `end` and decodes
    /// on. The whole head must fit into the buffer (`proxy_buffer_size`); `needsLargerBuffer` is never returned.
    /// Throws 502 and the reason.
    public func decode(_ head: ResponseHead) throws(RequestFailure) -> HeadProgress {
        let bytes = head.content
        if head.scan.phase == .start {
            head.scan.lineStart = head.start
            head.scan.searched = head.start
            head.scan.phase = .firstLine
        }
        if head.scan.phase == .firstLine {
            switch decodeStatusLine(bytes, into: head) {
            case .found: head.scan.phase = .fields
            case .unfinished: return try unfinished(head)
            case .absent:
                head.isHeadless = true
                head.status = 200
                head.version = .http09
                head.end = head.start
                head.keepsAlive = false
                return .complete
            }
        }
        guard try decodeFields(bytes, into: head) else { return try unfinished(head) }
        return .complete
    }

    private func unfinished(_ head: ResponseHead) throws(RequestFailure) -> HeadProgress {
        guard head.buffer.room > 0 else {
            throw RequestFailure(502, "upstream sent too big header, larger than proxy_buffer_size")
        }
        return .incomplete
    }

    /// How a body behind this head is framed (RFC 9112 §6.3).
    public func bodyFraming(
        for head: ResponseHead, requestMethod: Method, keepsTrailers: Bool = false
    ) -> BodyDecoder {
        if head.isHeadless { return .untilClose }
        if requestMethod == .head || head.status < 200 || head.status == 204 || head.status == 304 { return .none }
        if head.isChunked { return .chunked(ChunkedDecoder(isResponse: true, keepsTrailers: keepsTrailers)) }
        guard let length = head.contentLength else { return .untilClose }
        return BodyDecoder.of(length: length)
    }

    // MARK: Status line

    private enum StatusLine { case found, unfinished, absent }

    private func decodeStatusLine(_ bytes: Span<UInt8>, into head: ResponseHead) -> StatusLine {
        let start = head.scan.lineStart
        // What cannot become "HTTP/" is no head at all, and need not be waited for.
        let opening: UInt64 = 0x2f_5054_5448  // the first in the lowest bits
        let known = min(bytes.count - start, 5)
        for index in 0..<known where bytes[start + index] != UInt8(truncatingIfNeeded: opening >> UInt64(8 * index)) {
            return .absent
        }
        switch LineScanning.lineEnd(bytes, from: head.scan.searched, lenient: true) {
        case .missing(let searched):
            head.scan.searched = searched
            return .unfinished
        case .control:
            return .absent
        case .found(let end, let next):
            guard parseStatusLine(bytes, (start + known)..<end, head) else { return .absent }
            head.scan.lineStart = next
            head.scan.searched = next
            return .found
        }
    }

    /// `1.1 200 reason` after "HTTP/".
    private func parseStatusLine(_ bytes: Span<UInt8>, _ line: Range<Int>, _ head: ResponseHead) -> Bool {
        var index = line.lowerBound
        let end = line.upperBound
        guard index < end, bytes[index] != 48, let major = number(bytes, &index, end) else { return false }
        guard index < end, bytes[index] == UInt8(ascii: ".") else { return false }
        index += 1
        guard let minor = number(bytes, &index, end), index < end, bytes[index] == ASCII.space else { return false }
        while index < end, bytes[index] == ASCII.space { index += 1 }
        guard end - index >= 3, ASCII.isDigit(bytes[index]), ASCII.isDigit(bytes[index + 1]), ASCII.isDigit(bytes[index + 2])
        else { return false }
        let status = Int(bytes[index] &- 48) * 100 + Int(bytes[index + 1] &- 48) * 10 + Int(bytes[index + 2] &- 48)
        index += 3
        if index < end {
            guard bytes[index] == ASCII.space || bytes[index] == UInt8(ascii: ".") else { return false }
            index += 1
        }
        guard status >= 100 else { return false }
        head.status = status
        head.reasonRange = index..<end
        head.version = major > 1 || minor > 0 ? .http11 : .http10
        head.keepsAlive = head.version == .http11
        return true
    }

    private func number(_ bytes: Span<UInt8>, _ index: inout Int, _ end: Int) -> Int? {
        let start = index
        var value = 0
        while index < end, ASCII.isDigit(bytes[index]), index - start < 4 {
            value = value * 10 + Int(bytes[index] &- 48)
            index += 1
        }
        return index > start ? value : nil
    }

    // MARK: Fields

    private func decodeFields(_ bytes: Span<UInt8>, into head: ResponseHead) throws(RequestFailure) -> Bool {
        var scan = head.scan
        defer { head.scan = scan }
        while true {
            let start = scan.lineStart
            guard start < bytes.count else { return false }
            let first = bytes[start]
            if first == ASCII.lineFeed {
                head.end = start + 1
                return true
            }
            if first == ASCII.carriageReturn {
                guard start + 1 < bytes.count else { return false }
                guard bytes[start + 1] == ASCII.lineFeed else { throw ResponseDecoder.invalidLine }
                head.end = start + 2
                return true
            }
            // The colon first: the name need not be looked at again for the end of the line.
            let colon = LineScanning.firstColonOrControl(bytes, from: start)
            let isColon = colon < bytes.count && bytes[colon] == UInt8(ascii: ":")
            let content: Int
            switch LineScanning.lineEnd(bytes, from: isColon ? max(colon &+ 1, scan.searched) : scan.searched, lenient: true) {
            case .missing(let searched):
                scan.searched = searched
                return false
            case .control:
                throw ResponseDecoder.invalidLine
            case .found(let end, let next):
                content = end
                scan.lineStart = next
                scan.searched = next
            }
            try decodeField(bytes, start..<content, colon, head, &scan.seen)
        }
    }

    private static let invalidLine = RequestFailure(502, "upstream sent invalid header line")

    private func decodeField(
        _ bytes: Span<UInt8>, _ line: Range<Int>, _ colon: Int, _ head: ResponseHead, _ seen: inout FieldNameSet
    ) throws(RequestFailure) {
        let start = line.lowerBound
        let end = line.upperBound
        let colon = min(colon, end)
        let nameCount = colon &- start
        guard nameCount > 0, nameCount <= Int(UInt16.max) else { throw ResponseDecoder.invalidLine }
        guard head.slots.count < maxHeaders else { throw RequestFailure(502, "upstream sent too many header lines") }
        let name = FieldName(bytes, at: start, count: nameCount)
        if name == .other {
            guard try isFieldName(bytes, start..<colon) else { return }
        }
        var low = min(colon &+ 1, end)
        var high = end
        while low < high, bytes[low] == ASCII.space || bytes[low] == ASCII.tab { low &+= 1 }
        while high > low, bytes[high &- 1] == ASCII.space || bytes[high &- 1] == ASCII.tab { high &-= 1 }
        let slot = FieldSlot(
            name: name, nameStart: start, nameCount: nameCount, valueStart: low, valueCount: high &- low)
        head.slots.append(slot)
        if name.bit & ResponseDecoder.interpreted != 0 { try interpret(slot, bytes, head, seen) }
        seen.insert(name)
    }

    private static var interpreted: UInt64 {
        FieldName.contentLength.bit | FieldName.transferEncoding.bit | FieldName.connection.bit
    }

    /// Whether a name that is not known is one; false: the line is passed over. Throws 502 for what cannot be one.
    private func isFieldName(_ bytes: Span<UInt8>, _ name: Range<Int>) throws(RequestFailure) -> Bool {
        for index in name {
            let byte = bytes[index]
            // A second status line among the fields, which some origins send, says nothing.
            if byte == UInt8(ascii: "/"), bytes.extracting(name.lowerBound..<index).equals("HTTP") { return false }
            guard byte > 0x20, byte != 0x7f else { throw ResponseDecoder.invalidLine }
        }
        return true
    }

    private func interpret(
        _ slot: FieldSlot, _ bytes: Span<UInt8>, _ head: ResponseHead, _ seen: FieldNameSet
    ) throws(RequestFailure) {
        let value = bytes.extracting(slot.valueRange)
        switch slot.name {
        case .contentLength:
            if seen.contains(.contentLength) { throw RequestFailure(502, "upstream sent two Content-Length header lines") }
            if seen.contains(.transferEncoding) { throw ResponseDecoder.twoFramings }
            guard let length = value.decimal() else {
                throw RequestFailure(502, "upstream sent an invalid Content-Length header")
            }
            head.contentLength = length
        case .transferEncoding:
            if seen.contains(.transferEncoding) {
                throw RequestFailure(502, "upstream sent two Transfer-Encoding header lines")
            }
            if seen.contains(.contentLength) { throw ResponseDecoder.twoFramings }
            guard value.equalsIgnoringCase("chunked") else {
                throw RequestFailure(502, "upstream sent an unknown Transfer-Encoding")
            }
            head.isChunked = true
        case .connection:
            if value.equalsIgnoringCase("keep-alive") { break }
            if value.equalsIgnoringCase("close") {
                head.keepsAlive = false
                break
            }
            head.nominatesFields = true
            if Tokens.contains(value, "close") { head.keepsAlive = false }
        default:
            break
        }
    }

    private static let twoFramings = RequestFailure(502, "upstream sent Content-Length and Transfer-Encoding at the same time")
}
