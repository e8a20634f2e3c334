/// Blocks of one size kept for reuse by one loop, so that a busy loop does not call the allocator for each request.
public final class BufferPool {
    /// Capacity of each block, in bytes.
    public let blockSize: Int
    private let limit: Int
    private var free: [ByteBuffer] = []
    /// Blocks that came back and found no place, or were still referred to, since somebody set this to 0: memory that went to the
    /// allocator.
    public var dropped = 0

    /// Keeps at most `limit` unused blocks of `blockSize` bytes.
    public init(blockSize: Int, limit: Int) {
        self.blockSize = blockSize
        self.limit = limit
        free.reserveCapacity(limit)
    }

    /// An empty block.
    public func take() -> ByteBuffer {
        free.popLast() ?? ByteBuffer(capacity: blockSize)
    }

    /// Gives a block back. A block that somebody else still refers to is left to them: its bytes may be on their way out.
    public func give(_ block: consuming ByteBuffer) {
        var block = block
        guard block.capacity == blockSize else { return }
        guard free.count < limit, isKnownUniquelyReferenced(&block) else {
            dropped += 1
            return
        }
        block.clear()
        free.append(block)
    }
}
