import Glibc

/// The two clocks. Both are read once per turn of a loop, never by a request.
public enum Clock {
    /// Milliseconds that never go backwards: deadlines and durations.
    public static func monotonicMilliseconds() -> Int64 {
        let time = read(CLOCK_MONOTONIC)
        return Int64(time.seconds) * 1000 + Int64(time.nanoseconds) / 1_000_000
    }

    /// Nanoseconds that never go backwards.
    public static func monotonicNanoseconds() -> Int64 {
        let time = read(CLOCK_MONOTONIC)
        return Int64(time.seconds) * 1_000_000_000 + Int64(time.nanoseconds)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    public static func wallMilliseconds() -> Int64 {
        let time = read(CLOCK_REALTIME)
        return Int64(time.seconds) * 1000 + Int64(time.nanoseconds) / 1_000_000
    }

    /// Processor time of the calling thread, in nanoseconds.
    public static func threadNanoseconds() -> Int64 {
        let time = read(CLOCK_THREAD_CPUTIME_ID)
        return Int64(time.seconds) * 1_000_000_000 + Int64(time.nanoseconds)
    }

    /// Seconds that local time is ahead of UTC at `wallSeconds`.
    public static func utcOffset(at wallSeconds: Int64) -> Int {
        var time = time_t(wallSeconds)
        var parts = unsafe tm()
        // Sound: both arguments are ours and live through the call.
        guard unsafe localtime_r(&time, &parts) != nil else { return 0 }
        return unsafe parts.tm_gmtoff
    }

    private static func read(_ clock: clockid_t) -> (seconds: Int, nanoseconds: Int) {
        var time = timespec()
        // Sound: `time` is ours; the clocks named above always exist.
        unsafe clock_gettime(clock, &time)
        return (time.tv_sec, time.tv_nsec)
    }
}
