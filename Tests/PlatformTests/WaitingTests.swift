import Glibc
import TestSupport
import Testing

@testable import Platform

@Suite("Clocks, timers, epoll, locks, threads")
struct WaitingTests {
    @Test("clocks agree with each other and with themselves")
    func clocks() {
        let milliseconds = Clock.monotonicMilliseconds()
        let nanoseconds = Clock.monotonicNanoseconds()
        #expect(nanoseconds / 1_000_000 >= milliseconds && nanoseconds / 1_000_000 < milliseconds + 60_000)
        #expect(Clock.monotonicNanoseconds() >= nanoseconds)
        #expect(abs(Clock.wallMilliseconds() / 1000 - Int64(time(nil))) <= 1)
        let before = Clock.threadNanoseconds()
        var sum = 0
        for value in 0..<100_000 { sum &+= value &* value }
        #expect(sum != 1 && Clock.threadNanoseconds() > before)
        // Far east to far west, by quarters of an hour.
        let offset = Clock.utcOffset(at: 1_700_000_000)
        #expect(abs(offset) <= 14 * 3600 && offset % 900 == 0)
    }

    @Test("epoll reports what is asked for, with its token, until it is removed")
    func epoll() throws {
        let set = try Epoll()
        let wake = try WakeDescriptor()
        #expect(try set.wait(milliseconds: 0) == 0)
        try set.add(wake.rawValue, .readable, token: 0xdead_beef_0000_0001)
        #expect(throws: SystemError.exists) { try set.add(wake.rawValue, .readable, token: 2) }
        wake.signal()
        wake.signal()
        #expect(try set.wait(milliseconds: 1000) == 1)
        #expect(set.event(at: 0).token == 0xdead_beef_0000_0001 && set.event(at: 0).readiness == .readable)
        // Level-triggered: until it is drained, however often it was signalled.
        #expect(try set.wait(milliseconds: 1000) == 1)
        wake.drain()
        #expect(try set.wait(milliseconds: 0) == 0)
        try set.change(wake.rawValue, .writable, token: 3)
        #expect(try set.wait(milliseconds: 1000) == 1 && set.event(at: 0) == (3, .writable))
        set.remove(wake.rawValue)
        #expect(try set.wait(milliseconds: 0) == 0)
        #expect(throws: SystemError.notFound) { try set.change(wake.rawValue, .readable, token: 4) }
    }

    @Test("a hundred descriptors at once are a hundred events")
    func manyEvents() throws {
        let set = try Epoll()
        let wakes = try (0..<100).map { _ in try WakeDescriptor() }
        for (index, wake) in wakes.enumerated() {
            try set.add(wake.rawValue, .readable, token: UInt64(index))
            wake.signal()
        }
        let count = try set.wait(milliseconds: 1000)
        #expect(Set((0..<count).map { set.event(at: $0).token }) == Set(0..<100))
    }

    @Test("a timer descriptor is readable from its moment on, not before, and can be called off")
    func timerDescriptor() throws {
        let set = try Epoll()
        let timer = try TimerDescriptor()
        try set.add(timer.rawValue, .readable, token: 1)
        let moment = Clock.monotonicNanoseconds() + 15_000_000
        timer.set(moment)
        #expect(try set.wait(milliseconds: 20_000) == 1)
        #expect(Clock.monotonicNanoseconds() >= moment)
        timer.set(Clock.monotonicNanoseconds() + 60_000_000_000)
        #expect(try set.wait(milliseconds: 0) == 0)
        timer.set(0)
        #expect(try set.wait(milliseconds: 20_000) == 1, "a moment that is past")
        timer.set(nil)
        #expect(try set.wait(milliseconds: 0) == 0)
    }

    @Test("one thread at a time is inside a lock; an error leaves it open")
    func locks() throws {
        struct Refusal: Error {}
        let lock = Lock(0)
        _ = try onThreads(4) { _ in
            for _ in 0..<2_000 { lock.withLock { $0 += 1 } }
        }
        #expect(throws: Refusal.self) {
            try lock.withLock { (value) throws(Refusal) in
                value += 1
                throw Refusal()
            }
        }
        #expect(lock.withLock { $0 } == 8_001)
    }

    @Test("a signal raised before anybody waits is not lost, and each wakes one")
    func signals() throws {
        let signal = CountingSignal()
        signal.raise()
        signal.raise()
        signal.await()
        signal.await()
        let woken = Guarded(0)
        let waiters = (0..<3).map { _ in
            Background {
                signal.await()
                woken.with { $0 += 1 }
            }
        }
        signal.raise()
        #expect(eventually { woken.copy == 1 })
        signal.raise()
        signal.raise()
        for waiter in waiters { try waiter.wait() }
        #expect(woken.copy == 3)
    }

    @Test("threads are told apart; one that cannot be had is an error")
    func threads() throws {
        let here = Threads.current
        #expect(try onThreads(1) { _ in Threads.current } != [here])
        let started = Gate()
        try Threads.start { started.open() }
        #expect(started.wait())
        // No machine has a stack of a thousand terabytes to give.
        #expect(throws: SystemError.self) { try Threads.start(stackSize: 1 << 50) {} }
    }

    @Test("a signal of the process is taken from its descriptor, by its name")
    func signalDescriptor() throws {
        // Blocked for one thread and sent to that thread: the process itself never sees it.
        let taken = try onThreads(1) { _ in
            Signals.block([.windowChange])
            let descriptor = try Signals.descriptor([.windowChange])
            if Signals.take(descriptor.rawValue) != nil { return Signals.Arrival?.none }
            pthread_kill(pthread_self(), SIGWINCH)
            return Signals.take(descriptor.rawValue)
        }
        #expect(taken == [Signals.Arrival(signal: .windowChange, sender: ProcessControl.identifier)])
        #expect(Signal.allCases.map(\.name).allSatisfy { $0.hasPrefix("SIG") })
        #expect(
            Signal.allCases.map(\.rawValue) == [SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGCHLD, SIGWINCH])
    }
}
