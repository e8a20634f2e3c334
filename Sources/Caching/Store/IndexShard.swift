import Bytes

/// One shard of the index: its nodes, and the queue of its entries in RAM, evicted by SIEVE (a hand goes from the oldest to
/// the newest and takes the first that was not used since it last came by; what comes in and is never asked again leaves
/// before anything that is). State behind a lock; nothing here touches a file.
struct IndexShard {
    var nodes: NodeTable
    private var ramNewest = IndexNode.none
    private var ramOldest = IndexNode.none
    private var hand = IndexNode.none
    private(set) var ramCount = 0
    private(set) var openFiles = 0
    private var probation = Probation()

    /// `probationLimit`: bytes that entries may take in memory before anybody has asked for them.
    init(budget: MemoryBudget, probationLimit: Int) {
        nodes = NodeTable(budget: budget)
        probation.limit = probationLimit
    }

    /// The node of `digest`, made when it is missing; nil when there is no memory for it.
    mutating func findOrInsert(_ digest: Digest, at seconds: Int) -> Int32? {
        nodes.find(digest) ?? nodes.insert(digest, at: seconds)
    }

    /// Puts an entry into the RAM tier in place of the one that was there, which is retired.
    ///
    /// On probation it stays until it is asked for, or until later ones need its room: most of what is stored never is, and
    /// would fill all the memory that `keys_zone` allows.
    mutating func admit(_ entry: Entry, at index: Int32, onProbation: Bool) {
        dropEntry(at: index)
        nodes[index].entry = entry
        nodes[index].ramOlder = ramNewest
        nodes[index].ramNewer = IndexNode.none
        if ramNewest != IndexNode.none { nodes[ramNewest].ramNewer = index } else { ramOldest = index }
        ramNewest = index
        ramCount += 1
        if entry.isFileBacked { openFiles += 1 }
        guard onProbation else { return }
        probation.add(entry, at: index)
        while let (old, identity) = probation.takeSurplus() {
            guard let entry = nodes[old].entry, ObjectIdentifier(entry) == identity, !entry.wasUsed else { continue }
            dropEntry(at: old)
        }
    }

    /// Takes the node's entry out of the RAM tier.
    mutating func dropEntry(at index: Int32) {
        guard let entry = nodes[index].entry else { return }
        entry.retire()
        if entry.isFileBacked { openFiles -= 1 }
        let newer = nodes[index].ramNewer
        let older = nodes[index].ramOlder
        if hand == index { hand = newer }
        if newer != IndexNode.none { nodes[newer].ramOlder = older } else { ramNewest = older }
        if older != IndexNode.none { nodes[older].ramNewer = newer } else { ramOldest = newer }
        nodes[index].entry = nil
        nodes[index].ramNewer = IndexNode.none
        nodes[index].ramOlder = IndexNode.none
        ramCount -= 1
    }

    /// Takes one entry out of RAM by SIEVE; false when there is none. The node and its file stay.
    mutating func evictFromMemory() -> Bool {
        // Two rounds at most: the first clears every mark.
        var steps = ramCount * 2 + 1
        while steps > 0 {
            steps -= 1
            let index = hand != IndexNode.none ? hand : ramOldest
            guard index != IndexNode.none, let entry = nodes[index].entry else { return false }
            hand = nodes[index].ramNewer
            if entry.takeVisited() { continue }
            dropEntry(at: index)
            return true
        }
        return false
    }

    /// As `evictFromMemory`, but passes over what holds no open file.
    mutating func evictFile() -> Bool {
        var steps = openFiles == 0 ? 0 : ramCount * 2 + 1
        while steps > 0 {
            steps -= 1
            let index = hand != IndexNode.none ? hand : ramOldest
            guard index != IndexNode.none, let entry = nodes[index].entry else { return false }
            hand = nodes[index].ramNewer
            if !entry.isFileBacked || entry.takeVisited() { continue }
            dropEntry(at: index)
            return true
        }
        return false
    }

    /// Removes a node with its entry.
    mutating func remove(_ index: Int32) {
        dropEntry(at: index)
        nodes.remove(index)
    }
}

/// The entries that nobody has asked for yet, first in, first out.
private struct Probation {
    private struct Place {
        let index: Int32
        /// Tells the entry from a later one at the same place; never used to reach it.
        let identity: ObjectIdentifier
        let cost: Int
    }

    var limit = 0
    private var places: [Place] = []
    private var first = 0
    private var cost = 0

    mutating func add(_ entry: Entry, at index: Int32) {
        places.append(Place(index: index, identity: ObjectIdentifier(entry), cost: entry.cost))
        cost += entry.cost
    }

    /// The oldest, while there is more than fits; whoever takes it decides whether it has passed.
    mutating func takeSurplus() -> (Int32, ObjectIdentifier)? {
        guard cost > limit, first < places.count else { return nil }
        let place = places[first]
        first += 1
        cost -= place.cost
        if first > 32, first * 2 > places.count {
            places.removeFirst(first)
            first = 0
        }
        return (place.index, place.identity)
    }
}
