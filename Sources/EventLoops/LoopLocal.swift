/// Something that only one loop uses, reachable from an immutable configuration that is Sendable.
///
/// A site is built off its loop, for one loop: what its handlers keep from request to request (open files) is made at the
/// first use, on the loop's thread, and never touched by another one.
@safe
public final class LoopLocal<Value>: @unchecked Sendable {
    private var value: Value?
    private let make: @Sendable () -> Value

    public init(_ make: @escaping @Sendable () -> Value) { self.make = make }

    /// The value; the caller runs on the loop that owns it.
    public func value(on loop: EventLoop) -> Value {
        // Sound: one loop only ever calls this (asserted in debug builds by its executor), so nothing is shared.
        assert(loop.executor.isCurrent)
        if let value { return value }
        let new = make()
        value = new
        return new
    }
}
