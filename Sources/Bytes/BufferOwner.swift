/// An object whose bytes stand in one buffer that it owns: a request head, a response head from an upstream.
///
/// It exists so that `owner.bytes(range)` can be written in one step: the compiler does not follow a span through a stored
/// property of a class.
open class BufferOwner {
    /// Replaced only between messages, never while a span of it is in use.
    public final var buffer: ByteBuffer

    public init(buffer: ByteBuffer) { self.buffer = buffer }

    /// Empties the buffer for reuse; false when it has another size, or somebody else still refers to it.
    public final func reclaimsBuffer(ofSize size: Int) -> Bool {
        guard buffer.capacity == size, isKnownUniquelyReferenced(&buffer) else { return false }
        buffer.clear()
        return true
    }

    /// A part of the buffer.
    @_lifetime(borrow self)
    public final func bytes(_ range: Range<Int>) -> Span<UInt8> {
        precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count)
        // Sound: the range was checked just above, and `self` keeps the buffer alive, since it is not replaced while a span of
        // it is in use. (By way of its address: a reference would be counted up and down, for each value that is looked at.)
        let span = unsafe Span<UInt8>(_unsafeStart: buffer.start + range.lowerBound, count: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// All bytes of the buffer.
    public final var content: Span<UInt8> {
        @_lifetime(borrow self)
        get { bytes(0..<buffer.count) }
    }
}
