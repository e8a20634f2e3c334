import Configuration
import Platform

extension StartPlan {
    /// What a built configuration asks of whoever starts the worker.
    static func make(
        _ assembly: Assembly, _ root: Block, _ options: LaunchOptions, logs: [String], _ warnings: inout [Diagnostic]
    ) throws(Diagnostic) -> StartPlan {
        let process = assembly.process
        var plan = StartPlan()
        plan.isDaemon = process.isDaemon
        plan.hasMaster = process.hasMaster
        plan.account = try account(process, root)
        plan.pidFile = options.paths.resolve(process.pidFile)
        plan.loopCount = loopCount(process)
        plan.descriptorLimit = process.descriptorLimit
        plan.shutdownTimeout = process.shutdownTimeout
        plan.environment = environment(process.environment)
        plan.sockets = assembly.listens.map { SocketPlan($0) }
        plan.logs = logs.sorted()
        plan.directories = DirectoryPlan.needed(by: root, options.paths)
        plan.errorLogs = process.errorLogs.map { target in
            guard case .file(let path) = target.destination else { return target }
            return LogTarget(destination: .file(options.paths.resolve(path)), level: target.level)
        }
        warnAboutLimit(process, root, &warnings)
        return plan
    }

    static func loopCount(_ process: ProcessPlan) -> Int {
        switch process.workerProcesses {
        case nil: 1
        case 0: ProcessControl.processorCount
        case let count?: min(max(count, 1), 512)
        }
    }

    private static func account(
        _ process: ProcessPlan, _ root: Block
    ) throws(Diagnostic) -> ProcessControl.Account? {
        let statement = root.statement("user")
        guard ProcessControl.isRoot else { return nil }
        let name = process.user ?? "nobody"
        guard let found = ProcessControl.account(named: name) else {
            throw Diagnostic("there is no user \(Diagnostic.quoted(name))", at: statement?.location)
        }
        // As nginx: `user` without a group means the group of the same name; the default user has its own group.
        guard let groupName = process.group ?? process.user else { return found }
        guard let group = ProcessControl.group(named: groupName) else {
            throw Diagnostic(
                "there is no group \(Diagnostic.quoted(groupName))", at: statement?.location,
                hint: process.group == nil ? "name the group too: user \(name) GROUP;" : nil)
        }
        return ProcessControl.Account(name: name, user: found.user, group: group)
    }

    /// Variables that a worker keeps unasked: the time zone, as nginx, and what a build under test needs.
    private static let kept = ["TZ", "LD_LIBRARY_PATH", "TSAN_OPTIONS", "ASAN_OPTIONS", "UBSAN_OPTIONS"]

    /// The worker's environment: `env NAME` keeps a variable, `env NAME=value` sets it; everything else is left behind.
    static func environment(_ stated: [String]) -> [String] {
        var values: [String: String] = [:]
        for name in kept { values[name] = ProcessControl.environmentValue(name) }
        for entry in stated {
            if let equals = entry.firstIndex(of: "=") {
                values[String(entry[..<equals])] = String(entry[entry.index(after: equals)...])
            } else {
                values[entry] = ProcessControl.environmentValue(entry)
            }
        }
        // A worker that traps must be gone at once: the runtime's crash handler can keep it for minutes.
        values["SWIFT_BACKTRACE"] = "enable=no"
        return values.map { "\($0.key)=\($0.value)" }.sorted()
    }

    private static func warnAboutLimit(_ process: ProcessPlan, _ root: Block, _ warnings: inout [Diagnostic]) {
        let limit = process.descriptorLimit ?? ProcessControl.limitDescriptors(nil)
        let wanted = process.workerConnections * loopCount(process)
        guard wanted > limit else { return }
        warnings.append(
            Diagnostic(
                "\(wanted) connections (worker_connections for each loop) exceed the limit of open files: \(limit)",
                at: root.children(.events).first?.statement("worker_connections")?.location,
                hint: "set worker_rlimit_nofile", severity: .warning))
    }
}

extension DirectoryPlan {
    /// Directives whose first argument is a directory that must be there, and their defaults.
    private static let directives = [
        "client_body_temp_path": "client_body_temp", "proxy_temp_path": "proxy_temp", "proxy_cache_path": nil,
    ]

    /// The directories that a configuration with an `http` block needs.
    static func needed(by root: Block, _ paths: ConfigurationPaths) -> [DirectoryPlan] {
        guard let http = root.children(.http).first else { return [] }
        var plans: [DirectoryPlan] = []
        collect(http, paths, &plans)
        for (name, value) in directives.sorted(by: { $0.key < $1.key }) {
            guard let value, !http.states(name) else { continue }
            let plan = DirectoryPlan(path: paths.resolve(value), isStated: false)
            if !plans.contains(where: { $0.path == plan.path }) { plans.append(plan) }
        }
        return plans
    }

    private static func collect(_ block: Block, _ paths: ConfigurationPaths, _ plans: inout [DirectoryPlan]) {
        for statement in block.statements where directives.keys.contains(statement.name) {
            guard let argument = statement.arguments.first else { continue }
            let plan = DirectoryPlan(path: paths.resolve(argument.text), isStated: true)
            if !plans.contains(where: { $0.path == plan.path }) { plans.append(plan) }
        }
        for child in block.children { collect(child, paths, &plans) }
    }
}
