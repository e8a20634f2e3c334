import Configuration
import Platform

/// What is said on the terminal, before logs are open or besides them.
public enum StandardError {
    public static func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        try? File.write(2, bytes.span)
    }

    /// A diagnostic as nginx words it: the level, the place, the message, and below it what to do.
    public static func write(_ diagnostic: Diagnostic) {
        let level: String
        switch diagnostic.severity {
        case .error: level = "emerg"
        case .fault: level = "error"
        case .warning: level = "warn"
        case .note: level = "notice"
        }
        let hint = diagnostic.hint.map { "\n  hint: \($0)" } ?? ""
        write("zendan: [\(level)] \(diagnostic.placed)\(hint)")
    }

    public static func emergency(_ diagnostic: Diagnostic) { write(diagnostic) }
}

extension Diagnostic {
    /// `file:line:column: message`.
    var placed: String { (location.map { "\($0): " } ?? "") + message }

    /// For a log, where the level stands before it: everything in one line.
    var logLine: String { placed + (hint.map { " (\($0))" } ?? "") }
}
