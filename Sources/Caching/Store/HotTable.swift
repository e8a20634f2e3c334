import Bytes
import HTTP

/// One hot response as a loop keeps it: the entry, and the head made ready for one location plan.
public final class HotSlot: PreparedHead {
    public let entry: Entry
    /// Its body, counted by this loop alone.
    public let body: EntryBody
    let hash: UInt64
    fileprivate var lastTouch: Int
    fileprivate var isRecent = true
    /// It was asked for more than once in this second: worth a prepared head.
    public fileprivate(set) var isBusy = false
    private let budget: MemoryBudget
    private var charged = 0

    init(entry: Entry, hash: UInt64, now: Int, budget: MemoryBudget) {
        self.entry = entry
        if case .memory(let bytes) = entry.body { body = .memory(FrozenBytes(sharing: bytes)) } else { body = entry.body }
        self.hash = hash
        self.budget = budget
        lastTouch = now
    }

    deinit { budget.give(charged) }

    /// As `Entry.fit`. Asked of the slot, which is this loop's own: a name for the entry would count it, and others do that too.
    fileprivate func fit(
        _ key: Span<UInt8>, _ request: RequestHead, generation: UInt64, at now: WallTime, scratch: inout [UInt8]
    ) -> Entry.Fit {
        entry.fit(key, request, generation: generation, at: now, scratch: &scratch)
    }

    /// Whether the stored status is 200.
    public var isOK: Bool { entry.head.status == 200 }

    /// The memory of a head is charged to the zone; there is none where the zone has none left.
    public override func admit(_ more: Int) -> Bool {
        guard budget.take(more) else { return false }
        charged += more
        return true
    }
}

/// The hot responses of one zone as one loop sees them. It belongs to that loop: a hit here takes no lock and touches no
/// reference count that another thread uses.
public final class HotTable {
    private static let ways = 4
    private static let smallest = 64
    private static let largest = 16_384

    private let zone: CacheZone
    private var slots: [HotSlot?]
    private var epoch: UInt64 = 0
    private var sweptAt = 0
    /// Searches since the table was looked through.
    private var searches = 0
    private var evictions = 0
    private var scratch: [UInt8] = []

    public init(_ zone: CacheZone) {
        self.zone = zone
        slots = Array(repeating: nil, count: HotTable.smallest)
        scratch.reserveCapacity(256)
    }

    /// The slot of a response that is stored under `key`, is still the current one, is fresh, and answers `request`.
    public func find(_ key: Span<UInt8>, _ request: RequestHead, now: WallTime) -> HotSlot? {
        let second = now.seconds
        searches &+= 1
        if second != sweptAt || searches >= slots.count { sweep(second) }
        let hash = HotTable.hash(key)
        let start = HotTable.ways * Int(truncatingIfNeeded: hash & UInt64(slots.count / HotTable.ways - 1))
        for index in start..<(start + HotTable.ways) {
            guard let slot = slots[index], slot.hash == hash else { continue }
            switch slot.fit(key, request, generation: zone.generation, at: now, scratch: &scratch) {
            case .fits: break
            case .outdated:
                slots[index] = nil
                continue
            case .other: continue
            // It goes the long way, which knows what may be done with it.
            case .stale: return nil
            }
            slot.isRecent = true
            slot.isBusy = slot.lastTouch == second
            if !slot.isBusy {
                slot.lastTouch = second
                zone.touch(slot.entry, now: now)
            }
            return slot
        }
        return nil
    }

    /// Keeps an entry that a lookup found; nil when it is not part of the RAM tier.
    @discardableResult
    public func insert(_ entry: Entry, now: WallTime) -> HotSlot? {
        guard entry.cost > 0, entry.isCurrent else { return nil }
        let head = entry.head
        let key = head.key
        let hash = HotTable.hash(key.bytes)
        let slot = HotSlot(entry: entry, hash: hash, now: now.seconds, budget: zone.budget)
        let index = place(for: hash, entry)
        slots[index] = slot
        return slot
    }

    /// Lets go of every entry.
    public func removeAll() {
        for index in slots.indices { slots[index] = nil }
    }

    public var count: Int { slots.reduce(0) { $0 + ($1 == nil ? 0 : 1) } }

    /// Where a new slot goes: in place of the same entry, an empty one, one that is out of date, or the one that was not asked
    /// for lately.
    private func place(for hash: UInt64, _ entry: Entry) -> Int {
        let start = HotTable.ways * Int(truncatingIfNeeded: hash & UInt64(slots.count / HotTable.ways - 1))
        var free: Int?
        for index in start..<(start + HotTable.ways) {
            guard let slot = slots[index] else {
                free = free ?? index
                continue
            }
            if slot.entry === entry { return index }
            if !slot.entry.isCurrent { free = free ?? index }
        }
        if let free { return free }
        evictions += 1
        if evictions > slots.count / 8, slots.count < HotTable.largest {
            grow()
            return place(for: hash, entry)
        }
        for index in start..<(start + HotTable.ways) {
            if let slot = slots[index], slot.isRecent { slot.isRecent = false } else { return index }
        }
        return start + Int(truncatingIfNeeded: hash >> 60) % HotTable.ways
    }

    private func grow() {
        let old = slots
        slots = Array(repeating: nil, count: old.count * 4)
        evictions = 0
        for case let slot? in old {
            let start = HotTable.ways * Int(truncatingIfNeeded: slot.hash & UInt64(slots.count / HotTable.ways - 1))
            for index in start..<(start + HotTable.ways) where slots[index] == nil {
                slots[index] = slot
                break
            }
        }
    }

    /// Once a second, or after as many searches as there are slots.
    private func sweep(_ second: Int) {
        sweptAt = second
        searches = 0
        releaseRemoved()
    }

    /// If entries have left memory: lets go of those that have, so that their bytes are free for others, and their files' on
    /// the disk.
    public func releaseRemoved() {
        let current = zone.memoryEpoch
        if current == epoch { return }
        epoch = current
        for index in slots.indices {
            if let slot = slots[index], !slot.entry.isCurrent { slots[index] = nil }
        }
    }

    /// Eight bytes at a time; the table compares keys, so nothing hangs on its quality but speed.
    private static func hash(_ key: Span<UInt8>) -> UInt64 {
        var sum = Checksum()
        sum.add(key)
        return sum.value
    }
}
