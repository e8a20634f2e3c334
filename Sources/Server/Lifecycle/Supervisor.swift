import Configuration
import EventLoops
import Observability
import Platform

/// The process that keeps the rights: it binds, opens logs, has configurations checked in a process of their own, and starts
/// and replaces the worker.
public final class Supervisor {
    private let program: Program
    private let loop: EventLoop
    private var preparation: StartPreparation
    private var delivery: Delivery
    /// The last configuration that a worker has served: what a refused one falls back to.
    private var proven: Delivery?
    private var pidFile: PidFile
    private var signals: SignalEndpoint?
    private var respawnTimer: DelayedAction?
    private var worker: WorkerHandle?
    private var retiring: [WorkerHandle] = []
    private var check = ReloadCheck()
    private var failures = 0
    /// After WINCH there is no worker until a reload starts one.
    private var isResting = false
    /// When the worker was started, on the loop's clock.
    private var startedAt: Int64 = 0
    /// A worker that served this long, in milliseconds, does not keep dying.
    private static let steady: Int64 = 5000
    private var isEnding = false
    private var hasServed = false
    private var successor: Int32?
    private let binary: String

    private init(_ program: Program, _ loop: EventLoop, _ prepared: consuming Prepared, binary: String) {
        self.program = program
        self.loop = loop
        preparation = prepared.preparation
        delivery = prepared.delivery
        self.binary = binary
        pidFile = PidFile(path: delivery.bundle.plan.pidFile)
    }

    /// Supervises until it is told to end. Returns the exit status.
    static func run(_ program: Program, _ prepared: consuming Prepared, binary: String) -> Int32 {
        Signals.ignoreFailedWrites()
        Signals.block()
        do throws(SystemError) {
            let loop = try EventLoop(index: 510)
            let supervisor = Supervisor(program, loop, prepared, binary: binary)
            loop.run { loop in
                loop.local = supervisor
                supervisor.begin()
            }
            return 0
        } catch {
            StandardError.write("zendan: [emerg] the supervisor cannot start (\(error))")
            return 1
        }
    }

    private func begin() {
        do throws(SystemError) {
            signals = try SignalEndpoint(loop: loop) { [unowned self] in obey($0) }
        } catch {
            return finish(1)
        }
        log(.notice, "zendan/\(ServerVersion.number)")
        startWorker()
    }

    // MARK: The worker

    private func startWorker() {
        do throws(SystemError) {
            let handle = try WorkerHandle.start(delivery, loop: loop) { [unowned self] handle, report in
                reported(handle, report)
            }
            worker = handle
            startedAt = loop.now
            log(.notice, "start worker process \(handle.pid)")
        } catch {
            log(.crit, "the worker cannot be started (\(error))")
            workerFailed()
        }
    }

    private func reported(_ handle: WorkerHandle, _ report: Channel.Report) {
        switch report {
        case .ready(let generation):
            if generation == delivery.generation { proven = delivery }
            if handle.hasServed { log(.notice, "worker process \(handle.pid) uses the new configuration") }
            handle.hasServed = true
            becameReady()
            StartMemory.release()
        case .refused(let generation, let reason):
            log(.emerg, reason)
            if generation == delivery.generation, let proven { delivery = proven }
        }
    }

    private func becameReady() {
        if hasServed { return }
        hasServed = true
        do throws(SystemError) {
            try pidFile.write()
        } catch {
            log(.emerg, "open() \"\(pidFile.path)\" failed (\(error))")
            finish(1)
        }
    }

    private func reapChildren() {
        while let ended = ProcessControl.reap() {
            if let outcome = check.ended(ended.process, ended.ending) {
                checked(outcome)
            } else if ended.process == successor {
                successorEnded()
            } else {
                workerEnded(ended.process, ended.ending)
            }
        }
    }

