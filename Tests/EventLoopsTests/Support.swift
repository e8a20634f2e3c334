import Bytes
import EventLoops
import Platform
import TestSupport

/// Bytes of a string.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Runs a loop on a thread of its own until `body`, a task on it, has ended, and returns what it returned.
func onLoop<Result: Sendable>(_ body: @escaping @Sendable (EventLoop) async throws -> Result) throws -> Result {
    try Background {
        let loop = try EventLoop()
        let outcome = Guarded<Swift.Result<Result, any Error>?>(nil)
        loop.run { loop in
            loop.start {
                let result: Swift.Result<Result, any Error>
                do { result = .success(try await body(loop)) } catch { result = .failure(error) }
                outcome.with { $0 = result }
                loop.stop()
            }
        }
        guard let result = outcome.copy else { throw HarnessError("the loop stopped before its task ended") }
        return try result.get()
    }.wait()
}

/// A loop on a thread of its own that other threads talk to. Stopped by `stop`, at the end of the test.
final class RunningLoop: Sendable {
    let mailbox: Mailbox

    init() throws { mailbox = try EventLoop.start(index: 3) { _ in } }

    /// Runs `body` on the loop and waits for what it returns.
    func ask<Answer: Sendable>(_ body: @escaping @Sendable (EventLoop) -> Answer) throws -> Answer {
        let answer = Guarded<Answer?>(nil)
        let done = Gate()
        mailbox.call { loop in
            let value = body(loop)
            answer.with { $0 = value }
            done.open()
        }
        guard done.wait(), let value = answer.copy else { throw HarnessError("the loop does not answer") }
        return value
    }

    func stop() { mailbox.call { $0.stop() } }
}

/// An object on a loop that notes what it is called for.
class Probe: EventLoops.Endpoint {
    var ready: [Readiness] = []
    /// Calls of `ready`, with those that brought nothing that is wanted.
    var calls = 0
    var timers = 0
    var woken: WakeReasons = []
    var turns = 0
    /// Called at each of the calls, after it was noted.
    var onCall: ((Probe) -> Void)?

    override func ready(_ readiness: Readiness) {
        calls += 1
        let useful = filter(readiness)
        if useful.isEmpty { return }
        ready.append(useful)
        onCall?(self)
    }

    override func timerFired() {
        timers += 1
        onCall?(self)
    }

    override func wake(_ reasons: WakeReasons) {
        woken.formUnion(reasons)
        onCall?(self)
    }

    override func turnEnded() {
        turns += 1
        onCall?(self)
    }
}

/// Two connected sockets that do not wait.
struct Ends {
    let first: SharedDescriptor
    let second: SharedDescriptor

    init() throws(SystemError) {
        var ends: (SharedDescriptor, SharedDescriptor)?
        try Socket.pair().split { ends = (SharedDescriptor($0), SharedDescriptor($1)) }
        guard let ends else { throw SystemError.invalidArgument }
        (first, second) = ends
        Socket.setNonBlocking(first.rawValue)
        Socket.setNonBlocking(second.rawValue)
    }

    /// Writes to the second end, to be read at the first.
    func write(_ text: String) throws(SystemError) { try File.write(second.rawValue, bytes(text).span) }
}

extension EventLoop {
    /// Lets the loop turn until `condition` holds; returns whether it came to that before patience ended.
    func turnUntil(_ condition: () -> Bool) async -> Bool {
        let parking = Parking(loop: self)
        defer { parking.resign() }
        let end = Clock.monotonicMilliseconds() + patience.components.seconds * 1000
        while !condition() {
            if Clock.monotonicMilliseconds() > end { return false }
            _ = await parking.park(until: now + 1)
        }
        return true
    }
}
