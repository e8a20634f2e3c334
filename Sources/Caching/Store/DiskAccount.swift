import Synchronization

/// Bytes of disk that a zone uses, with those that writers have reserved for what they are about to write: `max_size` and five
/// per cent are never exceeded, not even while fills are on their way.
final class DiskAccount: Sendable {
    private let bytes = Atomic<Int>(0)
    /// Int.max is no bound.
    private let limit: Atomic<Int>

    init(maxSize: Int?) { limit = Atomic(maxSize ?? Int.max) }

    var maxSize: Int? {
        get {
            let value = limit.load(ordering: .relaxed)
            return value == Int.max ? nil : value
        }
        set { limit.store(newValue ?? Int.max, ordering: .relaxed) }
    }

    var used: Int { bytes.load(ordering: .relaxed) }

    var isOverMaxSize: Bool { used > limit.load(ordering: .relaxed) }

    /// The hard bound. `max_size=0` stores and is emptied by the manager, as in nginx, so it has none.
    private var hardLimit: Int {
        let limit = limit.load(ordering: .relaxed)
        return limit == 0 || limit == Int.max ? Int.max : limit + limit / 20
    }

    /// Whether something of this size can ever be stored.
    func couldFit(_ count: Int) -> Bool { count <= hardLimit }

    func reserve(_ count: Int) -> Bool {
        let hardLimit = hardLimit
        var current = used
        while true {
            guard count <= hardLimit - current else { return false }
            let (exchanged, original) = bytes.weakCompareExchange(
                expected: current, desired: current + count, ordering: .relaxed)
            if exchanged { return true }
            current = original
        }
    }

    func release(_ count: Int) { bytes.subtract(count, ordering: .relaxed) }

    /// Counts what is on disk already.
    func add(_ count: Int) { bytes.add(count, ordering: .relaxed) }

    /// The disk a file of this length takes: whole blocks.
    static func rounded(_ length: Int) -> Int { (length + blockSize - 1) & ~(blockSize - 1) }

    static let blockSize = 4096
}
