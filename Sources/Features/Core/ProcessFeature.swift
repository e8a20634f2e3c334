import Configuration
import Platform
import Server

/// What the main and `events` blocks say about the process.
public enum ProcessFeature: Feature {
    public struct Settings: Sendable {
        var isDaemon = true
        var hasMaster = true
        var user: String?
        var group: String?
        var pid = "logs/zendan.pid"
        var environment: [String] = []
        /// nil: one; 0: one for each processor.
        var workers: Int?
        var connections = 512
        var descriptors: Int?
        var shutdownTimeout: Int64?
    }
    public static let initial = Settings()

    public static let directives: [Directive<Settings>] = [
        .flag("daemon", \.isDaemon, in: .main, "Whether the process leaves the terminal."),
        .flag("master_process", \.hasMaster, in: .main, "Whether a supervisor starts and replaces the worker process."),
        .custom(
            "user", arity: 1...2, in: .main, syntax: "*user* [*group*]", default: "nobody", "The user the worker runs as.", user
        ),
        .text("pid", \.pid, in: .main, "The file that holds the number of the supervising process.", syntax: "*file*"),
        .texts(
            "env", \.environment, in: .main, "Variables of the environment that the worker keeps or gets.",
            syntax: "*variable*[=*value*]"),
        .custom(
            "worker_processes", arity: 1...1, in: .main, syntax: "*number* | auto", default: "1",
            "How many event loops serve; `auto` is one for each processor.", workers),
        .integer("worker_connections", \.connections, 1...1_000_000, in: .events, "How many connections a loop may hold open."),
        .integer("worker_rlimit_nofile", \.descriptors, 16...10_000_000, in: .main, "The limit of open files of the worker."),
        .time(
            "worker_shutdown_timeout", \.shutdownTimeout, in: .main,
            "How long connections may go on after the end, or a reload, has been asked for."),
    ]

    private static func user(_ settings: inout Settings, _ statement: Statement, _ context: ApplyContext) throws(Diagnostic) {
        let name = statement.arguments[0]
        guard ProcessControl.account(named: name.text) != nil else {
            throw Diagnostic("there is no user \(Diagnostic.quoted(name.text))", at: name.location)
        }
        settings.user = name.text
        settings.group = statement.arguments.count > 1 ? statement.arguments[1].text : nil
        if let group = settings.group, ProcessControl.group(named: group) == nil {
            throw Diagnostic("there is no group \(Diagnostic.quoted(group))", at: statement.arguments[1].location)
        }
        if !ProcessControl.isRoot {
            context.warn("\"user\" has an effect only when the supervisor runs as root", at: statement.location)
        }
    }

    private static func workers(_ settings: inout Settings, _ statement: Statement, _ context: ApplyContext) throws(Diagnostic)
    {
        let argument = statement.arguments[0]
        settings.workers = argument.text == "auto" ? 0 : try argument.integer(1...1024)
    }

    public static func install(_ settings: Settings, in process: inout ProcessPlan) throws(Diagnostic) {
        process.isDaemon = settings.isDaemon
        process.hasMaster = settings.hasMaster
        process.user = settings.user
        process.group = settings.group
        process.pidFile = settings.pid
        process.environment = settings.environment
        process.workerProcesses = settings.workers
        process.workerConnections = settings.connections
        process.descriptorLimit = settings.descriptors
        process.shutdownTimeout = settings.shutdownTimeout
    }
}
