import Configuration

/// What stands in the parentheses of an `if`, taken apart.
///
/// As in nginx, the words of the configuration are the words of the condition: `($a=b)` names one strange variable, and the
/// parentheses may stand by themselves or touch the first and the last word.
struct ConditionSyntax: Sendable, Equatable {
    /// What a path may lead to.
    enum FileKind: Sendable { case file, directory, any, executable }

    enum Test: Sendable, Equatable {
        /// The value is neither empty nor "0".
        case isTrue
        case equals(TemplateSyntax)
        case matches(String, caseless: Bool)
        case leadsTo(FileKind)
    }

    /// A variable, or the path of a file.
    let subject: TemplateSyntax
    let test: Test
    let isNegated: Bool
    let location: SourceLocation

    /// Errors: what nginx calls an invalid condition, and names that no variable can have.
    init(_ statement: Statement) throws(Diagnostic) {
        location = statement.location
        let words = try ConditionSyntax.words(statement)
        let first = words[0]
        if first.text.utf8.count > 1, first.text.hasPrefix("$") {
            subject = try ConditionSyntax.variable(first)
            (test, isNegated) = try ConditionSyntax.comparison(words)
        } else {
            guard words.count == 2, let kind = ConditionSyntax.fileKind(first.text) else {
                throw ConditionSyntax.invalid(first)
            }
            subject = try words[1].template()
            test = .leadsTo(kind)
            isNegated = first.text.hasPrefix("!")
        }
    }

    private static func variable(_ word: Argument) throws(Diagnostic) -> TemplateSyntax {
        do throws(Diagnostic) {
            // In braces "1" is a name, and not what a group has caught.
            return try TemplateSyntax(parsing: "${\(try VariableName.parse(word))}", at: word.location)
        } catch {
            throw Diagnostic(error.message, at: error.location, hint: example)
        }
    }

    /// The words between the parentheses; at least one, and the first is not empty.
    private static func words(_ statement: Statement) throws(Diagnostic) -> [Argument] {
        var words = statement.arguments
        guard let first = words.first, let last = words.last else {
            throw Diagnostic("\"if\" needs a condition", at: statement.location, hint: example)
        }
        // Byte by byte: what follows a parenthesis may make one character with it.
        guard first.text.utf8.first == UInt8(ascii: "(") else { throw invalid(first) }
        // A parenthesis by itself is no word: an empty one stands in quotes.
        if first.text == "(" {
            words.removeFirst()
        } else {
            words[0] = first.with(String(decoding: first.text.utf8.dropFirst(), as: UTF8.self))
        }
        guard let end = words.last, end.text.utf8.last == UInt8(ascii: ")") else { throw invalid(last) }
        if end.text == ")" {
            words.removeLast()
        } else {
            words[words.count - 1] = end.with(String(decoding: end.text.utf8.dropLast(), as: UTF8.self))
        }
        guard let subject = words.first, !subject.text.isEmpty else { throw invalid(last) }
        return words
    }

    /// What follows a variable.
    private static func comparison(_ words: [Argument]) throws(Diagnostic) -> (Test, isNegated: Bool) {
        if words.count == 1 { return (.isTrue, false) }
        guard words.count == 3 else { throw invalid(words[0]) }
        switch words[1].text {
        case "=": return (.equals(try words[2].template()), false)
        case "!=": return (.equals(try words[2].template()), true)
        case "~": return (.matches(words[2].text, caseless: false), false)
        case "~*": return (.matches(words[2].text, caseless: true), false)
        case "!~": return (.matches(words[2].text, caseless: false), true)
        case "!~*": return (.matches(words[2].text, caseless: true), true)
        default:
            throw Diagnostic(
                "unexpected \(Diagnostic.quoted(words[1].text)) in condition", at: words[1].location,
                hint: "after a variable comes =, !=, ~, ~*, !~ or !~*, with a space on either side")
        }
    }

    /// `-f`, `!-f` and their like.
    private static func fileKind(_ text: String) -> FileKind? {
        switch text.hasPrefix("!") ? text.dropFirst() : text[...] {
        case "-f": .file
        case "-d": .directory
        case "-e": .any
        case "-x": .executable
        default: nil
        }
    }

    private static let example = "e.g. if ($host = example.com) { … }, or if (!-f $request_filename) { … }"

    private static func invalid(_ word: Argument) -> Diagnostic {
        Diagnostic("invalid condition \(Diagnostic.quoted(word.text))", at: word.location, hint: example)
    }
}

extension Argument {
    /// The same word with another text.
    fileprivate func with(_ text: String) -> Argument { Argument(text: text, location: location, isQuoted: isQuoted) }
}
