import Bytes

/// Nodes in blocks that never move, found by digest, in the order of their use. All of its memory is charged to the budget.
struct NodeTable {
    private static let blockSize = 32
    private static let nodeCost = MemoryLayout<IndexNode>.stride
    private static let smallestBuckets = 32

    private let budget: MemoryBudget
    private var blocks: [ContiguousArray<IndexNode>] = []
    private var buckets: ContiguousArray<Int32> = []
    private var free = IndexNode.none
    private(set) var newest = IndexNode.none
    private(set) var oldest = IndexNode.none
    private(set) var count = 0
    private var charged = 0

    init(budget: MemoryBudget) { self.budget = budget }

    subscript(_ index: Int32) -> IndexNode {
        _read { yield blocks[Int(index) / NodeTable.blockSize][Int(index) % NodeTable.blockSize] }
        _modify { yield &blocks[Int(index) / NodeTable.blockSize][Int(index) % NodeTable.blockSize] }
    }

    func find(_ digest: Digest) -> Int32? {
        if buckets.isEmpty { return nil }
        var index = buckets[bucket(digest)]
        while index != IndexNode.none {
            if self[index].digest == digest { return index }
            index = self[index].next
        }
        return nil
    }

    /// Adds a node as the newest one; nil when the budget has nothing left. The digest must not be there yet.
    mutating func insert(_ digest: Digest, at seconds: Int) -> Int32? {
        if free == IndexNode.none, !grow() { return nil }
        if count >= buckets.count { growBuckets() }
        if buckets.isEmpty { return nil }
        let index = free
        free = self[index].next
        self[index] = IndexNode()
        self[index].digest = digest
        self[index].lastUse = seconds
        let place = bucket(digest)
        self[index].next = buckets[place]
        buckets[place] = index
        linkNewest(index)
        count += 1
        return index
    }

    mutating func remove(_ index: Int32) {
        let place = bucket(self[index].digest)
        if buckets[place] == index {
            buckets[place] = self[index].next
        } else {
            var before = buckets[place]
            while before != IndexNode.none, self[before].next != index { before = self[before].next }
            if before != IndexNode.none { self[before].next = self[index].next }
        }
        unlink(index)
        self[index] = IndexNode()
        self[index].next = free
        free = index
        count -= 1
    }

    /// Makes a node the newest.
    mutating func touch(_ index: Int32, at seconds: Int) {
        self[index].lastUse = max(seconds, self[index].lastUse)
        if newest == index { return }
        unlink(index)
        linkNewest(index)
    }

    private func bucket(_ digest: Digest) -> Int { Int(truncatingIfNeeded: digest.high & UInt64(buckets.count - 1)) }

    private mutating func linkNewest(_ index: Int32) {
        self[index].older = newest
        self[index].newer = IndexNode.none
        if newest != IndexNode.none { self[newest].newer = index } else { oldest = index }
        newest = index
    }

    private mutating func unlink(_ index: Int32) {
        let newer = self[index].newer
        let older = self[index].older
        if newer != IndexNode.none { self[newer].older = older } else { newest = older }
        if older != IndexNode.none { self[older].newer = newer } else { oldest = newer }
    }

    private mutating func grow() -> Bool {
        guard blocks.count < Int(Int32.max) / NodeTable.blockSize - 1 else { return false }
        let cost = NodeTable.blockSize * NodeTable.nodeCost + 48
        guard budget.take(cost) else { return false }
        charged += cost
        let start = Int32(blocks.count * NodeTable.blockSize)
        blocks.append(ContiguousArray(repeating: IndexNode(), count: NodeTable.blockSize))
        for index in (start..<(start + Int32(NodeTable.blockSize))).reversed() {
            self[index].next = free
            free = index
        }
        return true
    }

    /// Doubles the buckets; without room for that the chains grow longer instead.
    private mutating func growBuckets() {
        let size = max(NodeTable.smallestBuckets, buckets.count * 2)
        let cost = size * MemoryLayout<Int32>.stride
        guard budget.take(cost) else { return }
        let old = buckets
        buckets = ContiguousArray(repeating: IndexNode.none, count: size)
        for head in old {
            var index = head
            while index != IndexNode.none {
                let next = self[index].next
                let place = bucket(self[index].digest)
                self[index].next = buckets[place]
                buckets[place] = index
                index = next
            }
        }
        let oldCost = old.count * MemoryLayout<Int32>.stride
        budget.give(oldCost)
        charged += cost - oldCost
    }
}
