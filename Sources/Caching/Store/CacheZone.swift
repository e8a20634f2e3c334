import Bytes
import HTTP
import Platform
import Synchronization

/// A cache zone: named state that all loops share and that survives every reload.
///
/// What is asked on a loop (`find`, `touch`, `countUse`, the updating marks) takes one short lock of a shard. What reads or
/// writes files (`fetch`, `findOnDisk`, writers, maintenance) may block, and belongs to the BlockingPool unless it is known to
/// be cheap, or told not to wait.
/// Locks are taken in one order: that of the file's stripe before that of the shard; none is held while a waker is woken.
public final class CacheZone: Sendable {
    public let name: String
    public let directory: CacheDirectory
    /// The fills that run here.
    public let fills = FillRegistry()
    let budget: MemoryBudget
    let disk: DiskAccount
    let shards: [Lock<IndexShard>]
    /// A rename and an unlink of one name never overlap: the stripe of its digest is held around both.
    /// (A state of no size would have no address of its own, which ThreadSanitizer takes for a race.)
    let stripes: [Lock<Bool>]
    private let settings: Lock<CacheZoneDefinition>
    private let report: @Sendable (CacheEvent) -> Void
    private let gate = EventGate()
    private let generationWord = Atomic<UInt64>(1)
    private let epochWord = Atomic<UInt64>(1)
    private let warm = Atomic<Bool>(false)
    private let serial = Atomic<Int>(1)
    private let admissions = Atomic<Int>(0)
    private let retired = Atomic<Bool>(false)
    /// Nodes above this are trimmed by the manager; set when memory has run out.
    let watermark = Atomic<Int>(Int.max)

    /// `report` is called on whatever thread has something to tell.
    public init(_ definition: CacheZoneDefinition, report: @escaping @Sendable (CacheEvent) -> Void = { _ in }) {
        name = definition.name
        directory = CacheDirectory(path: definition.path, levels: definition.levels)
        let budget = MemoryBudget(limit: definition.memory)
        self.budget = budget
        disk = DiskAccount(maxSize: definition.maxSize)
        let count = CacheZone.shardCount(memory: definition.memory)
        let probation = min(definition.memory / 4, CacheZone.largestProbation) / count
        shards = (0..<count).map { _ in Lock(IndexShard(budget: budget, probationLimit: probation)) }
        stripes = (0..<64).map { _ in Lock(false) }
        settings = Lock(definition)
        self.report = report
    }

    /// Bytes of memory, at most, for what was stored and not yet asked for.
    private static let largestProbation = 1 << 20

    /// A small zone has few shards, for each takes its memory in blocks.
    private static func shardCount(memory: Int) -> Int {
        var count = 1
        while count < 16, memory / (count * 2) >= 512 << 10 { count *= 2 }
        return count
    }

    public var definition: CacheZoneDefinition { settings.withLock { $0 } }

    /// Goes on under a changed definition, which must be compatible: new bounds hold from now on, what lies above them is
    /// trimmed by the manager.
    public func apply(_ definition: CacheZoneDefinition) {
        settings.withLock { $0 = definition }
        budget.limitBytes = definition.memory
        disk.maxSize = definition.maxSize
        while budget.usedBytes > definition.memory, evictFromMemory(near: 0) {}
    }

    /// Raised by what makes every entry in memory doubtful; part of the validity of a hot slot.
    public var generation: UInt64 { generationWord.load(ordering: .acquiring) }

    /// Raised when entries leave memory: tables that hold them look through theirs.
    public var memoryEpoch: UInt64 { epochWord.load(ordering: .relaxed) }

    /// Whether no configuration names the zone any more: who maintains it may end.
    public var isRetired: Bool { retired.load(ordering: .acquiring) }
    public func retire() { retired.store(true, ordering: .releasing) }

    /// Bytes of memory charged to the zone, and of disk.
    public var memoryUsed: Int { budget.usedBytes }
    public var diskUsed: Int { disk.used }

    /// Whether the walk at the start has seen every file: what the index does not know does not exist.
    public var isWarm: Bool { warm.load(ordering: .acquiring) }
    func setWarm() { warm.store(true, ordering: .releasing) }

    /// Whether what was read from disk should go into memory: always while there is room, and one in eight when something has
    /// to leave for it. A working set larger than memory would else replace all of it in every round, for no hit at all.
    func wantsInMemory(_ cost: Int) -> Bool {
        if budget.usedBytes + cost <= budget.limitBytes { return true }
        return takesTurn()
    }

    /// True once in eight times, in no rhythm that callers could fall into.
    func takesTurn() -> Bool {
        let number = UInt64(truncatingIfNeeded: admissions.add(1, ordering: .relaxed).oldValue)
        return (number &* 0x9E37_79B9_7F4A_7C15) >> 61 == 0
    }

