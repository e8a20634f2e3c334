import Bytes

/// A moment as logs write it, on a wall whose clock is so many seconds ahead of UTC. Pure: the caller says how many.
public struct CalendarTime: Sendable, Equatable {
    /// The date and the time of day on that wall.
    public let civil: CivilTime
    /// Seconds that this clock is ahead of UTC.
    public let utcOffset: Int

    /// `seconds` since 1970-01-01T00:00:00Z; the year is kept within 0...9999.
    public init(seconds: Int64, utcOffset: Int = 0) {
        // Wraps far outside the calendar, whose bounds hold all the same.
        civil = CivilTime(seconds &+ Int64(utcOffset))
        self.utcOffset = utcOffset
    }

    /// `2026/11/24 07:51:27`: the error log's form.
    public func appendErrorLogForm(to output: inout [UInt8]) {
        appendDate(separator: UInt8(ascii: "/"), to: &output)
        output.append(ASCII.space)
        appendClock(to: &output)
    }

    /// `24/Nov/2026:07:51:27 +0000`: `$time_local`.
    public func appendLocalForm(to output: inout [UInt8]) {
        output.append(twoDigits: civil.day)
        output.append(UInt8(ascii: "/"))
        output.append(literal: civil.monthName)
        output.append(UInt8(ascii: "/"))
        output.append(fourDigits: civil.year)
        output.append(UInt8(ascii: ":"))
        appendClock(to: &output)
        output.append(ASCII.space)
        appendOffset(colon: false, to: &output)
    }

    /// `2026-11-24T07:51:27+00:00`: `$time_iso8601`.
    public func appendISO8601Form(to output: inout [UInt8]) {
        appendDate(separator: UInt8(ascii: "-"), to: &output)
        output.append(UInt8(ascii: "T"))
        appendClock(to: &output)
        appendOffset(colon: true, to: &output)
    }

    private func appendDate(separator: UInt8, to output: inout [UInt8]) {
        output.append(fourDigits: civil.year)
        output.append(separator)
        output.append(twoDigits: civil.month)
        output.append(separator)
        output.append(twoDigits: civil.day)
    }

    private func appendClock(to output: inout [UInt8]) {
        output.append(twoDigits: civil.hour)
        output.append(UInt8(ascii: ":"))
        output.append(twoDigits: civil.minute)
        output.append(UInt8(ascii: ":"))
        output.append(twoDigits: civil.second)
    }

    private func appendOffset(colon: Bool, to output: inout [UInt8]) {
        let minutes = Int(utcOffset.magnitude / 60)
        output.append(utcOffset < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        output.append(twoDigits: minutes / 60)
        if colon { output.append(UInt8(ascii: ":")) }
        output.append(twoDigits: minutes % 60)
    }
}
