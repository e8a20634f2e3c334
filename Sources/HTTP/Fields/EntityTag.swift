import Bytes

/// Entity tags (RFC 9110 §8.8.3) as they stand in fields: `"opaque"`, weak ones with `W/` in front.
///
/// Origins also send tags without quotes; these are compared as they are, as nginx does.
public enum EntityTag {
    /// Whether the tag is marked weak.
    public static func isWeak(_ tag: Span<UInt8>) -> Bool {
        tag.count >= 2 && tag[0] == UInt8(ascii: "W") && tag[1] == UInt8(ascii: "/")
    }

    /// Strong comparison: equal and neither weak (RFC 9110 §8.8.3.2).
    public static func matchesStrongly(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
        !isWeak(a) && !isWeak(b) && a.equals(b)
    }

    /// Weak comparison: the opaque parts are equal.
    public static func matchesWeakly(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
        let opaqueA = isWeak(a) ? a.extracting(2..<a.count) : a
        let opaqueB = isWeak(b) ? b.extracting(2..<b.count) : b
        return opaqueA.equals(opaqueB)
    }

    /// Whether an If-Match or If-None-Match value, a list of tags or `*`, has a member that matches `tag`; an empty `tag`
    /// stands for a representation without one, which only `*` matches.
    public static func list(_ value: Span<UInt8>, matches tag: Span<UInt8>, weakly: Bool) -> Bool {
        let trimmed = value.trimmedRange()
        if trimmed.count == 1, value[trimmed.lowerBound] == UInt8(ascii: "*") { return true }
        guard tag.count > 0 else { return false }
        var position = 0
        while let member = nextMember(value, &position) {
            let candidate = value.extracting(member)
            if weakly ? matchesWeakly(candidate, tag) : matchesStrongly(candidate, tag) { return true }
        }
        return false
    }

    /// The next member of a list of tags. A backslash is an ordinary character here, unlike in quoted strings.
    private static func nextMember(_ value: Span<UInt8>, _ position: inout Int) -> Range<Int>? {
        while position < value.count {
            let start = position
            var isQuoted = false
            while position < value.count, isQuoted || value[position] != UInt8(ascii: ",") {
                if value[position] == UInt8(ascii: "\"") { isQuoted.toggle() }
                position += 1
            }
            let member = value.trimmedRange(start..<position)
            position += 1
            if !member.isEmpty { return member }
        }
        return nil
    }
}
