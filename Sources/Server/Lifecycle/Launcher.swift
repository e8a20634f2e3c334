import Configuration
import Observability
import Platform

/// What the command line asks for, done.
public enum Launcher {
    /// Starts serving: checks the configuration, binds, and goes on as a supervisor or as a single process.
    /// Returns the exit status, once everything is over.
    public static func serve(_ program: Program, _ options: LaunchOptions, binary: String) -> Int32 {
        guard let prepared = prepare(options) else { return 1 }
        let plan = prepared.delivery.bundle.plan
        if plan.isDaemon, !prepared.preparation.inherited.comesFromUpgrade {
            do throws(SystemError) {
                try ProcessControl.daemonize()
            } catch {
                StandardError.write("zendan: [emerg] the process cannot leave the terminal (\(error))")
                return 1
            }
            Socket.detachStandardStreams()
        }
        if plan.hasMaster { return Supervisor.run(program, prepared, binary: binary) }
        return SingleProcess.run(program, prepared)
    }

    /// Checks the configuration and opens what it names; nil: it has been said why that cannot be.
    private static func prepare(_ options: LaunchOptions) -> Prepared? {
        var preparation = StartPreparation()
        let bundle: Bundle
        let faults: [Diagnostic]
        switch check(options) {
        case .refused(let error, _):
            StandardError.write(error)
            note(options, .emerg, error.logLine)
            return nil
        case .accepted(let accepted, let warnings):
            for warning in warnings where warning.severity != .note { StandardError.write(warning) }
            faults = warnings.filter { $0.severity == .fault }
            bundle = accepted
        }
        let delivery: Delivery
        do throws(StartPreparation.Failure) {
            delivery = try preparation.prepare(bundle) { StandardError.write("zendan: [warn] \($0)") }
        } catch {
            StandardError.write("zendan: [emerg] \(error.message)")
            note(options, .emerg, error.message)
            return nil
        }
        let log = preparation.logs.errorLog(bundle.plan.errorLogs)
        for fault in faults { log.write(.error, fault.logLine, now: Clock.wallMilliseconds() / 1000) }
        for address in preparation.inherited.left {
            note(options, .notice, "the inherited socket \(address) is not in the configuration: it is closed")
        }
        preparation.inherited.closeRest()
        return Prepared(preparation: preparation, delivery: delivery)
    }

    /// Writes into the log that option -e names, if it does: the configured ones are not known, or not open, yet.
    private static func note(_ options: LaunchOptions, _ level: LogLevel, _ message: String) {
        guard let path = options.errorLogPath, let file = try? LogFile(path: path) else { return }
        ErrorLog([ErrorLog.Target(file: file, level: .notice)]).write(level, message, now: Clock.wallMilliseconds() / 1000)
    }

    /// Checks in a process of its own; where none can be started, here.
    private static func check(_ options: LaunchOptions) -> ConfigurationCheck.Outcome {
        do throws(SystemError) {
            return try CheckProcess.start(options).wait()
        } catch {
            return .refused(Diagnostic("the check of the configuration cannot be started (\(error))", at: nil), warnings: [])
        }
    }

    /// `-t`, `-T`. Strict: warnings count.
    public static func test(_ program: Program, _ options: LaunchOptions, dumps: Bool, isQuiet: Bool, isStrict: Bool) -> Int32 {
        var check = ConfigurationCheck(program, options)
        let outcome = check.run()
        let path = options.paths.file
        switch outcome {
        case .refused(let error, let warnings):
            if !isQuiet { report(warnings) }
            StandardError.write(error)
            StandardError.write("zendan: configuration file \(path) test failed")
            return 1
        case .accepted(_, let warnings):
            let isFaulty = warnings.contains { $0.severity == .fault }
            let isBad = isFaulty || isStrict && warnings.contains { $0.severity == .warning }
            if isFaulty {
                report(isQuiet ? warnings.filter { $0.severity == .fault } : warnings)
                StandardError.write("zendan: configuration file \(path) test failed")
            } else if !isQuiet {
                report(warnings)
                StandardError.write("zendan: the configuration file \(path) syntax is ok")
                let result = isBad ? "not successful: warnings count with --strict" : "successful"
                StandardError.write("zendan: configuration file \(path) test is \(result)")
            }
            if dumps {
                let text = Dump.text(of: check.files)
                try? File.write(1, text.span)
            }
            return isBad ? 1 : 0
        }
    }

    private static func report(_ warnings: [Diagnostic]) {
        for warning in warnings { StandardError.write(warning) }
    }

    /// `-s`: finds the running supervisor by its pid file and tells it.
    public static func signal(_ program: Program, _ options: LaunchOptions, _ signal: Signal) -> Int32 {
        var check = ConfigurationCheck(program, options)
        let path: String
        switch check.run() {
        case .accepted(let bundle, _): path = bundle.plan.pidFile
        case .refused(let error, _):
            StandardError.write(error)
            StandardError.write("zendan: [emerg] no signal was sent: only a valid configuration says where the pid file is")
            return 1
        }
        guard let process = PidFile.read(path) else {
            StandardError.write("zendan: [error] invalid or missing PID in \"\(path)\": is zendan running?")
            return 1
        }
        do throws(SystemError) {
            try ProcessControl.send(signal, to: process)
            return 0
        } catch {
            StandardError.write("zendan: [error] kill(\(process)) failed (\(error))")
            return 1
        }
    }
}
