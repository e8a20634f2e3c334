/// A run of bytes inside a block or inside frozen bytes, which it keeps alive.
///
/// One reference, whatever holds the bytes: regions are copied several times on their way through an outbox, and each
/// reference costs two atomic operations a copy.
@safe
public struct ByteRegion {
    private let owner: AnyObject?
    // Sound: `owner` holds `limit` initialised bytes here; they neither move nor go while it lives.
    private let base: UnsafePointer<UInt8>?
    private let limit: Int
    public private(set) var range: Range<Int>

    private init(_ owner: AnyObject?, _ base: UnsafePointer<UInt8>?, _ limit: Int, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= limit)
        self.owner = owner
        unsafe self.base = base
        self.limit = limit
        self.range = range
    }

    /// No bytes at all; it holds no memory.
    public static var empty: ByteRegion { unsafe ByteRegion(nil, nil, 0, 0..<0) }

    /// Traps when the block does not hold the range.
    public init(_ block: ByteBuffer, _ range: Range<Int>) {
        unsafe self.init(block, block.start, block.count, range)
    }

    public init(_ frozen: FrozenBytes, _ range: Range<Int>) {
        unsafe self.init(frozen, frozen.start, frozen.count, range)
    }

    /// The range has been published (`SharedBlock`).
    public init(_ shared: SharedBlock, _ range: Range<Int>) {
        unsafe self.init(shared, shared.start, range.upperBound, range)
    }

    public var count: Int { range.count }

    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            guard let base = unsafe base else { return Span() }
            // Sound: the range lies within `limit`, and self keeps the owner alive.
            let span = unsafe Span<UInt8>(_unsafeStart: base + range.lowerBound, count: range.count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Another range of the same bytes; traps when it reaches beyond what was there when the first region was made.
    public static func narrowed(_ region: ByteRegion, _ range: Range<Int>) -> ByteRegion {
        precondition(range.lowerBound >= 0 && range.upperBound <= region.limit)
        var result = region
        result.range = range
        return result
    }
}
