import Bytes

/// Dates as HTTP writes them (RFC 9110 §5.6.7), as seconds since 1970.
public enum HTTPDate {
    /// The length of the form that is written.
    public static let count = 29

    /// Appends the preferred form, e.g. `Sun, 06 Nov 1994 08:49:37 GMT`.
    public static func append(_ seconds: Int64, to output: inout [UInt8]) {
        let time = CivilTime(seconds)
        output.append(literal: time.weekdayName)
        output.append(literal: ", ")
        output.append(twoDigits: time.day)
        output.append(ASCII.space)
        output.append(literal: time.monthName)
        output.append(ASCII.space)
        output.append(fourDigits: time.year)
        output.append(ASCII.space)
        output.append(twoDigits: time.hour)
        output.append(UInt8(ascii: ":"))
        output.append(twoDigits: time.minute)
        output.append(UInt8(ascii: ":"))
        output.append(twoDigits: time.second)
        output.append(literal: " GMT")
    }

    /// As above, into a buffer with room for `count` bytes.
    public static func append(_ seconds: Int64, to buffer: ByteBuffer) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        append(seconds, to: &bytes)
        buffer.append(bytes.span)
    }

    /// Reads one of the three forms that a recipient must accept: the preferred one, RFC 850's and asctime's. Strict: names
    /// in their spelling, every space where it belongs, a date that exists. `now`, seconds since 1970, decides the century
    /// of a two-digit year, which is never more than 50 years ahead.
    public static func parse(_ text: Span<UInt8>, now: Int64 = 1_767_225_600) -> Int64? {
        var reader = DateReader(position: 0)
        guard text.count >= 24, text.count <= 33 else { return nil }
        if text[3] == UInt8(ascii: ",") { return reader.preferred(text) }
        if text[3] == ASCII.space { return reader.asctime(text) }
        return reader.rfc850(text, now: now)
    }

    /// What `parse` finds in a field whose malformed value means "none".
    public static func parse(_ value: Span<UInt8>, orElse other: Int64) -> Int64 { parse(value) ?? other }
}

/// A place in the text of a date; every step checks what it reads.
private struct DateReader {
    var position: Int

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    mutating func preferred(_ text: Span<UInt8>) -> Int64? {
        guard text.count == 29, weekday(text, long: false), literal(text, ", "), let day = digits(text, 2), literal(text, " "),
            let month = month(text), literal(text, " "), let year = digits(text, 4), literal(text, " "),
            let time = time(text), literal(text, " GMT")
        else { return nil }
        return CivilTime.seconds(year: year, month: month, day: day, hour: time.0, minute: time.1, second: time.2)
    }

    /// `Sunday, 06-Nov-94 08:49:37 GMT`
    mutating func rfc850(_ text: Span<UInt8>, now: Int64) -> Int64? {
        guard weekday(text, long: true), literal(text, ", "), let day = digits(text, 2), literal(text, "-"),
            let month = month(text), literal(text, "-"), let short = digits(text, 2), literal(text, " "),
            let time = time(text), literal(text, " GMT"), position == text.count
        else { return nil }
        let thisYear = CivilTime(now).year
        var year = thisYear / 100 * 100 + short
        if year > thisYear + 50 { year -= 100 }
        return CivilTime.seconds(year: year, month: month, day: day, hour: time.0, minute: time.1, second: time.2)
    }

    /// `Sun Nov  6 08:49:37 1994`
    mutating func asctime(_ text: Span<UInt8>) -> Int64? {
        guard text.count == 24, weekday(text, long: false), literal(text, " "), let month = month(text), literal(text, " ")
        else { return nil }
        let day: Int?
        if text[position] == ASCII.space {
            position += 1
            day = digits(text, 1)
        } else {
            day = digits(text, 2)
        }
        guard let day, literal(text, " "), let time = time(text), literal(text, " "), let year = digits(text, 4) else {
            return nil
        }
        return CivilTime.seconds(year: year, month: month, day: day, hour: time.0, minute: time.1, second: time.2)
    }

    private mutating func literal(_ text: Span<UInt8>, _ expected: StaticString) -> Bool {
        let end = position + expected.utf8CodeUnitCount
        guard end <= text.count, text.extracting(position..<end).equals(expected) else { return false }
        position = end
        return true
    }

    private mutating func digits(_ text: Span<UInt8>, _ count: Int) -> Int? {
        guard position + count <= text.count else { return nil }
        var value = 0
        for index in position..<(position + count) {
            guard ASCII.isDigit(text[index]) else { return nil }
            value = value * 10 + Int(text[index] &- 48)
        }
        position += count
        return value
    }

    private mutating func time(_ text: Span<UInt8>) -> (Int, Int, Int)? {
        guard let hour = digits(text, 2), literal(text, ":"), let minute = digits(text, 2), literal(text, ":"),
            let second = digits(text, 2)
        else { return nil }
        return (hour, minute, second)
    }

    private mutating func month(_ text: Span<UInt8>) -> Int? {
        for month in 1...12 where literal(text, CivilTime.monthName(month)) { return month }
        return nil
    }

    private mutating func weekday(_ text: Span<UInt8>, long: Bool) -> Bool {
        let short: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let full: [StaticString] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
        for name in long ? full : short where literal(text, name) { return true }
        return false
    }
}

/// The text of the current date, made once a second.
public struct DateCache {
    private var second = Int64.min
    private var text: [UInt8] = []

    public init() {}

    /// Appends the preferred form of `seconds`.
    public mutating func append(at seconds: Int64, to output: ByteBuffer) {
        if seconds != second { _ = bytes(at: seconds) }
        output.append(contentsOf: text)
    }

    /// The preferred form of `seconds`, which seldom differs from that of the last call.
    public mutating func bytes(at seconds: Int64) -> [UInt8] {
        if seconds != second {
            text.removeAll(keepingCapacity: true)
            HTTPDate.append(seconds, to: &text)
            second = seconds
        }
        return text
    }
}
