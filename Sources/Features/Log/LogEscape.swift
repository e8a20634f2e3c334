import Bytes

/// How values are made harmless in a line of a log. Each changes the bytes from a position to the end, where a value has just
/// been appended; most values need no change, and cost one look at each byte.
enum LogEscape {
    /// nginx's default: `"`, `\` and everything outside printable ASCII as \xHH; "-" for no value.
    static func standard(_ output: inout ByteString, _ start: Int, _ isFound: Bool) {
        if !isFound {
            output.truncate(to: start)
            output.append(UInt8(ascii: "-"))
            return
        }
        guard needsEscape(output.span, from: start) else { return }
        let value = output.span.extracting(start..<output.count).array
        output.truncate(to: start)
        for byte in value {
            if isPlain(byte) {
                output.append(byte)
            } else {
                output.append(literal: "\\x")
                appendHex(byte, to: &output)
            }
        }
    }

    /// What may stand inside a JSON string (RFC 8259 §7); no value is an empty string.
    static func json(_ output: inout ByteString, _ start: Int, _ isFound: Bool) {
        guard isFound else { return output.truncate(to: start) }
        guard needsJSONEscape(output.span, from: start) else { return }
        let value = output.span.extracting(start..<output.count).array
        output.truncate(to: start)
        for byte in value {
            switch byte {
            case UInt8(ascii: "\""): output.append(literal: "\\\"")
            case UInt8(ascii: "\\"): output.append(literal: "\\\\")
            case 10: output.append(literal: "\\n")
            case 13: output.append(literal: "\\r")
            case 9: output.append(literal: "\\t")
            case 8: output.append(literal: "\\b")
            case 12: output.append(literal: "\\f")
            case 0..<32:
                output.append(literal: "\\u00")
                appendHex(byte, to: &output)
            default: output.append(byte)
            }
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 32 && byte < 127 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func needsEscape(_ bytes: Span<UInt8>, from start: Int) -> Bool {
        var index = start
        // Eight at a time: bytes that are plain are the rule.
        while index + 8 <= bytes.count {
            let word = bytes.word64(at: index)
            let strange =
                ByteLanes.below(32, word) | ByteLanes.equal(34, word) | ByteLanes.equal(92, word) | ByteLanes.equal(127, word)
                | word & 0x8080_8080_8080_8080
            if strange != 0 { return true }
            index += 8
        }
        while index < bytes.count {
            if !isPlain(bytes[index]) { return true }
            index += 1
        }
        return false
    }

    private static func needsJSONEscape(_ bytes: Span<UInt8>, from start: Int) -> Bool {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 32 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return true }
            index += 1
        }
        return false
    }

    private static func appendHex(_ byte: UInt8, to output: inout ByteString) {
        output.append(ASCII.hexDigit(byte >> 4, uppercase: true))
        output.append(ASCII.hexDigit(byte, uppercase: true))
    }
}
