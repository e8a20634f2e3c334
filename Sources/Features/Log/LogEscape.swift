import Bytes

/// How values are made harmless in a line of a log.
enum LogEscape {
    /// nginx's default: `"`, `\` and everything outside printable ASCII as \xHH; "-" for no value.
    static func standard(_ value: borrowing Span<UInt8>, _ isFound: Bool, _ output: inout [UInt8]) {
        if !isFound {
            output.append(UInt8(ascii: "-"))
            return
        }
        for index in 0..<value.count {
            let byte = value[index]
            if byte < 32 || byte > 126 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                output.append(literal: "\\x")
                output.append(ASCII.hexDigit(byte >> 4, uppercase: true))
                output.append(ASCII.hexDigit(byte, uppercase: true))
            } else {
                output.append(byte)
            }
        }
    }

    /// What may stand inside a JSON string (RFC 8259 §7); no value is an empty string.
    static func json(_ value: borrowing Span<UInt8>, _ isFound: Bool, _ output: inout [UInt8]) {
        for index in 0..<value.count {
            let byte = value[index]
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
                output.append(ASCII.hexDigit(byte >> 4, uppercase: true))
                output.append(ASCII.hexDigit(byte, uppercase: true))
            default: output.append(byte)
            }
        }
    }
}
