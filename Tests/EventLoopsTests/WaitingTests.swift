import EventLoops
import Platform
import TestSupport
import Testing

@Suite("Waiting and waking")
struct ParkingTests {
    @Test("who waits is woken by a reason or by the deadline")
    func reasons() throws {
        let seen = try onLoop { loop in
            let parking = Parking(loop: loop)
            let start = loop.now
            let timed = await parking.park(until: start + 20)
            let waited = loop.now - start
            let waker = parking.waker
            try Threads.start { waker.wake([.client, .body]) }
            let woken = await parking.park(until: loop.now + 60_000)
            return (timed, waited >= 20, woken)
        }
        #expect(seen.0 == .timer && seen.1)
        #expect(seen.2 == [.client, .body])
    }

    @Test("reasons that come while nobody waits are kept, together, for the next wait, once")
    func kept() throws {
        let seen = try onLoop { loop in
            let parking = Parking(loop: loop)
            parking.wake(.client)
            parking.wake(.fill)
            let first = await parking.park(until: loop.now + 60_000)
            let second = await parking.park(until: loop.now + 1)
            return [first, second]
        }
        #expect(seen == [[.client, .fill], .timer])
    }

    @Test("no reason of many threads is lost")
    func many() throws {
        let all: [WakeReasons] = [.client, .clientGone, .upstream, .body, .fill, .room, .shutdown, .work]
        let complete = try onLoop { loop in
            for _ in 0..<100 {
                let parking = Parking(loop: loop)
                let waker = parking.waker
                for reason in all { try Threads.start(stackSize: 1 << 18) { waker.wake(reason) } }
                var seen: WakeReasons = []
                while !seen.isSuperset(of: WakeReasons(all)) {
                    let reasons = await parking.park(until: loop.now + 20_000)
                    if reasons == .timer { return false }
                    seen.formUnion(reasons)
                }
                parking.resign()
            }
            return true
        }
        #expect(complete)
    }
}

@Suite("Work on other threads")
struct BlockingPoolTests {
    @Test("as many threads as the limit says work at once, and no more")
    func limit() throws {
        let pool = BlockingPool(threads: 3)
        let state = Guarded((running: 0, most: 0, done: 0))
        let together = Gate()
        for _ in 0..<40 {
            pool.run {
                let running = state.with { state in
                    state.running += 1
                    state.most = max(state.most, state.running)
                    return state.running
                }
                // The first ones wait for each other: only threads of their own let them meet.
                if running == 3 { together.open() }
                together.wait()
                state.with { state in
                    state.running -= 1
                    state.done += 1
                }
            }
        }
        #expect(eventually { state.copy.done == 40 })
        #expect(state.copy.most == 3)
    }

    @Test("work of one thread runs in its order, and is let go of when it is done")
    func orderAndLifetime() {
        final class Token: Sendable {}
        let pool = BlockingPool(threads: 1)
        let order = Guarded<[Int]>([])
        let isInSecond = Gate()
        let mayEnd = Gate()
        let isOver = Gate()
        let token = Guarded<Token?>(Token())
        weak let watched = token.copy
        let mayBegin = Gate()
        pool.run { mayBegin.wait() }
        if let held = token.copy { pool.run { withExtendedLifetime(held) { order.with { $0.append(1) } } } }
        token.with { $0 = nil }
        pool.run {
            order.with { $0.append(2) }
            isInSecond.open()
            mayEnd.wait()
        }
        pool.run {
            order.with { $0.append(3) }
            isOver.open()
        }
        for _ in 0..<20 { pool.run {} }
        mayBegin.open()
        #expect(isInSecond.wait())
        #expect(watched == nil, "what the first piece of work held is gone although others still wait")
        mayEnd.open()
        #expect(isOver.wait() && order.copy == [1, 2, 3])
    }

    @Test("a task gets the result of its work, and the reasons that came meanwhile afterwards")
    func offload() throws {
        let pool = BlockingPool(threads: 2)
        let seen = try onLoop { loop in
            let parking = Parking(loop: loop)
            let thread = Threads.current
            let waker = parking.waker
            let gate = Gate()
            let wasElsewhere = await parking.offload(to: pool) {
                waker.wake([.clientGone, .work])
                gate.wait(within: .milliseconds(20))
                return Threads.current != thread
            }
            let onLoopAgain = Threads.current == thread
            return (wasElsewhere, onLoopAgain, await parking.park(until: loop.now + 60_000))
        }
        #expect(seen.0 && seen.1 && seen.2 == .clientGone)
    }

    @Test("many tasks of one loop, few threads: each gets its own result")
    func manyOffloads() throws {
        let pool = BlockingPool(threads: 2)
        let results = try onLoop { loop in
            var results = [Int](repeating: -1, count: 100)
            for number in results.indices {
                loop.start {
                    let parking = Parking(loop: loop)
                    results[number] = await parking.offload(to: pool) { number * number }
                    parking.resign()
                }
            }
            _ = await loop.turnUntil { loop.taskCount == 1 }
            return results
        }
        #expect(results == (0..<100).map { $0 * $0 })
    }
}
