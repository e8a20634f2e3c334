import Bytes

/// A moment as the calendar and the clock on the wall show it. Pure: the caller says how far the wall is from UTC.
package struct CalendarTime: Sendable, Equatable {
    package let year: Int
    /// 1 to 12.
    package let month: Int
    /// 1 to 31.
    package let day: Int
    package let hour: Int
    package let minute: Int
    package let second: Int
    /// Seconds that this clock is ahead of UTC.
    package let utcOffset: Int

    /// The calendar's view of `seconds` since 1970-01-01T00:00:00Z, in the proleptic Gregorian calendar.
    package init(seconds: Int64, utcOffset: Int = 0) {
        let local = seconds &+ Int64(utcOffset)
        let (days, rest) = CalendarTime.divide(local, 86_400)
        self.utcOffset = utcOffset
        hour = Int(rest / 3_600)
        minute = Int(rest / 60 % 60)
        second = Int(rest % 60)
        // Days are counted from 1 March of the year 0, so that the leap day ends its year; 400 years have 146,097 days.
        let (era, dayOfEra) = CalendarTime.divide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shifted + 2) / 5 + 1)
        month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    /// Quotient rounded down, and a remainder that is not negative.
    private static func divide(_ value: Int64, _ by: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
        return remainder < 0 ? (quotient - 1, remainder + by) : (quotient, remainder)
    }

    /// `2026/11/24 07:51:27`: the error log's form.
    package func appendErrorLogForm(to output: inout [UInt8]) {
        appendDate(separator: UInt8(ascii: "/"), to: &output)
        output.append(ASCII.space)
        appendClock(to: &output)
    }

    /// `24/Nov/2026:07:51:27 +0000`: `$time_local`.
    package func appendLocalForm(to output: inout [UInt8]) {
        CalendarTime.append(day, digits: 2, to: &output)
        output.append(UInt8(ascii: "/"))
        output.append(literal: CalendarTime.monthName(month))
        output.append(UInt8(ascii: "/"))
        CalendarTime.append(year, digits: 4, to: &output)
        output.append(UInt8(ascii: ":"))
        appendClock(to: &output)
        output.append(ASCII.space)
        appendOffset(colon: false, to: &output)
    }

    /// `2026-11-24T07:51:27+00:00`: `$time_iso8601`.
    package func appendISO8601Form(to output: inout [UInt8]) {
        appendDate(separator: UInt8(ascii: "-"), to: &output)
        output.append(UInt8(ascii: "T"))
        appendClock(to: &output)
        appendOffset(colon: true, to: &output)
    }

    private func appendDate(separator: UInt8, to output: inout [UInt8]) {
        CalendarTime.append(year, digits: 4, to: &output)
        output.append(separator)
        CalendarTime.append(month, digits: 2, to: &output)
        output.append(separator)
        CalendarTime.append(day, digits: 2, to: &output)
    }

    private func appendClock(to output: inout [UInt8]) {
        CalendarTime.append(hour, digits: 2, to: &output)
        output.append(UInt8(ascii: ":"))
        CalendarTime.append(minute, digits: 2, to: &output)
        output.append(UInt8(ascii: ":"))
        CalendarTime.append(second, digits: 2, to: &output)
    }

    private func appendOffset(colon: Bool, to output: inout [UInt8]) {
        let minutes = abs(utcOffset) / 60
        output.append(utcOffset < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        CalendarTime.append(minutes / 60, digits: 2, to: &output)
        if colon { output.append(UInt8(ascii: ":")) }
        CalendarTime.append(minutes % 60, digits: 2, to: &output)
    }

    /// `value` with leading zeros; one that needs more digits is written whole.
    private static func append(_ value: Int, digits: Int, to output: inout [UInt8]) {
        if value < 0 { output.append(UInt8(ascii: "-")) }
        var least = 10
        for _ in 1..<digits {
            if value.magnitude < least { output.append(UInt8(ascii: "0")) }
            least *= 10
        }
        // The zeros above were counted from the short end: they stand before the digits all the same.
        output.append(decimal: Int(value.magnitude))
    }

    private static func monthName(_ month: Int) -> StaticString {
        switch month {
        case 1: "Jan"
        case 2: "Feb"
        case 3: "Mar"
        case 4: "Apr"
        case 5: "May"
        case 6: "Jun"
        case 7: "Jul"
        case 8: "Aug"
        case 9: "Sep"
        case 10: "Oct"
        case 11: "Nov"
        default: "Dec"
        }
    }
}
