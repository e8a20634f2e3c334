import CLinux
import Glibc

/// A descriptor that becomes readable at a moment given in nanoseconds (timerfd on the monotonic clock): for what the
/// milliseconds of a loop's timers are too coarse for.
public final class TimerDescriptor: Sendable {
    private let descriptor: FileDescriptor

    public init() throws(SystemError) {
        let raw = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK) | Int32(TFD_CLOEXEC))
        if raw < 0 { throw SystemError.current }
        descriptor = FileDescriptor(owning: raw)
    }

    public var rawValue: Int32 { descriptor.rawValue }

    /// Readable from `moment` on (nanoseconds of `Clock.monotonicNanoseconds`) until it is set again; nil: never.
    public func set(_ moment: Int64?) {
        var setting = itimerspec()
        if let moment {
            // All zeros would mean never.
            let moment = max(moment, 1)
            setting.it_value.tv_sec = Int(moment / 1_000_000_000)
            setting.it_value.tv_nsec = Int(moment % 1_000_000_000)
        }
        // Sound: the kernel reads one structure during the call.
        _ = unsafe timerfd_settime(descriptor.rawValue, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }
}
