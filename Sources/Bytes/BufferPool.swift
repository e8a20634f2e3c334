/// Blocks of one size kept for reuse by one loop, so that a busy loop does not call the allocator for each request.
public final class BufferPool {
    /// Capacity of each block, in bytes.
    public let blockSize: Int
    private let limit: Int
    private var free: [ByteBuffer] = []

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
        guard block.capacity == blockSize, free.count < limit, isKnownUniquelyReferenced(&block) else { return }
        block.clear()
        free.append(block)
    }
}
