import Platform

/// A few threads for what would stall a loop: cold disk reads, walks over directories.
public final class BlockingPool: Sendable {
    private struct State {
        /// What waits, from `head` on; what was taken is nil, so that what it holds is let go of.
        var queue: [(@Sendable () -> Void)?] = []
        var head = 0
        var threads = 0
        var idle = 0

        mutating func takeFirst() -> (@Sendable () -> Void)? {
            guard head < queue.count else { return nil }
            let work = queue[head]
            queue[head] = nil
            head += 1
            // Half of it is behind us: move the rest down, so that a queue which is never empty does not grow for ever.
            if head * 2 >= queue.count {
                queue.removeFirst(head)
                head = 0
            }
            return work
        }
    }

    private let state = Lock(State())
    private let signal: CountingSignal
    private let limit: Int

    /// At most `threads` threads, started as they are needed.
    public init(threads: Int) {
        limit = threads
        signal = CountingSignal()
    }

    /// Runs `work` on one of the threads.
    public func run(_ work: @escaping @Sendable () -> Void) {
        let needsThread = state.withLock { state in
            state.queue.append(work)
            if state.idle < state.queue.count - state.head, state.threads < limit {
                state.threads += 1
                return true
            }
            return false
        }
        if needsThread && !startThread() { return serveHere() }
        signal.raise()
    }

    /// False when the system refuses the thread and there is no other that could do the work.
    private func startThread() -> Bool {
        do throws(SystemError) {
            try Threads.start { self.serve() }
            return true
        } catch {
            return state.withLock { state in
                state.threads -= 1
                return state.threads > 0
            }
        }
    }

    /// The last resort: the caller waits for the work itself.
    private func serveHere() {
        while let work = state.withLock({ $0.takeFirst() }) { work() }
    }

    private func serve() {
        while true {
            state.withLock { $0.idle += 1 }
            signal.await()
            let work: (@Sendable () -> Void)? = state.withLock { state in
                state.idle -= 1
                return state.takeFirst()
            }
            work?()
        }
    }
}

/// A result on its way from another thread.
final class Delivery<R: Sendable>: Sendable {
    private let place = Lock<R?>(nil)

    func put(_ result: R) { place.withLock { $0 = result } }
    func take() -> R? { place.withLock { $0 } }
}

extension Parking {
    /// Has another thread do `work` and waits for its result. Other reasons that come meanwhile are kept.
    public final func offload<R: Sendable>(to pool: BlockingPool, _ work: @escaping @Sendable () -> R) async -> R {
        let delivery = Delivery<R>()
        let waker = self.waker
        pool.run {
            delivery.put(work())
            waker.wake(.work)
        }
        var others: WakeReasons = []
        while true {
            if let result = delivery.take() {
                others.subtract([.work, .timer])
                if !others.isEmpty { wake(others) }
                return result
            }
            // The pool always answers; the deadline only renews the wait.
            others.formUnion(await park(until: loop.now + 60_000))
        }
    }
}
