import Synchronization

/// The bytes that `keys_zone` grants a zone, for index and RAM tier together. What is taken is charged until it is freed, not
/// until somebody decides to free it: an evicted body that is still on its way to a client counts.
public final class MemoryBudget: Sendable {
    private let limit: Atomic<Int>
    private let used = Atomic<Int>(0)
    private let leaving = Atomic<Int>(0)

    public init(limit: Int) { self.limit = Atomic(limit) }

    /// Takes `count` bytes when they are left.
    public func take(_ count: Int) -> Bool {
        let limit = limit.load(ordering: .relaxed)
        var current = used.load(ordering: .relaxed)
        while true {
            guard count <= limit - current else { return false }
            let (exchanged, original) = used.weakCompareExchange(
                expected: current, desired: current + count, ordering: .relaxed)
            if exchanged { return true }
            current = original
        }
    }

    /// Gives back what was taken.
    public func give(_ count: Int) { used.subtract(count, ordering: .relaxed) }

    /// Notes that bytes which are charged will be given back as soon as nobody holds them; a negative number, that they are.
    func noteLeaving(_ count: Int) { leaving.add(count, ordering: .relaxed) }

    /// Bytes of what was evicted and is still held: no more need be evicted for as many.
    var leavingBytes: Int { leaving.load(ordering: .relaxed) }

    public var usedBytes: Int { used.load(ordering: .relaxed) }

    public var limitBytes: Int {
        get { limit.load(ordering: .relaxed) }
        set { limit.store(newValue, ordering: .relaxed) }
    }
}
