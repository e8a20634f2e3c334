import Bytes

/// A value with variables in it, e.g. `"$scheme://${host}/$1"`, taken apart but not yet bound to variables.
public struct TemplateSyntax: Sendable, Hashable {
    public enum Part: Sendable, Hashable {
        case literal(String)
        /// In lower case: names of variables have no case.
        case variable(name: String)
        /// `$1` to `$9`: what a group of the regular expression last matched has caught.
        case capture(Int)
    }

    /// As written.
    public let source: String
    public let parts: [Part]

    /// The text itself, whatever it holds.
    public init(constant text: String) {
        source = text
        parts = text.isEmpty ? [] : [.literal(text)]
    }

    public init(_ argument: Argument) throws(Diagnostic) {
        try self.init(parsing: argument.text, at: argument.location)
    }

    /// A `$` must be followed by a name of letters, digits and underscores, by such a name in braces, or by a digit.
    /// There is no escape for a literal `$`, as in nginx.
    public init(parsing text: String, at location: SourceLocation?) throws(Diagnostic) {
        var parser = TemplateParser(bytes: Array(text.utf8), location: location)
        source = text
        parts = try parser.parse()
    }

    /// True when there is nothing to evaluate.
    public var isConstant: Bool { constant != nil }

    /// The text of a template without variables.
    public var constant: String? {
        switch parts.count {
        case 0: return ""
        case 1:
            if case .literal(let text) = parts[0] { return text }
            return nil
        default: return nil
        }
    }

    /// The variables it names, in order, repeated ones too.
    public var names: [String] {
        parts.compactMap { if case .variable(let name) = $0 { name } else { nil } }
    }
}

private struct TemplateParser {
    let bytes: [UInt8]
    let location: SourceLocation?
    var position = 0

    mutating func parse() throws(Diagnostic) -> [TemplateSyntax.Part] {
        var parts: [TemplateSyntax.Part] = []
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "$") {
                position += 1
                parts.append(try reference())
            } else {
                let start = position
                while position < bytes.count, bytes[position] != UInt8(ascii: "$") { position += 1 }
                parts.append(.literal(text(start..<position)))
            }
        }
        return parts
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// What follows a `$`.
    private mutating func reference() throws(Diagnostic) -> TemplateSyntax.Part {
        guard position < bytes.count else { throw invalidName() }
        if bytes[position] &- 49 < 9 {
            position += 1
            return .capture(Int(bytes[position - 1] &- 48))
        }
        let isBraced = bytes[position] == UInt8(ascii: "{")
        if isBraced { position += 1 }
        let start = position
        while position < bytes.count, ASCII.isAlphanumeric(bytes[position]) || bytes[position] == UInt8(ascii: "_") {
            position += 1
        }
        let name = text(start..<position)
        if isBraced {
            guard position < bytes.count, bytes[position] == UInt8(ascii: "}") else {
                throw Diagnostic("the closing brace of the variable \"${\(name)\" is missing", at: location)
            }
            position += 1
        }
        guard !name.isEmpty else { throw invalidName() }
        return .variable(name: ArgumentTypes.asciiLowercased(name))
    }

    private func invalidName() -> Diagnostic {
        Diagnostic(
            "invalid variable name in \(Diagnostic.quoted(text(0..<bytes.count)))", at: location,
            hint: "\"$\" begins a variable; a literal dollar sign cannot be written here, but a map can give one")
    }
}