    private func workerEnded(_ process: Int32, _ ending: ProcessControl.Ending) {
        let isCurrent = worker?.pid == process
        switch ending {
        case .exited(let status): log(.notice, "worker process \(process) exited with code \(status)")
        // Not [alert]: what was lost is said in the same line.
        case .signaled(let number):
            log(
                .error,
                "worker process \(process) exited on signal \(number); requests in flight were lost, connects wait for its successor"
            )
        }
        retiring.removeAll { $0.pid == process }
        if isCurrent {
            worker?.channel?.close()
            worker = nil
            if !isEnding {
                if !hasServed { return finish(1) }
                if loop.now - startedAt >= Supervisor.steady { failures = 0 }
                if !isResting { workerFailed() }
            }
        }
        if isEnding, worker == nil, retiring.isEmpty { finish(0) }
    }

    /// At once the first time, then with growing pauses.
    private func workerFailed() {
        if isEnding { return }
        let pauses: [Int64] = [0, 1000, 2000, 4000, 8000, 16000, 30000]
        let pause = pauses[min(failures, pauses.count - 1)]
        failures += 1
        let timer = respawnTimer ?? DelayedAction(loop: loop)
        respawnTimer = timer
        timer.schedule(after: pause) { [unowned self] in
            if !isEnding, !isResting, worker == nil { startWorker() }
        }
    }

    // MARK: Signals

    private func obey(_ arrival: Signals.Arrival) {
        if arrival.signal != .child { log(.notice, arrival.logLine) }
        switch arrival.signal {
        case .child: reapChildren()
        case .terminate, .interrupt: stop(.terminate)
        case .quit: quit()
        case .hangUp: reload()
        case .user1: reopenLogs()
        case .user2: upgrade()
        case .windowChange:
            isResting = true
            worker?.drain()
        }
    }

    private func stop(_ signal: Signal) {
        isEnding = true
        for handle in retiring + [worker].compactMap({ $0 }) { try? ProcessControl.send(signal, to: handle.pid) }
        if worker == nil, retiring.isEmpty { return finish(0) }
        let timer = DelayedAction(loop: loop)
        respawnTimer = timer
        timer.schedule(after: 5000) { [unowned self] in
            for handle in retiring + [worker].compactMap({ $0 }) { ProcessControl.killNow(handle.pid) }
        }
    }

    private func quit() {
        isEnding = true
        for handle in retiring + [worker].compactMap({ $0 }) { handle.drain() }
        if worker == nil, retiring.isEmpty { finish(0) }
    }

    private func reopenLogs() {
        for failure in preparation.logs.reopen() { log(.error, failure.message) }
        guard let worker, let channel = worker.channel else { return }
        try? Channel.send(reopened: preparation.logs, on: channel.descriptor.rawValue)
    }

    // MARK: Reload

    private func reload() {
        if isEnding { return }
        do throws(SystemError) {
            try check.start(delivery.bundle.options)
        } catch {
            log(.error, "the check of the configuration cannot be started (\(error)); the configuration in use stays")
        }
    }

    private func checked(_ outcome: ConfigurationCheck.Outcome) {
        defer { if check.takeWish() { reload() } }
        switch outcome {
        case .refused(let error, _):
            log(.emerg, error.logLine)
            log(.notice, "the configuration in use stays")
        case .accepted(var bundle, let warnings):
            bundle.succeed(delivery.bundle, warnings) { log($0, $1) }
            do throws(StartPreparation.Failure) {
                let next = try preparation.prepare(bundle) { log(.warn, $0) }
                use(next)
            } catch {
                log(.emerg, error.message)
                log(.notice, "the configuration in use stays")
            }
        }
    }

