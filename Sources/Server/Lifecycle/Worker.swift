import Configuration
import EventLoops
import Observability
import Platform

/// The process that serves. It gets everything from the supervisor, over one socket: the accepted configuration, listening
/// sockets, logs. It reads no configuration from disk and has given up root before its first loop starts.
public final class Worker {
    /// The hidden argument that makes a process a worker.
    public static let argument = "--worker"
    /// Where the socket to the supervisor is.
    static let descriptor: Int32 = 3

    private let program: Program
    private let loop: EventLoop
    private let setup: ServingSetup
    private let process: ServingProcess
    private var collector = Channel.Collector()
    private var channel: ChannelEndpoint?
    private var signals: SignalEndpoint?
    private var shutdownTimer: DelayedAction?
    private var retirement: Retirement?
    private var delivery: Delivery?
    private var isDraining = false

    private init(_ program: Program, _ loop: EventLoop) {
        self.program = program
        self.loop = loop
        let named = NamedState(pool: BlockingPool(threads: 4))
        setup = ServingSetup(program: program, named: named)
        process = ServingProcess(named: named)
    }

    /// The body of the process. Returns its exit status.
    public static func run(_ program: Program) -> Int32 {
        // Started through /proc/self/exe, it would be called "exe".
        Threads.setName("zendan")
        Signals.ignoreFailedWrites()
        Signals.block()
        do throws(SystemError) {
            let loop = try EventLoop(index: 511)
            let worker = Worker(program, loop)
            loop.run { loop in
                loop.local = worker
                worker.begin()
            }
            return worker.status
        } catch {
            StandardError.write("zendan: [emerg] the worker cannot start (\(error))")
            return 2
        }
    }

    private var status: Int32 = 0

    private func begin() {
        do throws(SystemError) {
            signals = try SignalEndpoint(loop: loop) { [unowned self] in obey($0) }
            channel = try ChannelEndpoint(FileDescriptor(owning: Worker.descriptor), loop: loop) { [unowned self] in
                received($0)
            }
        } catch {
            StandardError.write("zendan: [emerg] the worker cannot start (\(error))")
            end(2)
        }
    }

    private func obey(_ arrival: Signals.Arrival) {
        switch arrival.signal {
        case .terminate, .interrupt: end(0)
        case .quit, .windowChange: drain()
        case .user1, .user2, .hangUp, .child: break
        }
    }

    private func received(_ message: Socket.Message?) {
        // Without a supervisor nobody could reload or replace this process: it finishes and goes.
        guard let message else { return drain() }
        do throws(BundleError) {
            switch try collector.take(message) {
            case nil: break
            case .drain: drain()
            case .reopen(let logs): reopen(logs)
            case .deliver(let delivery): accept(delivery)
            }
        } catch {
            tell(.refused(generation: 0, reason: "a message of the supervisor makes no sense"))
        }
    }

    private func accept(_ delivery: Delivery) {
        let isFirst = self.delivery == nil
        let plan = delivery.bundle.plan
        do throws(Diagnostic) {
            if isFirst {
                if let limit = plan.descriptorLimit { ProcessControl.limitDescriptors(limit) }
                try dropRights(plan)
            }
            let count = self.delivery?.bundle.plan.loopCount ?? plan.loopCount
            let sites = try setup.sites(delivery, loopCount: count)
            let log = setup.errorLog(delivery)
            if isFirst {
                do throws(SystemError) {
                    try process.start(sites, delivery.sockets, log, prefix: delivery.bundle.options.prefix)
                } catch {
                    throw Diagnostic("the loops cannot be started (\(error))", at: nil)
                }
            } else {
                let old = process.reload(sites, delivery.sockets, log)
                retire(old, timeout: self.delivery?.bundle.plan.shutdownTimeout)
            }
            self.delivery = delivery.withoutLogs
            tell(.ready(generation: delivery.generation))
            StartMemory.release()
        } catch {
            tell(.refused(generation: delivery.generation, reason: error.logLine))
            if isFirst { end(2) }
        }
    }

    private func dropRights(_ plan: StartPlan) throws(Diagnostic) {
        guard let account = plan.account, account.user != ProcessControl.effectiveUser else { return }
        do throws(SystemError) {
            try ProcessControl.become(account)
        } catch {
            throw Diagnostic("cannot become user \(account.name) (\(error))", at: nil)
        }
    }

    private func retire(_ old: [Site], timeout: Int64?) {
        let retirement = retirement ?? Retirement(loop: loop, process: process) { [unowned self] in log($0, $1) }
        self.retirement = retirement
        retirement.watch(old, timeout: timeout)
    }

    private func log(_ level: LogLevel, _ message: String) {
        guard let delivery else { return }
        setup.errorLog(delivery).write(level, message, now: loop.wallNow / 1000)
    }

    private func reopen(_ logs: [String: SharedDescriptor]) {
        process.flushLogs()
        for (path, descriptor) in logs {
            guard let log = setup.named.log(path), let copy = try? FileDescriptor.duplicate(descriptor.rawValue) else {
                continue
            }
            try? log.replace(with: copy)
        }
    }

    private func drain() {
        if isDraining { return }
        isDraining = true
        if delivery == nil { return end(0) }
        log(.notice, "gracefully shutting down")
        let mailbox = loop.mailbox
        process.drain { mailbox.call { loop in (loop.local as? Worker)?.end(0) } }
        if let timeout = delivery?.bundle.plan.shutdownTimeout {
            let timer = DelayedAction(loop: loop)
            shutdownTimer = timer
            timer.schedule(after: timeout) { [unowned self] in
                log(.notice, "worker_shutdown_timeout: connections that are still open are closed")
                end(0)
            }
        }
    }

    private func tell(_ report: Channel.Report) {
        guard let channel else { return }
        try? Channel.send(report, on: channel.descriptor.rawValue)
    }

    private func end(_ status: Int32) {
        self.status = status
        log(.notice, "exit")
        process.flushLogs()
        // Loops flush on their own threads; they are given the time of one turn.
        let timer = DelayedAction(loop: loop)
        shutdownTimer = timer
        timer.schedule(after: 5) { ProcessControl.exitNow(status) }
    }
}
