import Synchronization

/// A number that many loops raise and anybody may read.
///
/// Each loop has a slot in cache lines of its own, so counting never makes two processors quarrel over memory. The sum is
/// read slot by slot: it is exact once the loops rest, and off by what happened meanwhile while they run.
public final class Counter: Sendable {
    private let slots: [Slot]
    private let shared = Slot()

    /// A counter at zero with one slot for each of `loops` loops.
    public init(loops: Int) {
        precondition(loops >= 0)
        slots = (0..<loops).map { _ in Slot() }
    }

    /// The slot of loop `index`, which that loop alone may raise.
    public func slot(_ index: Int) -> Slot { slots[index] }

    /// Adds `amount` in loop `loop`'s slot; only that loop's thread may call this. A negative amount makes it a gauge.
    public func add(_ amount: Int = 1, loop: Int) { slots[loop].add(amount) }

    /// Adds `amount` from any thread.
    public func addFromAnyThread(_ amount: Int = 1) { shared.addFromAnyThread(amount) }

    /// The present value.
    public var sum: Int {
        var total = shared.value
        for slot in slots { total &+= slot.value }
        return total
    }

    /// One loop's share of a counter.
    public final class Slot: Sendable {
        // Two lines before and after: processors fetch neighbouring lines in pairs.
        private let before = InlineArray<14, Int>(repeating: 0)
        private let amount = Atomic<Int>(0)
        private let after = InlineArray<15, Int>(repeating: 0)

        public init() {}

        /// Adds `amount`. One thread only writes: a load and a store do, a locked instruction is not needed.
        public func add(_ amount: Int = 1) {
            self.amount.store(self.amount.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
        }

        fileprivate func addFromAnyThread(_ amount: Int) {
            self.amount.wrappingAdd(amount, ordering: .relaxed)
        }

        public var value: Int { amount.load(ordering: .relaxed) }
    }
}
