/// A moment as a calendar date and a time of day, in the proleptic Gregorian calendar: for the dates of HTTP and of logs.
/// No library is asked: `gmtime` would be a call with a lock, and knows nothing better.
public struct CivilTime: Equatable, Sendable {
    public var year: Int
    /// 1...12
    public var month: Int
    /// 1...31
    public var day: Int
    public var hour: Int
    public var minute: Int
    public var second: Int
    /// 0 is Sunday.
    public var weekday: Int

    /// The date and time `seconds` after 1970-01-01T00:00:00; the year is kept within 0...9999.
    public init(_ seconds: Int64) {
        let bounded = min(max(seconds, CivilTime.earliest), CivilTime.latest)
        let days = Int((bounded >= 0 ? bounded : bounded - 86399) / 86400)
        let rest = Int(bounded) - days * 86400
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
        weekday = ((days + 4) % 7 + 7) % 7
        // Years are counted from 1 March, so that the leap day is a year's last; 400 of them have 146,097 days.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// 0000-01-01 and 9999-12-31, the years that dates are written with.
    private static let earliest: Int64 = -62_167_219_200
    private static let latest: Int64 = 253_402_300_799

    /// The seconds since 1970 of a date and time that exists, or nil. A leap second counts as the second before it.
    public static func seconds(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) -> Int64? {
        guard year >= 0, year <= 9999, month >= 1, month <= 12, day >= 1, day <= days(inMonth: month, year: year) else {
            return nil
        }
        guard hour >= 0, hour <= 23, minute >= 0, minute <= 59, second >= 0, second <= 60 else { return nil }
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return Int64(days) * 86400 + Int64(hour * 3600 + minute * 60 + min(second, 59))
    }

    private static func days(inMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// "Sun" … "Sat".
    public var weekdayName: StaticString {
        switch weekday {
        case 0: "Sun"
        case 1: "Mon"
        case 2: "Tue"
        case 3: "Wed"
        case 4: "Thu"
        case 5: "Fri"
        default: "Sat"
        }
    }

    /// "Jan" … "Dec".
    public var monthName: StaticString { CivilTime.monthName(month) }

    public static func monthName(_ month: Int) -> StaticString {
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

extension Array where Element == UInt8 {
    /// Appends `value`, 0...99, in two digits.
    public mutating func append(twoDigits value: Int) {
        append(UInt8(truncatingIfNeeded: 48 + value / 10 % 10))
        append(UInt8(truncatingIfNeeded: 48 + value % 10))
    }

    /// Appends `value`, 0...9999, in four digits.
    public mutating func append(fourDigits value: Int) {
        append(twoDigits: value / 100)
        append(twoDigits: value % 100)
    }
}
