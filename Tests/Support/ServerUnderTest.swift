import Foundation

/// nginx or zendan, serving a configuration on sockets that the test bound. Everything it writes is in the sandbox:
/// `error.log`, `access.log`, `server.pid`, `output` (standard output and error), `sanitizer/`.
public final class ServerUnderTest: Sendable {
    public let front: Front
    public let sandbox: Sandbox
    private let sockets: [ListeningSocket]
    private let environment: [String: String]
    private let child: Guarded<ChildProcess?> = Guarded(nil)
    private let arguments: [String]
    private let descriptorLimit: Int?

    /// Starts `front` with a complete configuration and waits until it serves. The `listen` lines of the configuration must
    /// name the sockets' addresses. It must say `daemon off;` and `pid SANDBOX/server.pid;` (`ServerConfiguration` does).
    public init(
        _ front: Front, in sandbox: Sandbox, configuration: String, sockets: [ListeningSocket], arguments: [String] = [],
        environment: [String: String] = [:], descriptorLimit: Int? = nil
    ) throws {
        self.front = front
        self.sandbox = sandbox
        self.sockets = sockets
        self.arguments = arguments
        self.environment = environment
        self.descriptorLimit = descriptorLimit
        try sandbox.write("server.conf", configuration)
        try sandbox.makeDirectory("sanitizer", mode: 0o777)
        try start()
    }

    deinit { child.with { $0?.end() } }

    // MARK: Life

    /// Starts it (again) on the same sockets, and waits until it serves.
    public func start() throws {
        guard let binary = front.binary else { throw HarnessError("\(front) is not here") }
        var variables = ProcessInfo.processInfo.environment
        // Both learn of the inherited sockets from nginx's variable; zendan knows systemd's too.
        variables["NGINX"] = sockets.isEmpty ? nil : sockets.indices.map { "\($0 + 3);" }.joined()
        for (name, extra) in [("TSAN_OPTIONS", ""), ("ASAN_OPTIONS", "")] {
            let given = variables[name].map { $0 + ":" } ?? ""
            variables[name] = given + "log_path=\(sandbox.path)/sanitizer/report" + extra
        }
        variables.merge(environment) { $1 }
        sandbox.remove("server.pid")
        let process = try ChildProcess(
            binary, ["-p", sandbox.path + "/", "-c", sandbox.path("server.conf"), "-e", sandbox.path("error.log")] + arguments,
            environment: variables, handingDown: sockets.map(\.descriptor.number), socketActivation: front == .zendan,
            descriptorLimit: descriptorLimit, output: sandbox.path("output"))
        child.with { $0 = process }
        let isUp = eventually { sandbox.exists("server.pid") || !process.isRunning }
        guard isUp, process.isRunning else {
            throw HarnessError("\(front) did not start: \(isUp ? "it ended" : "no server.pid")\n\(report)")
        }
    }

    /// The process that the test started: the master or supervisor.
    public var pid: pid_t { child.copy?.pid ?? -1 }

    public var isRunning: Bool { child.copy?.isRunning ?? false }

    public func signal(_ number: Int32) {
        child.copy?.signal(number)
    }

    /// Replaces the configuration and says HUP. Waits until new workers serve when `waiting` (default) and the front is
    /// one whose workers change (nginx); otherwise test the effect with `eventually`.
    public func reload(_ configuration: String? = nil) throws {
        if let configuration { try sandbox.write("server.conf", configuration) }
        // nginx forgets a signal that comes between its pid file and its first worker.
        if front == .nginx { _ = eventually(within: .seconds(2)) { !workers.isEmpty } }
        signal(SIGHUP)
    }

    /// Says QUIT: requests in flight are finished. Use with `waitForExit`.
    public func quit() { signal(SIGQUIT) }
    public func terminate() { signal(SIGTERM) }
    /// Kills the master and its workers, without notice.
    public func kill() { child.with { $0?.end() } }

    public func waitForExit(within limit: Duration = patience) -> ExitStatus? {
        child.copy?.waitForExit(within: limit)
    }

    /// Ends it with QUIT (TERM when a test left something open that QUIT waits for), and throws if it did not end with 0 in time or left something that no test may leave: a
    /// sanitizer's report, a trap, an [emerg] or [alert] line. `Scene` calls it.
    public func stop(allowingAlerts: Bool = false) throws {
        guard let process = child.copy else { return }
        defer { process.end() }
        if process.isRunning {
            quit()
            if process.waitForExit(within: .seconds(5)) == nil { terminate() }
            guard let status = process.waitForExit() else { throw HarnessError("\(front) did not end\n\(report)") }
            guard status == .exited(0) else { throw HarnessError("\(front) ended with \(status)\n\(report)") }
        }
        // The reference is not on trial: on a busy machine its master logs [alert] when it kills a slow worker.
        if front == .zendan { try checkReports(allowingAlerts: allowingAlerts) }
    }

    private func checkReports(allowingAlerts: Bool) throws {
        let reports = sandbox.files(below: "sanitizer").compactMap { sandbox.read("sanitizer/" + $0) }
        guard reports.isEmpty else { throw HarnessError("a sanitizer reported:\n" + reports.joined(separator: "\n")) }
        if child.copy?.output.contains("Fatal error:") == true { throw HarnessError("\(front) trapped\n\(report)") }
        let alarms = errorLog.split(separator: "\n").filter { $0.contains("[alert]") || $0.contains("[emerg]") }
        guard allowingAlerts || alarms.isEmpty else { throw HarnessError(alarms.joined(separator: "\n")) }
    }

    // MARK: What it shows

    public var tree: ProcessTree { ProcessTree(pid) }
    public var workers: [pid_t] { tree.children }

    public var errorLog: String { sandbox.read("error.log") ?? "" }
    public var accessLog: [String] { lines(of: "access.log") }
    public func lines(of file: String) -> [String] {
        (sandbox.read(file) ?? "").split(separator: "\n").map(String.init)
    }

    /// The lines of a log, once there are at least `count`: a log line may come after the response it tells of.
    public func lines(_ count: Int, of file: String = "access.log") throws -> [String] {
        guard eventually({ lines(of: file).count >= count }) else {
            throw HarnessError("\(file) has \(lines(of: file).count) lines, not \(count):\n\(sandbox.read(file) ?? "")")
        }
        return lines(of: file)
    }

    /// What a person needs to see when a test failed.
    public var report: String {
        """
        --- \(front): output
        \((child.copy?.output ?? "").suffix(4000))
        --- error.log
        \(errorLog.suffix(4000))
        --- server.conf
        \(sandbox.read("server.conf") ?? "")
        """
    }
}
