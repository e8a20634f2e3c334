import Foundation

/// Orders two threads: one waits until the other opens the gate. Once open it stays open.
public final class Gate: @unchecked Sendable {
    private let condition = NSCondition()
    private var opened = false

    public init() {}

    public func open() {
        condition.lock()
        opened = true
        condition.broadcast()
        condition.unlock()
    }

    public var isOpen: Bool {
        condition.lock()
        defer { condition.unlock() }
        return opened
    }

    /// Waits for `open`. Returns false when the time passed first.
    @discardableResult
    public func wait(within limit: Duration = patience) -> Bool {
        let parts = limit.components
        let end = Date(timeIntervalSinceNow: Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
        condition.lock()
        defer { condition.unlock() }
        while !opened {
            if !condition.wait(until: end) { return opened }
        }
        return true
    }
}
