import Bytes

/// The notations of nginx's values: https://nginx.org/en/docs/syntax.html. Each returns nil for what nginx refuses.
public enum ArgumentTypes {
    /// `on` or `off`, in any case.
    public static func flag(_ text: String) -> Bool? {
        switch asciiLowercased(text) {
        case "on": true
        case "off": false
        default: nil
        }
    }

    /// A number made of digits only.
    public static func integer(_ text: String) -> Int? {
        number(text.utf8.span)
    }

    /// A size in bytes: digits, then nothing or one of `k`, `m`, `g` in either case.
    ///
    /// nginx takes `g` for some directives only; here it is the same everywhere.
    public static func size(_ text: String) -> Int? {
        let bytes = text.utf8.span
        guard bytes.count > 0 else { return nil }
        let shift: Int
        switch ASCII.lowercased(bytes[bytes.count - 1]) {
        case UInt8(ascii: "k"): shift = 10
        case UInt8(ascii: "m"): shift = 20
        case UInt8(ascii: "g"): shift = 30
        default: shift = 0
        }
        guard let value = number(bytes.extracting(first: shift == 0 ? bytes.count : bytes.count - 1)) else { return nil }
        return value <= Int.max >> shift ? value << shift : nil
    }

    /// A time in milliseconds: `30`, `30s`, `1h30m`, `500ms`, `"1h 30"`; units from larger to smaller, each once.
    /// A number without a unit counts seconds. Years and months are not allowed, as in nginx.
    public static func milliseconds(_ text: String) -> Int64? {
        time(text.utf8.span, unitsPerSecond: 1000, largest: .week)
    }

    /// A time in whole seconds; as `milliseconds`, with `y` (365 days) and `M` (30 days), and without `ms`.
    public static func seconds(_ text: String) -> Int64? {
        time(text.utf8.span, unitsPerSecond: 1, largest: .year)
    }

    private enum Unit: Int, Comparable {
        case year, month, week, day, hour, minute, second, millisecond, bare

        static func < (a: Unit, b: Unit) -> Bool { a.rawValue < b.rawValue }

        var seconds: Int64 {
            switch self {
            case .year: 365 * 86400
            case .month: 30 * 86400
            case .week: 7 * 86400
            case .day: 86400
            case .hour: 3600
            case .minute: 60
            case .second, .millisecond, .bare: 1
            }
        }
    }

    private static func unit(_ bytes: Span<UInt8>, at position: inout Int) -> Unit? {
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "y"): return .year
        case UInt8(ascii: "M"): return .month
        case UInt8(ascii: "w"): return .week
        case UInt8(ascii: "d"): return .day
        case UInt8(ascii: "h"): return .hour
        case UInt8(ascii: "m"):
            guard position < bytes.count, bytes[position] == UInt8(ascii: "s") else { return .minute }
            position += 1
            return .millisecond
        case UInt8(ascii: "s"): return .second
        case ASCII.space: return .bare
        default: return nil
        }
    }

    private static func time(_ bytes: Span<UInt8>, unitsPerSecond: Int64, largest: Unit) -> Int64? {
        var position = 0
        var total: Int64 = 0
        var value: Int64?
        var isValid = false
        var smallest: Unit?
        while position < bytes.count {
            if ASCII.isDigit(bytes[position]) {
                guard let longer = appending(bytes[position], to: value ?? 0) else { return nil }
                value = longer
                isValid = true
                position += 1
                continue
            }
            guard let unit = unit(bytes, at: &position), unit >= largest else { return nil }
            if let smallest, unit <= smallest || (unit == .bare && smallest >= .second) { return nil }
            // A number that only a space ends counts seconds: none of "s", "ms" and a space may come before or after.
            if unit == .millisecond, unitsPerSecond == 1 { return nil }
            smallest = unit
            let scale = unit == .millisecond ? 1 : unit.seconds * unitsPerSecond
            guard let sum = adding(value ?? 0, times: scale, to: total) else { return nil }
            total = sum
            value = nil
            while position < bytes.count, bytes[position] == ASCII.space { position += 1 }
        }
        guard isValid else { return nil }
        return adding(value ?? 0, times: unitsPerSecond, to: total)
    }

    private static func appending(_ digit: UInt8, to value: Int64) -> Int64? {
        adding(value, times: 10, to: Int64(digit &- 48))
    }

    private static func adding(_ value: Int64, times scale: Int64, to total: Int64) -> Int64? {
        let (product, overflow) = value.multipliedReportingOverflow(by: scale)
        let (sum, carried) = total.addingReportingOverflow(product)
        return overflow || carried ? nil : sum
    }

    private static func number(_ digits: Span<UInt8>) -> Int? {
        guard digits.count > 0 else { return nil }
        var value: Int64 = 0
        for index in 0..<digits.count {
            guard ASCII.isDigit(digits[index]), let longer = appending(digits[index], to: value) else { return nil }
            value = longer
        }
        return Int(exactly: value)
    }

    /// `text` with A to Z in lower case; other characters stay.
    public static func asciiLowercased(_ text: String) -> String {
        guard text.utf8.contains(where: { ASCII.lowercased($0) != $0 }) else { return text }
        return String(decoding: text.utf8.map(ASCII.lowercased), as: UTF8.self)
    }

    /// How the manual writes a size: `8k`, `1m`, `100`.
    public static func describe(size: Int) -> String {
        for (shift, unit) in [(30, "g"), (20, "m"), (10, "k")] where size > 0 && size % (1 << shift) == 0 {
            return "\(size >> shift)\(unit)"
        }
        return String(size)
    }

    /// How the manual writes a time: `60s`, `1h`, `500ms`, `0`.
    public static func describe(milliseconds: Int64) -> String {
        if milliseconds == 0 { return "0" }
        if milliseconds % 1000 != 0 { return "\(milliseconds)ms" }
        return describe(seconds: milliseconds / 1000)
    }

    public static func describe(seconds: Int64) -> String {
        if seconds == 0 { return "0" }
        if seconds % 86400 == 0 { return "\(seconds / 86400)d" }
        if seconds % 3600 == 0 { return "\(seconds / 3600)h" }
        if seconds % 60 == 0, seconds > 60 { return "\(seconds / 60)m" }
        return "\(seconds)s"
    }
}
