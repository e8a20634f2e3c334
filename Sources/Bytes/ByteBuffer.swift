/// A block of memory with a fixed capacity that never moves: what sockets read into and write from.
///
/// A buffer belongs to one loop and is not Sendable. Spans of it stay valid while it lives; the bytes behind a span must
/// not be overwritten while the span is in use, which holds because spans are never kept across an `await`.
@safe
public final class ByteBuffer {
    private let base: UnsafeMutableRawPointer
    /// Bytes this buffer can hold.
    public let capacity: Int
    /// Bytes it holds.
    public private(set) var count = 0

    public init(capacity: Int) {
        precondition(capacity > 0)
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        self.capacity = capacity
    }

    deinit { unsafe base.deallocate() }

    /// Where its bytes stand, for `ByteRegion`.
    var start: UnsafePointer<UInt8> { unsafe UnsafePointer(base.assumingMemoryBound(to: UInt8.self)) }

    public var room: Int { capacity - count }
    public var isEmpty: Bool { count == 0 }

    /// The bytes held.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // Sound: `base` lives as long as `self`, and `count` bytes of it are initialised.
            let span = unsafe Span<UInt8>(_unsafeStart: base.assumingMemoryBound(to: UInt8.self), count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// A part of the bytes held; traps when `range` is not within `0..<count`.
    @_lifetime(borrow self)
    public func bytes(_ range: Range<Int>) -> Span<UInt8> {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        // Sound: the range was checked just above.
        let start = unsafe base.assumingMemoryBound(to: UInt8.self) + range.lowerBound
        let span = unsafe Span<UInt8>(_unsafeStart: start, count: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    public subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count)
        return unsafe base.load(fromByteOffset: index, as: UInt8.self)
    }

    /// Appends `span`; the caller has checked that there is room.
    public func append(_ span: Span<UInt8>) {
        precondition(span.count <= room)
        // Sound: room was checked; the source cannot overlap what is not yet held.
        unsafe span.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe (base + count).copyMemory(from: start, byteCount: source.count)
        }
        count += span.count
    }

    public func append(contentsOf bytes: [UInt8]) { append(bytes.span) }

    public func append(_ byte: UInt8) {
        precondition(room > 0)
        unsafe base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Appends a literal. The label keeps a literal from choosing a `String` (20 % of a pass, measured).
    public func append(literal: StaticString) {
        let length = literal.utf8CodeUnitCount
        precondition(length <= room)
        // Sound: a StaticString's storage is immortal and holds `length` bytes; room was checked.
        unsafe (base + count).copyMemory(from: literal.utf8Start, byteCount: length)
        count += length
    }

    /// Appends `value` in decimal.
    public func append(decimal value: Int) {
        precondition(room >= 20)
        if value < 0 { append(UInt8(ascii: "-")) }
        let digits = DecimalDigits(value.magnitude)
        append(digits.bytes)
    }

    /// Lets `body` write into the free part and say how many bytes it wrote; returns what it said.
    public func fill<E: Error>(_ body: (inout MutableSpan<UInt8>) throws(E) -> Int) throws(E) -> Int {
        // Sound: the free part is ours alone; UInt8 needs no initialisation to be overwritten.
        var free = unsafe MutableSpan<UInt8>(_unsafeStart: (base + count).assumingMemoryBound(to: UInt8.self), count: room)
        let written = try body(&free)
        if written > 0 {
            precondition(written <= room)
            count += written
        }
        return written
    }

    public func clear() { count = 0 }

    public func truncate(to newCount: Int) {
        precondition(newCount >= 0 && newCount <= count)
        count = newCount
    }

    /// Removes the first `n` bytes, moving the rest down.
    public func removeFirst(_ n: Int) {
        precondition(n >= 0 && n <= count)
        // Sound: both ranges lie within what is held; copyMemory allows overlap.
        unsafe base.copyMemory(from: base + n, byteCount: count - n)
        count -= n
    }
}
