import Bytes
import Platform

/// The RAM tier: who gets in, and who leaves for it.
extension CacheZone {
    /// Takes one entry out of memory, from the shard of `hint` or the next that has one.
    func evictFromMemory(near hint: Int) -> Bool {
        for step in 0..<shards.count {
            let shard = shards[(hint + step) % shards.count]
            if shard.withLock({ $0.evictFromMemory() }) {
                raiseEpoch()
                return true
            }
        }
        return false
    }

    /// Takes `cost` bytes from the budget, at the expense of entries that are used less.
    ///
    /// What is evicted may still be held: by a reader, or by a loop's table until it looks through it. Then this gives up, and
    /// evicts no more until that has been given back; but not always, for a loop that nobody asks for anything holds it long.
    private func takeMemory(_ cost: Int, near digest: Digest) -> Bool {
        if budget.take(cost) { return true }
        guard cost <= budget.limitBytes / 2 else { return false }
        let hint = Int(truncatingIfNeeded: digest.low & UInt64(shards.count - 1))
        let isPatient = !takesTurn()
        for _ in 0..<32 {
            if isPatient, budget.leavingBytes >= cost { return false }
            guard evictFromMemory(near: hint) else { return false }
            if budget.take(cost) { return true }
        }
        return false
    }

    /// Makes an entry that is charged to the zone if there is room, and otherwise lives outside of it for this one reader.
    func makeEntry(_ head: StoredHead, _ body: EntryBody, digest: Digest, fileMark: UInt64, isWanted: Bool = true) -> Entry {
        let cost = Entry.cost(of: head, body: body)
        let isCharged = isWanted && takeMemory(cost, near: digest)
        return Entry(
            head: head, body: body, digest: digest, fileMark: fileMark, generation: generation, cost: isCharged ? cost : 0,
            budget: budget)
    }

    /// Makes sure that a node can be added for `digest`, first at the expense of entries in memory, then of the node that was
    /// used longest ago and has no file.
    func makeRoomForNode(_ digest: Digest) -> Bool {
        let hint = Int(truncatingIfNeeded: digest.low & UInt64(shards.count - 1))
        var freed = 0
        while freed < 8, evictFromMemory(near: hint) { freed += 1 }
        if freed > 0 { return true }
        return shard(digest).withLock { shard in
            let oldest = shard.nodes.oldest
            guard oldest != IndexNode.none, !shard.nodes[oldest].hasFile, !shard.nodes[oldest].isUpdating else { return false }
            shard.remove(oldest)
            return true
        }
    }

    /// Keeps an entry in the index's RAM tier, unless it was not charged, or open files are at their bound.
    ///
    /// `isNew`: it was just stored, and nobody has asked for it yet.
    func admit(_ entry: Entry, at index: Int32, in shard: inout IndexShard, openFiles: Int, isNew: Bool = false) {
        if entry.cost == 0 {
            shard.dropEntry(at: index)
            return
        }
        if entry.isFileBacked {
            let bound = max(1, openFiles / shards.count)
            while shard.openFiles > bound, shard.evictFile() {}
            if shard.openFiles >= bound, !takesTurn() || !shard.evictFile() {
                shard.dropEntry(at: index)
                return
            }
        }
        shard.admit(entry, at: index, onProbation: isNew)
    }
}
