/// What belongs to one event loop and never leaves its thread.
///
/// The reference is strong, since an unowned one costs an atomic check at each use; the loop lets go of its objects when it ends.
///
/// Not Sendable on purpose: the compiler then refuses to hand such an object to another thread.
open class LoopBound {
    public final let loop: EventLoop

    public init(loop: EventLoop) { self.loop = loop }

    /// Traps in debug builds when the caller is not on the loop's thread.
    public final func assertOnLoop() { assert(loop.executor.isCurrent) }
}

@available(*, unavailable)
extension LoopBound: Sendable {}
