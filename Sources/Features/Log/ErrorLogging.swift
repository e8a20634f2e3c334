import Configuration
import Observability
import Server

/// `error_log`: where messages go, and from which level on.
public enum ErrorLogging: Feature {
    public struct Settings: Sendable {
        var targets: [LogTarget] = []
        var location: SourceLocation?
    }
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = [
        .custom(
            "error_log", arity: 1...2, inheritance: .list, in: [.main, .http, .server, .location],
            syntax: "*file* | stderr [*level*]", default: "logs/error.log error",
            "Where messages go, from a level on: debug, info, notice, warn, error, crit, alert, emerg.", apply)
    ]

    private static func apply(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.targets = [] }
        let file = statement.arguments[0]
        var level = LogLevel.error
        if statement.arguments.count > 1 {
            let name = statement.arguments[1].text
            // nginx's kinds of debug messages are one here.
            guard let named = LogLevel(name: name) ?? (debugKinds.contains(name) ? .debug : nil) else {
                throw statement.arguments[1].invalid(expected: "debug, info, notice, warn, error, crit, alert or emerg")
            }
            level = named
        }
        if file.text.hasPrefix("syslog:") || file.text.hasPrefix("memory:") {
            throw Diagnostic("\(Diagnostic.quoted(file.text)) comes with a later version", at: file.location)
        }
        s.targets.append(
            LogTarget(destination: file.text == "stderr" ? .stderr : .file(c.paths.resolve(file.text)), level: level))
        s.location = file.location
    }

    private static let debugKinds: Set = [
        "debug_core", "debug_alloc", "debug_mutex", "debug_event", "debug_http", "debug_mail", "debug_stream",
    ]

    public static func install(_ s: Settings, in process: inout ProcessPlan) throws(Diagnostic) {
        process.errorLogs = s.targets
    }

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        plan.core.errorLog = try plan.site.errorLog(s.targets, at: s.location)
    }
}
