import Platform

/// Runs the tasks of one loop on its thread (TaskExecutor).
public final class LoopExecutor: TaskExecutor, @unchecked Sendable {
    // Sound: `ready` is touched on the loop's thread only; jobs from elsewhere go through the mailbox.
    private var ready: [UnownedJob] = []
    private var running: [UnownedJob] = []
    // Sound: written once, before the loop runs anything.
    private var thread: UInt = 0
    private let mailbox: Mailbox

    init(mailbox: Mailbox) {
        self.mailbox = mailbox
        ready.reserveCapacity(64)
        running.reserveCapacity(64)
    }

    func bindToCurrentThread() { thread = Threads.current }

    /// Whether the caller is on the loop's thread.
    public var isCurrent: Bool { Threads.current == thread }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent { ready.append(job) } else { mailbox.post(.job(job)) }
    }

    var hasWork: Bool { !ready.isEmpty }

    func add(_ job: UnownedJob) { ready.append(job) }

    /// Runs what was ready at the call; what those jobs make ready waits for the next call.
    func runReady() {
        swap(&ready, &running)
        for job in running { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        running.removeAll(keepingCapacity: true)
    }
}
