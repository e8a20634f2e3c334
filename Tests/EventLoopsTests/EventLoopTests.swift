import Bytes
import EventLoops
import Platform
import TestSupport
import Testing

@Suite("Event loops")
struct EventLoopTests {
    @Test("a task runs at once up to its first wait, and goes on on the loop's thread")
    func tasks() throws {
        let order = try onLoop { loop in
            var order: [String] = []
            let thread = Threads.current
            let parking = Parking(loop: loop)
            loop.start {
                order.append("inner 1")
                _ = await parking.park(until: loop.now + 60_000)
                order.append(Threads.current == thread ? "inner 2" : "elsewhere")
            }
            order.append("outer, \(loop.taskCount) tasks")
            parking.waker.wake(.work)
            let ended = await loop.turnUntil { loop.taskCount == 1 }
            order.append("ended \(ended)")
            return order
        }
        #expect(order == ["inner 1", "outer, 2 tasks", "inner 2", "ended true"])
    }

    @Test("messages of many threads all arrive, on the loop's thread, each thread's in its order")
    func mail() throws {
        let loop = try RunningLoop()
        defer { loop.stop() }
        let thread = try loop.ask { _ in Threads.current }
        let seen = Guarded<[[Int]]>([[], [], [], []])
        let strays = Guarded(0)
        _ = try onThreads(4) { number in
            for value in 0..<500 {
                loop.mailbox.call { _ in
                    if Threads.current != thread { strays.with { $0 += 1 } }
                    seen.with { $0[number].append(value) }
                }
            }
        }
        _ = try loop.ask { _ in 0 }
        #expect(strays.copy == 0)
        #expect(seen.copy == [[Int]](repeating: Array(0..<500), count: 4))
        #expect(try loop.ask { $0.index } == 3)
    }

    @Test("clocks are read once per turn; tests may move the wall clock")
    func clocks() throws {
        let loop = try RunningLoop()
        defer { loop.stop() }
        let before = (Clock.monotonicMilliseconds(), Clock.wallMilliseconds())
        let (now, wall) = try loop.ask { ($0.now, $0.wallNow) }
        #expect(now >= before.0 && now <= Clock.monotonicMilliseconds())
        #expect(wall >= before.1 && wall <= Clock.wallMilliseconds())
        _ = try loop.ask { $0.wallOffset = 86_400_000 }
        let moved = try loop.ask { $0.wallNow }
        #expect(moved >= wall + 86_400_000 && moved <= Clock.wallMilliseconds() + 86_400_000)
    }

    @Test("what is to happen at the end of a turn happens once; asked for from there, in the next turn")
    func endOfTurn() throws {
        let turns = try onLoop { loop in
            let probe = Probe(loop: loop)
            var afterTurns = 0
            var atTurn: [Int] = []
            loop.afterTurn = { afterTurns += 1 }
            probe.onCall = { probe in
                atTurn.append(afterTurns)
                if probe.turns < 3 { loop.atEndOfTurn(probe) }
            }
            loop.atEndOfTurn(probe)
            let done = await loop.turnUntil { probe.turns == 3 }
            _ = await loop.turnUntil { afterTurns > 5 }
            return done ? atTurn.map { $0 - atTurn[0] } : []
        }
        #expect(turns == [0, 1, 2])
    }

    @Test("objects are called while enrolled and never after; a place is used again without its old tickets' calls")
    func table() throws {
        let seen = try onLoop { loop in
            var seen: [Bool] = []
            let old = Probe(loop: loop)
            let waker = old.waker
            let ticket = old.ticket
            old.resign()
            let new = Probe(loop: loop)
            new.enroll()
            // The same place, another ticket.
            seen.append(new.ticket != ticket)
            waker.wake(.client)
            new.waker.wake(.body)
            _ = await loop.turnUntil { !new.woken.isEmpty }
            seen.append(old.woken.isEmpty && new.woken == .body)
            seen.append(loop.objects.contains { $0 === new } && !loop.objects.contains { $0 === old })
            seen.append(waker != new.waker && new.waker == new.waker)
            return seen
        }
        #expect(seen == [true, true, true, true])
    }

    @Test("a timer fires once, not before its deadline, and can be moved or cleared")
    func timers() throws {
        let result = try onLoop { loop in
            let fires = Probe(loop: loop)
            let moved = Probe(loop: loop)
            let cleared = Probe(loop: loop)
            let late = Probe(loop: loop)
            let start = loop.now
            for probe in [fires, moved, cleared, late] { probe.enroll() }
            var at: Int64 = 0
            fires.onCall = { _ in at = loop.now - start }
            fires.setTimer(start + 30)
            moved.setTimer(start + 10)
            moved.setTimer(start + 60_000)
            cleared.setTimer(start + 10)
            cleared.clearTimer()
            late.setTimer(start - 1_000)
            let fired = await loop.turnUntil { fires.timers > 0 && late.timers > 0 }
            _ = await loop.turnUntil { loop.now >= start + 60 }
            return (fired, at, [fires.timers, moved.timers, cleared.timers, late.timers])
        }
        #expect(result.0 && result.1 >= 30)
        #expect(result.2 == [1, 0, 0, 1])
    }

    @Test("of two timers due in one turn, the first that fires may move or clear the other", arguments: [true, false])
    func timersOfOneTurn(moves: Bool) throws {
        let fired = try onLoop { loop in
            let pair = [Probe(loop: loop), Probe(loop: loop)]
            let deadline = loop.now + 20
            for (index, probe) in pair.enumerated() {
                probe.enroll()
                probe.setTimer(deadline)
                probe.onCall = { _ in
                    if moves { pair[1 - index].setTimer(loop.now + 60_000) } else { pair[1 - index].clearTimer() }
                }
            }
            _ = await loop.turnUntil { pair.contains { $0.timers > 0 } }
            _ = await loop.turnUntil { loop.now > deadline + 20 }
            return pair[0].timers + pair[1].timers
        }
        #expect(fired == 1)
    }

    @Test("what belongs to one loop is made once, at its first use")
    func loopLocal() throws {
        let made = Guarded(0)
        let local = LoopLocal {
            made.with { $0 += 1 }
            return [1, 2]
        }
        #expect(made.copy == 0)
        #expect(try onLoop { loop in local.value(on: loop) + local.value(on: loop) } == [1, 2, 1, 2])
        #expect(made.copy == 1)
    }
}
