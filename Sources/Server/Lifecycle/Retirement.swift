import EventLoops
import Observability

/// What becomes of a configuration after a reload: tells when the last request that began under it is over, lets go then of
/// what it alone has named, and ends what still uses it after `worker_shutdown_timeout`. A reload replaces no process, so
/// nothing else would.
final class Retirement {
    private struct Old {
        weak var site: Site?
        let generation: Int
        /// On the loop's clock; nil: no bound, or it is past.
        var deadline: Int64?
    }

    /// What the log says then. Tools that watch a reload of nginx wait for the end of its old worker: the line has its words.
    private static let message =
        "no request uses the previous configuration any more (nginx: worker process exited with code 0)"
    /// Milliseconds between two looks.
    private static let pause: Int64 = 100

    private var olds: [Old] = []
    private let loop: EventLoop
    private let timer: DelayedAction
    private let process: ServingProcess
    private let log: (LogLevel, String) -> Void

    init(loop: EventLoop, process: ServingProcess, log: @escaping (LogLevel, String) -> Void) {
        self.loop = loop
        timer = DelayedAction(loop: loop)
        self.process = process
        self.log = log
    }

    /// Watches these too, and bounds what still uses them by `timeout` milliseconds: that of their own configuration, as in
    /// nginx. Weak references, and only to what is on its way out: those in use stay as cheap as they are.
    func watch(_ sites: [Site], timeout: Int64?) {
        let deadline = timeout.map { loop.now + $0 }
        for site in sites { olds.append(Old(site: site, generation: site.generation, deadline: deadline)) }
        lookLater()
    }

    private func lookLater() {
        let next = olds.reduce(loop.now + Retirement.pause) { min($0, $1.deadline ?? .max) }
        timer.schedule(after: max(0, next - loop.now)) { [unowned self] in look() }
    }

    private func look() {
        olds.removeAll { $0.site == nil }
        if olds.isEmpty {
            process.prune()
            return log(.notice, Retirement.message)
        }
        var overdue: Set<Int> = []
        for index in olds.indices {
            guard let deadline = olds[index].deadline, deadline <= loop.now else { continue }
            olds[index].deadline = nil
            overdue.insert(olds[index].generation)
        }
        for generation in overdue {
            log(.notice, "worker_shutdown_timeout: connections that still use the previous configuration are closed")
            process.close(generation)
        }
        lookLater()
    }
}