    private func use(_ next: Delivery) {
        let needsNew = next.bundle.plan.needsNewWorker(after: delivery.bundle.plan)
        delivery = next
        movePidFile(next.bundle.plan.pidFile)
        if isResting {
            isResting = false
            if let worker { retiring.append(worker) }
            worker = nil
            return startWorker()
        }
        guard let worker, let channel = worker.channel else { return }
        if needsNew {
            retiring.append(worker)
            self.worker = nil
            startWorker()
            worker.drain()
            return
        }
        do throws(SystemError) {
            try Channel.send(next, on: channel.descriptor.rawValue)
        } catch {
            log(.error, "the worker cannot be told of the new configuration (\(error))")
            ProcessControl.killNow(worker.pid)
        }
    }

    private func movePidFile(_ path: String) {
        if successor != nil { return }
        do throws(SystemError) {
            try pidFile.move(to: path)
        } catch {
            log(.error, "open() \"\(path)\" failed (\(error)); the pid file stays \"\(pidFile.path)\"")
        }
    }

    // MARK: Upgrade

    /// USR2: the binary that now lies at our path takes the sockets over; both serve until one of them is told to end.
    private func upgrade() {
        if successor != nil { return }
        do throws(SystemError) {
            try pidFile.moveAside()
            let numbers = preparation.sockets.numbers
            var keeping: [(from: Int32, to: Int32)] = []
            var value = ""
            for (index, number) in numbers.enumerated() {
                keeping.append((number, Int32(10 + index)))
                value += "\(10 + index);"
            }
            let options = delivery.bundle.options
            var arguments = ["zendan", "-p", options.prefix, "-c", options.file, "-e", options.errorLog]
            if !options.globals.isEmpty { arguments += ["-g", options.globals] }
            successor = try ProcessControl.spawn(
                binary, arguments, environment: ProcessControl.environment + ["NGINX=\(value)"], keeping: keeping)
            log(.notice, "start new binary process \(successor ?? 0)")
        } catch {
            log(.error, "the new binary cannot be started (\(error))")
            try? pidFile.moveBack()
        }
    }

    private func successorEnded() {
        successor = nil
        log(.notice, "the new binary process has ended")
        try? pidFile.moveBack()
    }

    // MARK: The end

    private func finish(_ status: Int32) {
        pidFile.remove()
        if successor == nil { preparation.sockets.removeFiles(notIn: nil) }
        log(.notice, "exit")
        ProcessControl.exitNow(status)
    }

    private func log(_ level: LogLevel, _ message: String) {
        var targets = delivery.bundle.plan.errorLogs
        if targets.isEmpty {
            targets = [
                LogTarget(destination: delivery.bundle.options.errorLogPath.map { .file($0) } ?? .stderr, level: .error)
            ]
        }
        preparation.logs.errorLog(targets).write(level, message, now: loop.wallNow / 1000)
    }
}

/// A worker as its supervisor sees it.
final class WorkerHandle {
    let pid: Int32
    private(set) var channel: ChannelEndpoint?
    /// Whether it has accepted a configuration.
    var hasServed = false

    private init(pid: Int32) { self.pid = pid }

    /// Starts this same program as a worker and sends it what it needs.
    static func start(
        _ delivery: Delivery, loop: EventLoop, _ onReport: @escaping (WorkerHandle, Channel.Report) -> Void
    ) throws(SystemError) -> WorkerHandle {
        let pair = try Socket.messagePair()
        let pid = try ProcessControl.spawn(
            ProcessControl.ownExecutable, ["zendan: worker process", Worker.argument],
            environment: delivery.bundle.plan.environment,
            keeping: [(pair.second.rawValue, Worker.descriptor)])
        let handle = WorkerHandle(pid: pid)
        let ours = try pair.first.duplicate()
        handle.channel = try ChannelEndpoint(ours, loop: loop) { [unowned handle] message in
            if let message, let report = Channel.report(message) { onReport(handle, report) }
        }
        guard let channel = handle.channel else { return handle }
        try Channel.send(delivery, on: channel.descriptor.rawValue)
        return handle
    }

    /// Finishes what is in flight, and ends.
    func drain() {
        guard let channel else { return }
        try? Channel.sendDrain(on: channel.descriptor.rawValue)
    }
}
