import Bytes

/// The pairs of Cookie and Set-Cookie fields (RFC 6265 §4).
public enum Cookies {
    /// The range of the value of the first cookie with this name in a Cookie value, as nginx's `$cookie_name` finds it:
    /// names are compared without regard to case.
    public static func value(_ name: Span<UInt8>, in cookie: Span<UInt8>) -> Range<Int>? {
        var start = 0
        while start < cookie.count {
            var end = start
            while end < cookie.count, cookie[end] != UInt8(ascii: ";") { end += 1 }
            if let value = pairValue(name, in: cookie, start..<end) { return value }
            start = end + 1
            while start < cookie.count, cookie[start] == ASCII.space { start += 1 }
        }
        return nil
    }

    /// The range of the value that a Set-Cookie value gives to this name, or nil when it sets another.
    public static func setValue(_ name: Span<UInt8>, in setCookie: Span<UInt8>) -> Range<Int>? {
        pairValue(name, in: setCookie, 0..<(setCookie.firstIndex(of: UInt8(ascii: ";")) ?? setCookie.count))
    }

    private static func pairValue(_ name: Span<UInt8>, in text: Span<UInt8>, _ pair: Range<Int>) -> Range<Int>? {
        guard name.count > 0, pair.count > name.count else { return nil }
        var index = pair.lowerBound + name.count
        guard text.extracting(pair.lowerBound..<index).equalsIgnoringCase(name) else { return nil }
        while index < pair.upperBound, text[index] == ASCII.space { index += 1 }
        guard index < pair.upperBound, text[index] == UInt8(ascii: "=") else { return nil }
        index += 1
        while index < pair.upperBound, text[index] == ASCII.space { index += 1 }
        return index..<pair.upperBound
    }
}
