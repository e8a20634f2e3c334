/// A place in a configuration: what a message points at.
public struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
    /// The file as it was opened, or "command line" for what `-g` gave.
    public let file: String
    /// Counted from 1.
    public let line: Int
    /// In characters, counted from 1; a tab is one character.
    public let column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }
}

/// What is wrong, doubtful or worth knowing about a configuration, in words for the person who operates it.
public struct Diagnostic: Error, Sendable, CustomStringConvertible {
    public enum Severity: Sendable, Hashable {
        /// The configuration is refused.
        case error
        /// Something that is needed is missing or broken, a certificate for instance: a test fails, while a start goes on with
        /// what there is.
        case fault
        /// Accepted, but probably not what was meant.
        case warning
        /// Accepted; something the operator may want to know.
        case note
    }

    public let severity: Severity
    public let message: String
    public let location: SourceLocation?
    /// What to do about it.
    public let hint: String?

    public init(_ message: String, at location: SourceLocation?, hint: String? = nil, severity: Severity = .error) {
        self.severity = severity
        self.message = message
        self.location = location
        self.hint = hint
    }

    /// `file:line:column: message`, and the hint on a line of its own. Warnings and notes say what they are.
    public var description: String {
        var text = location.map { "\($0): " } ?? ""
        switch severity {
        case .error, .fault: break
        case .warning: text += "warning: "
        case .note: text += "note: "
        }
        text += message
        if let hint { text += "\n  hint: \(hint)" }
        return text
    }

    /// `text` in double quotes, shortened and with control characters made visible, so that a message stays one line.
    public static func quoted(_ text: String) -> String {
        var shown = ""
        var count = 0
        for scalar in text.unicodeScalars {
            if count == 80 {
                shown += "…"
                break
            }
            switch scalar {
            case "\n": shown += "\\n"
            case "\r": shown += "\\r"
            case "\t": shown += "\\t"
            case "\"": shown += "\\\""
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: shown += "?"
            default: shown.unicodeScalars.append(scalar)
            }
            count += 1
        }
        return "\"\(shown)\""
    }
}

/// Gathers warnings and notes while a configuration is built. It stays with the one thread that builds.
public final class DiagnosticCollector {
    public private(set) var diagnostics: [Diagnostic] = []

    public init() {}

    public func add(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }
}
