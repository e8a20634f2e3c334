import Bytes

/// The head of a request as it was received: method, target, version and field lines, all of them ranges of `buffer`,
/// which holds after `end` whatever came behind the head.
///
/// One object is reused for request after request; an exchange that outlives the turn of the loop takes it along with its
/// buffer, and nobody writes to the buffer's head part from then on.
public final class RequestHead: BufferOwner {
    public var method = Method.get
    public var methodRange = 0..<0
    /// The request target as written (RFC 9112 §3.2), without the authority of an absolute form.
    public var targetRange = 0..<0
    /// The path of the target, still encoded.
    public var pathRange = 0..<0
    /// The query without its question mark; nil when there is none.
    public var queryRange: Range<Int>?
    /// The authority of an absolute-form target; overrides Host (RFC 9112 §3.2.2).
    public var authorityRange: Range<Int>?
    /// The whole request line.
    public var lineRange = 0..<0
    public var version = HTTPVersion.http11
    public var slots: [FieldSlot] = []
    /// Where the head ends in `buffer` and the body begins.
    public var end = 0
    /// Where the head begins (pipelined requests share a buffer).
    public var start = 0
    /// The decoded, normalised path: `$uri`. Dot segments, doubled slashes and percent signs are gone.
    public var path: [UInt8] = []
    /// The length that Content-Length announces.
    public var contentLength: Int?
    public var isChunked = false
    public var keepsAlive = true
    public var expectsContinue = false
    /// Host without its port, lower case, empty when there is none.
    public var host: [UInt8] = []
    /// The port of Host or of the absolute target, when it was given.
    public var hostPort: Int?
    /// The scheme of an absolute-form target.
    public var schemeRange: Range<Int>?
    /// What the Connection lines said.
    public var saysClose = false
    public var saysKeepAlive = false
    /// A Connection line names fields, or something else than how long the connection lives (RFC 9110 §7.6.1).
    public var nominatesFields = false
    /// The Host value that was read last, and what came of it: most requests ask for the same.
    private var knownText = ByteString()
    private var knownHost: (host: [UInt8], port: Int?) = ([], nil)
    /// The decoder's place in the head.
    public var scan = HeadScan()

    public override init(buffer: ByteBuffer) {
        super.init(buffer: buffer)
        slots.reserveCapacity(32)
        path.reserveCapacity(256)
    }

    /// The value of a field line.
    @_lifetime(borrow self)
    public func value(_ slot: FieldSlot) -> Span<UInt8> { bytes(slot.valueRange) }

    /// The first line with this name.
    public func first(_ name: FieldName) -> FieldSlot? {
        if name != .other, !has(name) { return nil }
        for slot in slots where slot.name == name { return slot }
        return nil
    }

    /// Forgets the last request, keeping memory.
    public func reset() {
        if !slots.isEmpty { slots.removeAll(keepingCapacity: true) }
        path.clear()
        if !host.isEmpty { host = [] }
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
        nominatesFields = false
        scan = HeadScan()
    }

    /// Whether a line with this (known) name occurred; one bit is looked at.
    public func has(_ name: FieldName) -> Bool { scan.seen.contains(name) }

    /// Reads the value of Host; false when it is none.
    func takeHost(_ value: Span<UInt8>) -> Bool {
        if knownText.equals(value), !knownText.isEmpty {
            host = knownHost.host
            hostPort = knownHost.port
            return true
        }
        guard Authority.parse(value, host: &host, port: &hostPort) else { return false }
        knownText.set(value)
        knownHost = (host, hostPort)
        return true
    }

    /// Moves a head that is not whole yet to the beginning of `larger`, an empty block with room for it; it is read anew
    /// from there by the next `decode`.
    public func move(to larger: ByteBuffer) {
        let old = buffer
        larger.append(old.bytes(start..<old.count))
        reset()
        buffer = larger
        start = 0
    }
}
