import Bytes
import HTTP
import Platform
import Synchronization

/// A range of an open file.
public struct CachedFile: Sendable {
    public let descriptor: SharedDescriptor
    public let offset: Int
    public let count: Int

    public init(descriptor: SharedDescriptor, offset: Int, count: Int) {
        self.descriptor = descriptor
        self.offset = offset
        self.count = count
    }
}

/// Where the body of a stored response lies.
public enum EntryBody: Sendable {
    case memory(FrozenBytes)
    case file(CachedFile)

    public var count: Int {
        switch self {
        case .memory(let bytes): bytes.count
        case .file(let file): file.count
        }
    }
}

/// A stored response at hand: head and body, which never change, and a word that says whether it is still the one stored.
///
/// Every thread may hold it. Who keeps one from request to request asks `isCurrent` each time, which touches no lock and no
/// reference count. A reader that was given the entry may go on to its end after that.
public final class Entry: Sendable {
    public let head: StoredHead
    public let body: EntryBody
    /// Names the file: the digest of the key, or of key and variant.
    public let digest: Digest
    /// The checksum of the file's head: tells this file from another under the same name.
    let fileMark: UInt64
    /// The zone's generation when it was stored or read.
    let generation: UInt64
    /// Bytes charged to the zone while this object lives; 0 when it is not part of the RAM tier.
    let cost: Int
    private let budget: MemoryBudget
    private let isDead = Atomic<Bool>(false)
    /// Asked for since the hand of the eviction passed it last.
    private let visited = Atomic<Bool>(false)

    /// Takes over `cost` bytes that the caller has taken from `budget`.
    init(
        head: StoredHead, body: EntryBody, digest: Digest, fileMark: UInt64, generation: UInt64, cost: Int, budget: MemoryBudget
    ) {
        self.head = head
        self.body = body
        self.digest = digest
        self.fileMark = fileMark
        self.generation = generation
        self.cost = cost
        self.budget = budget
    }

    deinit {
        guard cost > 0 else { return }
        if !isCurrent { budget.noteLeaving(-cost) }
        budget.give(cost)
    }

    /// Whether this is still what the zone would answer with: neither replaced, removed nor evicted from memory.
    public var isCurrent: Bool { !isDead.load(ordering: .acquiring) }

    public var isFileBacked: Bool { if case .file = body { true } else { false } }

    public func isFresh(at now: WallTime) -> Bool { head.lifetime.isFresh(at: now) }

    /// How an entry that a loop keeps at hand suits a request.
    enum Fit {
        case fits
        /// It is no longer the one that the zone would answer with.
        case outdated
        /// It answers another request.
        case other
        case stale
    }

    func fit(
        _ key: Span<UInt8>, _ request: RequestHead, generation: UInt64, at now: WallTime, scratch: inout [UInt8]
    ) -> Fit {
        guard isCurrent, self.generation == generation else { return .outdated }
        guard head.hasKey(key), head.selects(request, scratch: &scratch) else { return .other }
        return head.lifetime.isFresh(at: now) ? .fits : .stale
    }

    /// Notes a use for the eviction; writes only when nobody has since the hand passed, so hits on many threads share the
    /// line of memory peacefully.
    public func noteUse() {
        if !visited.load(ordering: .relaxed) { visited.store(true, ordering: .relaxed) }
    }

    /// Whether it was used since the hand of the eviction passed it last.
    var wasUsed: Bool { visited.load(ordering: .relaxed) }

    /// Whether it was used since the last call.
    func takeVisited() -> Bool { visited.exchange(false, ordering: .relaxed) }

    func retire() {
        if !isDead.exchange(true, ordering: .acquiringAndReleasing), cost > 0 { budget.noteLeaving(cost) }
    }

    /// Bytes that an entry with this head and body takes in memory.
    static func cost(of head: StoredHead, body: EntryBody) -> Int {
        let fixed = 192
        switch body {
        case .memory(let bytes): return fixed + head.cost + bytes.count + 48
        case .file: return fixed + head.cost + 64
        }
    }
}
