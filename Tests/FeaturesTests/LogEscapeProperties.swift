import Bytes

#if !FUZZING  // the fuzzer compiles LogEscape.swift itself
    @testable import Features
#endif

/// What must hold of any value in a line of a log: used by the replay of the corpus and by the fuzzer, which compiles this
/// file too. Returns what does not hold, or nil.
enum LogEscapeProperties {
    static func check(_ input: [UInt8]) -> String? {
        let before = Array("a\"".utf8)
        let standard = escaped(before + input, from: before.count, by: LogEscape.standard)
        if !standard.starts(with: before) { return "what stood before is changed" }
        for byte in standard[before.count...] where !(32...126).contains(byte) || byte == UInt8(ascii: "\"") {
            return "a byte that could end the value: \(byte)"
        }
        let json = escaped(before + input, from: before.count, by: LogEscape.json)
        if !json.starts(with: before) { return "what stood before is changed" }
        var isEscaped = false
        for byte in json[before.count...] {
            if byte < 32 || (byte == UInt8(ascii: "\"") && !isEscaped) { return "a byte that could end the string: \(byte)" }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return isEscaped ? "an escape without its end" : nil
    }

    private static func escaped(
        _ line: [UInt8], from start: Int, by escape: (inout ByteString, Int, Bool) -> Void
    ) -> [UInt8] {
        var output = ByteString()
        output.append(line.span)
        escape(&output, start, true)
        return output.array
    }
}
