import Bytes

/// The head of a request as it was received: method, target, version and field lines, all of them ranges of `buffer`,
/// which holds after `end` whatever came behind the head.
///
/// One object is reused for request after request; an exchange that outlives the turn of the loop takes it along with its
/// buffer, and nobody writes to the buffer's head part from then on.
package final class RequestHead: BufferOwner {
    package var method = Method.get
    package var methodRange = 0..<0
    /// The request target as written (RFC 9112 §3.2), without the authority of an absolute form.
    package var targetRange = 0..<0
    /// The path of the target, still encoded.
    package var pathRange = 0..<0
    /// The query without its question mark; nil when there is none.
    package var queryRange: Range<Int>?
    /// The authority of an absolute-form target; overrides Host (RFC 9112 §3.2.2).
    package var authorityRange: Range<Int>?
    /// The whole request line.
    package var lineRange = 0..<0
    package var version = HTTPVersion.http11
    package var slots: [FieldSlot] = []
    /// Where the head ends in `buffer` and the body begins.
    package var end = 0
    /// Where the head begins (pipelined requests share a buffer).
    package var start = 0
    /// The decoded, normalised path: `$uri`. Dot segments, doubled slashes and percent signs are gone.
    package var path: [UInt8] = []
    /// The length that Content-Length announces.
    package var contentLength: Int?
    package var isChunked = false
    package var keepsAlive = true
    package var expectsContinue = false
    /// Host without its port, lower case, empty when there is none.
    package var host: [UInt8] = []
    /// The port of Host or of the absolute target, when it was given.
    package var hostPort: Int?
    /// The scheme of an absolute-form target.
    package var schemeRange: Range<Int>?
    /// What the Connection lines said.
    package var saysClose = false
    package var saysKeepAlive = false
    package var saysUpgrade = false
    /// The decoder's place in the head.
    package var scan = HeadScan()

    package override init(buffer: ByteBuffer) {
        super.init(buffer: buffer)
        slots.reserveCapacity(32)
        path.reserveCapacity(256)
        host.reserveCapacity(64)
    }

    /// The value of a field line.
    @_lifetime(borrow self)
    package func value(_ slot: FieldSlot) -> Span<UInt8> { bytes(slot.valueRange) }

    /// The first line with this name.
    package func first(_ name: FieldName) -> FieldSlot? {
        if name != .other, !has(name) { return nil }
        for slot in slots where slot.name == name { return slot }
        return nil
    }

    /// Forgets the last request, keeping memory.
    package func reset() {
        if !slots.isEmpty { slots.removeAll(keepingCapacity: true) }
        path.clear()
        host.clear()
        method = .get
        methodRange = 0..<0
        targetRange = 0..<0
        pathRange = 0..<0
        queryRange = nil
        authorityRange = nil
        lineRange = 0..<0
        version = .http11
        end = 0
        contentLength = nil
        isChunked = false
        keepsAlive = true
        expectsContinue = false
        hostPort = nil
        schemeRange = nil
        saysClose = false
        saysKeepAlive = false
        saysUpgrade = false
        scan = HeadScan()
    }

    /// Whether a line with this (known) name occurred; one bit is looked at.
    package func has(_ name: FieldName) -> Bool { scan.seen.contains(name) }

    /// Moves a head that is not whole yet to the beginning of `larger`, an empty block with room for it; it is read anew
    /// from there by the next `decode`.
    package func move(to larger: ByteBuffer) {
        let old = buffer
        larger.append(old.bytes(start..<old.count))
        reset()
        buffer = larger
        start = 0
    }
}
