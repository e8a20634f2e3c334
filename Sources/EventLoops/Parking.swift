import Platform

/// The one primitive for waiting: a task parks with a deadline and is woken with a set of reasons.
///
/// Reasons that come while nobody is parked are kept for the next `park`, so none is lost between a look and a wait.
@safe
open class Parking: LoopObject {
    // Sound: set and taken on the loop's thread only; each continuation is resumed exactly once.
    private var continuation: UnsafeContinuation<WakeReasons, Never>?
    private var kept: WakeReasons = []

    /// Waits until somebody wakes this object or `deadline` (milliseconds of the loop's clock) passes.
    public final func park(until deadline: Int64) async -> WakeReasons {
        if !kept.isEmpty {
            let reasons = kept
            kept = []
            return reasons
        }
        enroll()
        setTimer(deadline)
        return await unsafe withUnsafeContinuation { unsafe continuation = $0 }
    }

    /// What the task does that `loop.start(self)` starts.
    open func main() async {}

    open override func wake(_ reasons: WakeReasons) {
        guard let waiting = unsafe continuation else {
            kept.formUnion(reasons)
            return
        }
        unsafe continuation = nil
        clearTimer()
        unsafe waiting.resume(returning: reasons)
    }

    open override func timerFired() { wake(.timer) }
}
