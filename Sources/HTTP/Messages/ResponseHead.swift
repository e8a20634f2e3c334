import Bytes

/// The head of a response as an upstream sent it: status and field lines, ranges of `buffer` (RFC 9112 §4).
public final class ResponseHead: BufferOwner {
    public var version = HTTPVersion.http11
    public var status = 0
    /// The reason phrase as written; may be empty.
    public var reasonRange = 0..<0
    public var slots: [FieldSlot] = []
    /// Where the head begins and ends in `buffer`; the body follows.
    public var start = 0
    public var end = 0
    public var contentLength: Int?
    public var isChunked = false
    /// Whether the connection may carry another request after this response.
    public var keepsAlive = true
    /// A Connection line names fields, or something else than how long the connection lives (RFC 9110 §7.6.1).
    public var nominatesFields = false
    /// The head had no status line: an HTTP/0.9 answer, which is all body.
    public var isHeadless = false
    /// The decoder's place in the head.
    public var scan = HeadScan()

    public override init(buffer: ByteBuffer) {
        super.init(buffer: buffer)
        slots.reserveCapacity(32)
    }

    @_lifetime(borrow self)
    public func value(_ slot: FieldSlot) -> Span<UInt8> { bytes(slot.valueRange) }

    @_lifetime(borrow self)
    public func spelling(_ slot: FieldSlot) -> Span<UInt8> { bytes(slot.nameRange) }

    public func first(_ name: FieldName) -> FieldSlot? {
        for slot in slots where slot.name == name { return slot }
        return nil
    }

    public func reset() {
        version = .http11
        status = 0
        reasonRange = 0..<0
        if !slots.isEmpty { slots.removeAll(keepingCapacity: true) }
        start = 0
        end = 0
        contentLength = nil
        isChunked = false
        keepsAlive = true
        nominatesFields = false
        isHeadless = false
        scan = HeadScan()
    }

    /// Whether a line with this (known) name occurred; one bit is looked at.
    public func has(_ name: FieldName) -> Bool { scan.seen.contains(name) }
}
