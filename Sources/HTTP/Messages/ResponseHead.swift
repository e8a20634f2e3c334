import Bytes

/// The head of a response as an upstream sent it: status and field lines, ranges of `buffer` (RFC 9112 §4).
package final class ResponseHead: BufferOwner {
    package var version = HTTPVersion.http11
    package var status = 0
    /// The reason phrase as written; may be empty.
    package var reasonRange = 0..<0
    package var slots: [FieldSlot] = []
    /// Where the head begins and ends in `buffer`; the body follows.
    package var start = 0
    package var end = 0
    package var contentLength: Int?
    package var isChunked = false
    /// Whether the connection may carry another request after this response.
    package var keepsAlive = true
    /// The head had no status line: an HTTP/0.9 answer, which is all body.
    package var isHeadless = false
    /// The decoder's place in the head.
    package var scan = HeadScan()

    package override init(buffer: ByteBuffer) {
        super.init(buffer: buffer)
        slots.reserveCapacity(32)
    }

    @_lifetime(borrow self)
    package func value(_ slot: FieldSlot) -> Span<UInt8> { bytes(slot.valueRange) }

    @_lifetime(borrow self)
    package func spelling(_ slot: FieldSlot) -> Span<UInt8> { bytes(slot.nameRange) }

    package func first(_ name: FieldName) -> FieldSlot? {
        for slot in slots where slot.name == name { return slot }
        return nil
    }

    package func reset() {
        version = .http11
        status = 0
        reasonRange = 0..<0
        slots.removeAll(keepingCapacity: true)
        start = 0
        end = 0
        contentLength = nil
        isChunked = false
        keepsAlive = true
        isHeadless = false
        scan = HeadScan()
    }

    /// Whether a line with this (known) name occurred; one bit is looked at.
    package func has(_ name: FieldName) -> Bool { scan.seen.contains(name) }
}
