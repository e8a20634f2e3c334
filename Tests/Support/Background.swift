import Foundation

/// Work on a thread of its own, whose result or error the test collects. Tests block, so a client that must run beside
/// others needs a thread, not a task of the small cooperative pool.
public final class Background<Value: Sendable>: Sendable {
    private let outcome = Guarded<Result<Value, any Error>?>(nil)
    private let done = Gate()

    public init(_ work: @escaping @Sendable () throws -> Value) {
        let thread = Thread { [outcome, done] in
            let result = Result { try work() }
            outcome.with { $0 = result }
            done.open()
        }
        thread.stackSize = 512 * 1024
        thread.start()
    }

    public var isDone: Bool { done.isOpen }

    /// Waits for the result; throws what the work threw, or an error when it did not end in time.
    @discardableResult
    public func wait(within limit: Duration = patience * 3) throws -> Value {
        guard done.wait(within: limit), let result = outcome.copy else {
            throw HarnessError("work in the background did not end within \(limit)")
        }
        return try result.get()
    }
}

/// Runs `work` on `count` threads at once, numbered from 0, and returns their results in that order.
public func onThreads<Value: Sendable>(
    _ count: Int, within limit: Duration = patience * 3, _ work: @escaping @Sendable (Int) throws -> Value
) throws -> [Value] {
    let all = (0..<count).map { number in Background { try work(number) } }
    return try all.map { try $0.wait(within: limit) }
}
