/// The same notations with their diagnostics, for directives that read their arguments themselves.
extension Argument {
    /// The error for a value that is not what was expected.
    public func invalid(expected: String) -> Diagnostic {
        Diagnostic("invalid value \(Diagnostic.quoted(text)): expected \(expected)", at: location)
    }

    /// `on` or `off`.
    public func flag() throws(Diagnostic) -> Bool {
        guard let value = ArgumentTypes.flag(text) else { throw invalid(expected: "on or off") }
        return value
    }

    public func integer(_ range: ClosedRange<Int> = 0...Int.max) throws(Diagnostic) -> Int {
        guard let value = ArgumentTypes.integer(text), range.contains(value) else {
            throw invalid(expected: Argument.describe(range))
        }
        return value
    }

    /// Bytes.
    public func size() throws(Diagnostic) -> Int {
        guard let value = ArgumentTypes.size(text) else { throw invalid(expected: Argument.expectedSize) }
        return value
    }

    public func milliseconds() throws(Diagnostic) -> Int64 {
        guard let value = ArgumentTypes.milliseconds(text) else { throw invalid(expected: Argument.expectedTime) }
        return value
    }

    /// Whole seconds, for what nginx counts so.
    public func seconds() throws(Diagnostic) -> Int64 {
        guard let value = ArgumentTypes.seconds(text) else { throw invalid(expected: Argument.expectedSeconds) }
        return value
    }

    /// A value with variables.
    public func template() throws(Diagnostic) -> TemplateSyntax {
        try TemplateSyntax(self)
    }

    /// For arguments of the form `key=value`: the value, or nil when the key is another. The location moves along.
    public func value(of key: String) -> Argument? {
        guard text.utf8.starts(with: key.utf8), text.utf8.dropFirst(key.utf8.count).first == UInt8(ascii: "=") else {
            return nil
        }
        let value = String(text.utf8.dropFirst(key.utf8.count + 1)) ?? ""
        let column = location.column + key.count + 1 + (isQuoted ? 1 : 0)
        return Argument(
            text: value, location: SourceLocation(file: location.file, line: location.line, column: column), isQuoted: isQuoted)
    }

    static let expectedSize = "a size such as 512, 8k, 1m or 1g"
    static let expectedTime = "a time such as 30, 30s, 500ms or 1h30m (weeks at most)"
    static let expectedSeconds = "a time in whole seconds such as 30, 30s, 1h30m or 10d"

    static func describe(_ range: ClosedRange<Int>) -> String {
        if range.upperBound == Int.max {
            return range.lowerBound == 0 ? "a number" : "a number, \(range.lowerBound) or more"
        }
        return "a number from \(range.lowerBound) to \(range.upperBound)"
    }
}