    func nextSerial() -> Int { serial.add(1, ordering: .relaxed).oldValue }

    func tell(_ event: CacheEvent) {
        if gate.admits(event) { report(event) }
    }

    func shard(_ digest: Digest) -> Lock<IndexShard> {
        shards[Int(truncatingIfNeeded: digest.low & UInt64(shards.count - 1))]
    }

    func stripe(_ digest: Digest) -> Lock<Bool> { stripes[Int(truncatingIfNeeded: digest.low >> 8 & 63)] }

    // MARK: Asking

    /// What memory has for a request.
    public func find(_ key: CacheKey, _ request: RequestHead, now: WallTime) -> Lookup {
        let own = CachePlace(digest: key.digest)
        switch resident(key.digest, now: now) {
        case .absent: return isWarm ? .none(own) : .needsDisk
        case .file: return .needsDisk
        case .entry(let entry, let isUpdating):
            guard entry.head.hasKey(key.bytes.span) else { return .none(own) }
            if entry.head.selects(request) { return CacheZone.classify(entry, own, isUpdating, now) }
            return findVariant(key, of: entry, request, now: now)
        }
    }

    private func findVariant(_ key: CacheKey, of primary: Entry, _ request: RequestHead, now: WallTime) -> Lookup {
        let vary = primary.head.vary
        let place = CachePlace(digest: key.digest(of: vary.variant(of: request)), vary: vary)
        switch resident(place.digest, now: now) {
        case .absent: return isWarm ? .none(place) : .needsDisk
        case .file: return .needsDisk
        case .entry(let entry, let isUpdating):
            guard entry.head.hasKey(key.bytes.span), entry.head.vary == vary, entry.head.selects(request) else {
                return .none(place)
            }
            return CacheZone.classify(entry, place, isUpdating, now)
        }
    }

    public static func classify(_ entry: Entry, _ place: CachePlace, _ isUpdating: Bool, _ now: WallTime) -> Lookup {
        entry.noteUse()
        return entry.isFresh(at: now) ? .hit(entry, place) : .stale(entry, place, isBeingUpdated: isUpdating)
    }

    enum Residence {
        case absent
        /// A file is known, or may be there.
        case file
        case entry(Entry, isUpdating: Bool)
    }

    func resident(_ digest: Digest, now: WallTime) -> Residence {
        let generation = generation
        return shard(digest).withLock { shard in
            guard let index = shard.nodes.find(digest) else { return .absent }
            shard.nodes.touch(index, at: now.seconds)
            if let entry = shard.nodes[index].entry, entry.generation == generation {
                return .entry(entry, isUpdating: shard.nodes[index].isUpdating)
            }
            return shard.nodes[index].hasFile ? .file : .absent
        }
    }

    /// Notes that an entry is in use, for `inactive` and the order of eviction: at most once a second for each loop and entry.
    public func touch(_ entry: Entry, now: WallTime) {
        entry.noteUse()
        shard(entry.digest).withLock { shard in
            if let index = shard.nodes.find(entry.digest) { shard.nodes.touch(index, at: now.seconds) }
        }
    }

    /// Counts a request for what is not stored, for `proxy_cache_min_uses`; returns the requests so far with this one. Without
    /// memory to remember it the count stays 1.
    public func countUse(_ digest: Digest, now: WallTime) -> Int {
        for attempt in 0..<2 {
            let uses: Int? = shard(digest).withLock { shard in
                guard let index = shard.findOrInsert(digest, at: now.seconds) else { return nil }
                shard.nodes.touch(index, at: now.seconds)
                if shard.nodes[index].uses < UInt16.max { shard.nodes[index].uses += 1 }
                return Int(shard.nodes[index].uses)
            }
            if let uses { return uses }
            if attempt == 0, !makeRoomForNode(digest) { break }
        }
        return 1
    }

    /// Marks an entry as being refreshed; false when somebody else does so already. Ended by `endUpdate`, or by storing.
    public func beginUpdate(_ digest: Digest) -> Bool {
        shard(digest).withLock { shard in
            guard let index = shard.nodes.find(digest) else { return true }
            if shard.nodes[index].isUpdating { return false }
            shard.nodes[index].updatingUntil = Clock.monotonicMilliseconds() + IndexNode.longestUpdate
            return true
        }
    }

    public func endUpdate(_ digest: Digest) {
        shard(digest).withLock { shard in
            if let index = shard.nodes.find(digest) { shard.nodes[index].updatingUntil = 0 }
        }
    }

    /// Entries whose file is known.
    public var entryCount: Int {
        var total = 0
        for shard in shards { total += shard.withLock { $0.nodes.count } }
        return total
    }

    func raiseEpoch() { epochWord.add(1, ordering: .relaxed) }
}
