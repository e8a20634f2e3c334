import Configuration

#if !FUZZING  // the fuzzer compiles ConditionSyntax.swift itself
    @testable import Features
#endif

/// What must hold of whatever stands in the parentheses of an `if`: used by the replay of the corpus and by the fuzzer, which
/// compiles this file too. Returns what does not hold, or nil.
enum ConditionProperties {
    /// Each line is a word.
    static func check(_ input: [UInt8]) -> String? {
        let words = input.split(separator: 10, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        guard let first = words.first, let last = words.last, !first.isEmpty, !last.isEmpty else { return nil }
        var joined = words
        joined[0] = "(" + joined[0]
        joined[joined.count - 1] += ")"
        return parse(joined) == parse(["("] + words + [")"]) ? nil : "where the parentheses stand matters"
    }

    private static func parse(_ words: [String]) -> ConditionSyntax? {
        let location = SourceLocation(file: "f", line: 1, column: 1)
        let arguments = words.map { Argument(text: $0, location: location) }
        return try? ConditionSyntax(Statement(name: "if", location: location, arguments: arguments))
    }
}
