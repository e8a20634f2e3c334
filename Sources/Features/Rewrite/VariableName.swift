import Bytes
import Configuration

/// Names of variables where one is defined, assigned or asked for by itself: `$name`.
enum VariableName {
    /// The name without its dollar sign, in lower case.
    static func parse(_ argument: Argument) throws(Diagnostic) -> String {
        let bytes = Array(argument.text.utf8)
        guard bytes.count > 1, bytes[0] == UInt8(ascii: "$") else {
            throw Diagnostic(
                "invalid variable name \(Diagnostic.quoted(argument.text))", at: argument.location,
                hint: "a variable's name begins with \"$\"")
        }
        for byte in bytes[1...] where !(ASCII.isAlphanumeric(byte) || byte == UInt8(ascii: "_")) {
            throw Diagnostic(
                "invalid variable name \(Diagnostic.quoted(argument.text))", at: argument.location,
                hint: "letters, digits and underscores may stand in a variable's name")
        }
        return ArgumentTypes.asciiLowercased(String(argument.text.dropFirst()))
    }
}
