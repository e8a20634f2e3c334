import Bytes

/// Which content codings a client takes (RFC 9110 §12.5.3).
public enum AcceptEncoding {
    /// Whether an Accept-Encoding value names gzip with a quality above 0, as nginx decides it: `*` and `x-gzip` do not
    /// count, and a malformed quality is none.
    public static func acceptsGzip(_ value: Span<UInt8>) -> Bool {
        if value.hasPrefix("gzip,") { return true }
        return accepts(value, "gzip")
    }

    /// As above, for any coding; `coding` is lower case.
    public static func accepts(_ value: Span<UInt8>, _ coding: StaticString) -> Bool {
        var members = ListMembers()
        while let member = members.next(value) {
            let semicolon = value.firstIndex(of: UInt8(ascii: ";"), from: member.lowerBound) ?? member.upperBound
            let end = min(semicolon, member.upperBound)
            let name = value.trimmedRange(member.lowerBound..<end)
            guard value.extracting(name).equalsIgnoringCase(coding) else { continue }
            if end == member.upperBound { return true }
            return thousandths(value, value.trimmedRange((end + 1)..<member.upperBound)) > 0
        }
        return false
    }

    /// The weight `q=0.5` in thousandths; 1000 when there is nothing, 0 when it is malformed or above 1.
    private static func thousandths(_ value: Span<UInt8>, _ range: Range<Int>) -> Int {
        if range.isEmpty { return 1000 }
        guard range.count >= 3, range.count <= 7, value[range.lowerBound] | 0x20 == UInt8(ascii: "q"),
            value[range.lowerBound + 1] == UInt8(ascii: "=")
        else { return 0 }
        let whole = value[range.lowerBound + 2]
        guard whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1") else { return 0 }
        var result = Int(whole &- 48) * 1000
        if range.count == 3 { return result }
        guard value[range.lowerBound + 3] == UInt8(ascii: ".") else { return 0 }
        var scale = 100
        for index in (range.lowerBound + 4)..<range.upperBound {
            guard ASCII.isDigit(value[index]) else { return 0 }
            result += Int(value[index] &- 48) * scale
            scale /= 10
        }
        return result > 1000 ? 0 : result
    }
}
