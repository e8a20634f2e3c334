/// What belongs to one event loop and never leaves its thread.
///
/// Not Sendable on purpose: the compiler then refuses to hand such an object to another thread.
open class LoopBound {
    public unowned let loop: EventLoop

    public init(loop: EventLoop) { self.loop = loop }

    /// Traps in debug builds when the caller is not on the loop's thread.
    public final func assertOnLoop() { assert(loop.executor.isCurrent) }
}

@available(*, unavailable)
extension LoopBound: Sendable {}
