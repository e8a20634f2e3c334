/// A block of memory that one thread writes, front to back, while others read what has been published to them.
///
/// The block never moves and no byte changes once it is published, so readers need no lock for the bytes themselves. Who
/// uses it publishes the length under a lock of its own, after the write, and hands out ranges below that length only.
@safe
public final class SharedBlock: Sendable {
    // Sound: written behind the published length by one writer, read below it by everybody, freed in deinit.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer
    public let capacity: Int

    public init(capacity: Int) {
        self.capacity = max(capacity, 1)
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: self.capacity, alignment: 16)
    }

    /// Where the bytes stand, for `ByteRegion`.
    var start: UnsafePointer<UInt8> { unsafe UnsafePointer(base.assumingMemoryBound(to: UInt8.self)) }

    deinit { unsafe base.deallocate() }

    /// The writer's side: puts `span` at `offset`, which is not published yet; traps when it does not fit.
    public func write(_ span: Span<UInt8>, at offset: Int) {
        precondition(offset >= 0 && offset <= capacity && span.count <= capacity - offset)
        // Sound: the range was checked just above; nobody reads it before it is published.
        unsafe span.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { unsafe (base + offset).copyMemory(from: start, byteCount: source.count) }
        }
    }

    /// The readers' side: bytes that were published; traps when the range does not lie within the block.
    @_lifetime(borrow self)
    public func bytes(_ range: Range<Int>) -> Span<UInt8> {
        precondition(range.lowerBound >= 0 && range.upperBound <= capacity)
        let start = unsafe UnsafePointer(base.assumingMemoryBound(to: UInt8.self) + range.lowerBound)
        let span = unsafe Span<UInt8>(_unsafeStart: start, count: range.count)
        return unsafe _overrideLifetime(span, borrowing: self)
    }
}
