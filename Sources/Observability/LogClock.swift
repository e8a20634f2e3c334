import Bytes
import Platform

/// The three forms in which logs write a moment, made once per second. Each loop has its own.
public final class LogClock {
    private var seconds = Int64.min
    /// `2026/11/24 07:51:27`
    public private(set) var errorLogForm: [UInt8] = []
    /// `24/Nov/2026:07:51:27 +0000`
    public private(set) var localForm: [UInt8] = []
    /// `2026-11-24T07:51:27+00:00`
    public private(set) var iso8601Form: [UInt8] = []
    /// Appends `localForm`.
    public func appendLocalForm(to output: inout ByteString) {
        let form = localForm
        output.append(form.span)
    }

    /// Answers how far local time is ahead of UTC at a moment, both in seconds.
    private let utcOffset: @Sendable (Int64) -> Int

    /// A clock that goes by the machine's time zone, unless told another.
    public init(utcOffset: @escaping @Sendable (Int64) -> Int = { Clock.utcOffset(at: $0) }) {
        self.utcOffset = utcOffset
    }

    /// Moves to `seconds` since the epoch.
    public func set(_ seconds: Int64) {
        guard seconds != self.seconds else { return }
        self.seconds = seconds
        let time = CalendarTime(seconds: seconds, utcOffset: utcOffset(seconds))
        errorLogForm.removeAll(keepingCapacity: true)
        localForm.removeAll(keepingCapacity: true)
        iso8601Form.removeAll(keepingCapacity: true)
        time.appendErrorLogForm(to: &errorLogForm)
        time.appendLocalForm(to: &localForm)
        time.appendISO8601Form(to: &iso8601Form)
    }
}
