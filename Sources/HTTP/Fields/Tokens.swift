import Bytes

/// Walks the members of a comma-separated list (RFC 9110 §5.6.1): empty members are skipped, commas within quotes do not
/// separate, white space around members is off.
public struct ListMembers {
    private var position = 0

    public init() {}

    /// The range of the next member of `value`, or nil.
    public mutating func next(_ value: Span<UInt8>) -> Range<Int>? {
        while position < value.count {
            let start = position
            var isQuoted = false
            while position < value.count {
                let byte = value[position]
                if byte == UInt8(ascii: "\"") {
                    isQuoted.toggle()
                } else if isQuoted, byte == UInt8(ascii: "\\"), position + 1 < value.count {
                    position += 1
                } else if !isQuoted, byte == UInt8(ascii: ",") {
                    break
                }
                position += 1
            }
            let member = value.trimmedRange(start..<position)
            position += 1
            if !member.isEmpty { return member }
        }
        return nil
    }
}

/// Questions to lists of tokens.
public enum Tokens {
    /// Whether a comma-separated list has this member, without regard to case; `token` is lower case.
    public static func contains(_ value: Span<UInt8>, _ token: StaticString) -> Bool {
        // The one-member list first: it is nearly every Connection line.
        if value.equalsIgnoringCase(token) { return true }
        guard value.count > token.utf8CodeUnitCount else { return false }
        var members = ListMembers()
        while let member = members.next(value) {
            if value.extracting(member).equalsIgnoringCase(token) { return true }
        }
        return false
    }

    /// Whether every byte may stand in a token, and there is one (RFC 9110 §5.6.2).
    public static func isToken(_ text: Span<UInt8>) -> Bool {
        guard text.count > 0 else { return false }
        for index in 0..<text.count where !LineScanning.isTokenByte(text[index]) { return false }
        return true
    }
}
