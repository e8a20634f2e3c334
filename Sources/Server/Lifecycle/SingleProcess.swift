import Configuration
import EventLoops
import Observability
import Platform

/// `master_process off`: one process reads, binds and serves (containers, tests). Only a reload is checked in a process of its
/// own, as under a supervisor: what is wrong with a file costs nobody's request.
public final class SingleProcess {
    private let program: Program
    private let loop: EventLoop
    private let setup: ServingSetup
    private let process: ServingProcess
    private var preparation: StartPreparation
    private var delivery: Delivery
    private var pidFile: PidFile
    private var check = ReloadCheck()
    private var retirement: Retirement?
    private var signals: SignalEndpoint?
    private var timer: DelayedAction?
    private var isDraining = false

    private init(_ program: Program, _ loop: EventLoop, _ prepared: consuming Prepared) {
        self.program = program
        self.loop = loop
        preparation = prepared.preparation
        delivery = prepared.delivery
        pidFile = PidFile(path: delivery.bundle.plan.pidFile)
        let named = NamedState(pool: BlockingPool(threads: 4))
        setup = ServingSetup(program: program, named: named)
        process = ServingProcess(named: named)
    }

    /// Serves until it is told to end. Returns the exit status.
    static func run(_ program: Program, _ prepared: consuming Prepared) -> Int32 {
        Signals.ignoreFailedWrites()
        Signals.block()
        do throws(SystemError) {
            let loop = try EventLoop(index: 511)
            let single = SingleProcess(program, loop, prepared)
            loop.run { loop in
                loop.local = single
                single.begin()
            }
            return 0
        } catch {
            StandardError.write("zendan: [emerg] the process cannot start (\(error))")
            return 1
        }
    }

    private func begin() {
        do throws(SystemError) {
            signals = try SignalEndpoint(loop: loop) { [unowned self] in obey($0) }
            if let limit = delivery.bundle.plan.descriptorLimit { ProcessControl.limitDescriptors(limit) }
            let sites: [Site]
            do throws(Diagnostic) {
                sites = try setup.sites(delivery, loopCount: delivery.bundle.plan.loopCount)
            } catch {
                StandardError.emergency(error)
                ProcessControl.exitNow(1)
            }
            try process.start(sites, delivery.sockets, setup.errorLog(delivery), prefix: delivery.bundle.options.prefix)
            log(.notice, "zendan/\(ServerVersion.number)")
            writePidFile()
        } catch {
            StandardError.write("zendan: [emerg] the process cannot start (\(error))")
            ProcessControl.exitNow(1)
        }
    }

    private func writePidFile() {
        do throws(SystemError) {
            try pidFile.write()
        } catch {
            StandardError.write("zendan: [emerg] open() \"\(pidFile.path)\" failed (\(error))")
            ProcessControl.exitNow(1)
        }
    }

    private func obey(_ arrival: Signals.Arrival) {
        if arrival.signal != .child { log(.notice, arrival.logLine) }
        switch arrival.signal {
        case .terminate, .interrupt: end()
        case .quit: drain()
        case .hangUp: reload()
        case .user1:
            process.flushLogs()
            for failure in preparation.logs.reopen() { log(.error, failure.message) }
        case .child: reapChildren()
        case .user2, .windowChange: break
        }
    }

    private func reload() {
        if isDraining { return }
        do throws(SystemError) {
            try check.start(delivery.bundle.options)
        } catch {
            log(.error, "the check of the configuration cannot be started (\(error)); the configuration in use stays")
        }
    }

    private func reapChildren() {
        while let ended = ProcessControl.reap() {
            if let outcome = check.ended(ended.process, ended.ending) { checked(outcome) }
        }
    }

    private func checked(_ outcome: ConfigurationCheck.Outcome) {
        if isDraining { return }
        switch outcome {
        case .refused(let error, _): refuse(error.logLine)
        case .accepted(var bundle, let warnings):
            bundle.succeed(delivery.bundle, warnings) { log($0, $1) }
            do throws(StartPreparation.Failure) {
                use(try preparation.prepare(bundle) { log(.warn, $0) })
            } catch {
                refuse(error.message)
            }
        }
        if check.takeWish() { reload() }
    }

    private func use(_ next: Delivery) {
        do throws(Diagnostic) {
            let sites = try setup.sites(next, loopCount: delivery.bundle.plan.loopCount)
            let old = process.reload(sites, next.sockets, setup.errorLog(next))
            let timeout = delivery.bundle.plan.shutdownTimeout
            delivery = next
            log(.notice, "the new configuration is in use")
            retire(old, timeout: timeout)
        } catch {
            return refuse(error.logLine)
        }
        do throws(SystemError) {
            try pidFile.move(to: next.bundle.plan.pidFile)
        } catch {
            log(.error, "open() \"\(next.bundle.plan.pidFile)\" failed (\(error)); the pid file stays \"\(pidFile.path)\"")
        }
    }

    private func refuse(_ reason: String) {
        log(.emerg, reason)
        log(.notice, "the configuration in use stays")
    }

    private func retire(_ old: [Site], timeout: Int64?) {
        let retirement = retirement ?? Retirement(loop: loop, process: process) { [unowned self] in log($0, $1) }
        self.retirement = retirement
        retirement.watch(old, timeout: timeout)
    }

    private func drain() {
        if isDraining { return }
        isDraining = true
        let mailbox = loop.mailbox
        process.drain { mailbox.call { loop in (loop.local as? SingleProcess)?.end() } }
        if let timeout = delivery.bundle.plan.shutdownTimeout {
            let timer = DelayedAction(loop: loop)
            self.timer = timer
            timer.schedule(after: timeout) { [unowned self] in
                log(.notice, "worker_shutdown_timeout: connections that are still open are closed")
                end()
            }
        }
    }

    private func end() {
        log(.notice, "exit")
        process.flushLogs()
        let timer = DelayedAction(loop: loop)
        self.timer = timer
        let pidFile = pidFile
        let sockets = preparation.sockets
        timer.schedule(after: 5) {
            pidFile.remove()
            sockets.removeFiles(notIn: nil)
            ProcessControl.exitNow(0)
        }
    }

    private func log(_ level: LogLevel, _ message: String) {
        setup.errorLog(delivery).write(level, message, now: loop.wallNow / 1000)
    }
}
