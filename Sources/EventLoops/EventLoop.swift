import Bytes
import Platform

/// A thread that waits for descriptors, timers and messages, and runs what they wake: small objects' callbacks, and tasks.
public final class EventLoop {
    public let executor: LoopExecutor
    public let mailbox: Mailbox
    /// The number of this loop in its process, from 0.
    public let index: Int
    let epoll: Epoll
    var table = LoopTable()
    var timers: TimerWheel
    /// Milliseconds that never go backwards, read once per turn.
    public private(set) var now: Int64
    /// Milliseconds since 1970, read once per turn.
    public private(set) var wallNow: Int64
    /// Tasks that have been started and have not ended.
    public private(set) var taskCount = 0
    /// What the program keeps per loop; the loop does not look at it.
    public var local: AnyObject?
    private var endOfTurn: [LoopObject] = []
    private var endingTurn: [LoopObject] = []
    private var due: [UInt32] = []
    private var isStopping = false
    /// Called after each turn, before the loop waits (log flushing, housekeeping that must not wait for a timer).
    public var afterTurn: (() -> Void)?
    /// Milliseconds added to the wall clock: tests move time so that no test sleeps through a lifetime.
    public var wallOffset: Int64 = 0

    private static let mailboxToken = UInt64.max

    public init(index: Int = 0) throws(SystemError) {
        self.index = index
        mailbox = try Mailbox()
        executor = LoopExecutor(mailbox: mailbox)
        epoll = try Epoll()
        now = Clock.monotonicMilliseconds()
        wallNow = Clock.wallMilliseconds()
        timers = TimerWheel(now: now)
        try epoll.add(mailbox.descriptor.rawValue, .readable, token: EventLoop.mailboxToken)
    }

    /// Runs on the calling thread until `stop`. `setUp` is called there first.
    public func run(_ setUp: (EventLoop) -> Void) {
        executor.bindToCurrentThread()
        setUp(self)
        while !isStopping { turn() }
        local = nil
        afterTurn = nil
        endOfTurn = []
        table.removeAll()
    }

    /// Starts a thread with a loop of its own and returns the loop's mailbox.
    public static func start(index: Int, _ setUp: @escaping @Sendable (EventLoop) -> Void) throws(SystemError) -> Mailbox {
        let loop = try EventLoop(index: index)
        let mailbox = loop.mailbox
        // Sound: the new thread is the only one that touches the loop from here on.
        nonisolated(unsafe) let handed = loop
        try Threads.start { unsafe handed.run(setUp) }
        return mailbox
    }

    public func stop() { isStopping = true }

    /// Calls `object.turnEnded()` when this turn is over.
    public func atEndOfTurn(_ object: LoopObject) { endOfTurn.append(object) }

    /// The object that has this place in the table; nil when it has left.
    public func object(_ ticket: Ticket) -> LoopObject? { table.find(ticket) }

    public var objects: [LoopObject] { table.all }

    /// Starts a task on this loop; it runs at once, on the caller's stack, up to its first wait.
    public func start(_ body: @escaping () async -> Void) {
        assert(executor.isCurrent)
        taskCount += 1
        // Sound: every job of this task runs on this thread (the executor preference), so nothing crosses.
        nonisolated(unsafe) let body = body
        nonisolated(unsafe) let loop = self
        Task.immediate(executorPreference: executor) {
            await unsafe body()
            unsafe loop.taskCount -= 1
        }
    }

    /// Starts a task that runs `parking.main()`, likewise: two allocations and two looks at the executor less than with a
    /// closure.
    public func start(_ parking: Parking) {
        assert(executor.isCurrent)
        taskCount += 1
        // Sound: as above.
        nonisolated(unsafe) let parking = parking
        Task.immediate(executorPreference: executor) {
            await unsafe parking.main()
            unsafe parking.loop.taskCount -= 1
        }
    }

    private func turn() {
        let wait = waitTime()
        let count: Int
        do throws(SystemError) {
            count = try epoll.wait(milliseconds: wait)
        } catch {
            count = 0
        }
        readClocks()
        for index in 0..<count { dispatch(epoll.event(at: index)) }
        fireTimers()
        var rounds = 0
        while executor.hasWork, rounds < 16 {
            executor.runReady()
            rounds += 1
        }
        endTurn()
        afterTurn?()
    }

    private func waitTime() -> Int32 {
        if executor.hasWork || !endOfTurn.isEmpty { return 0 }
        guard let next = timers.timeToNext(now: now) else { return -1 }
        return Int32(clamping: min(next, 60_000))
    }

    private func readClocks() {
        now = Clock.monotonicMilliseconds()
        wallNow = Clock.wallMilliseconds() + wallOffset
    }

    private func dispatch(_ event: (token: UInt64, readiness: Readiness)) {
        if event.token == EventLoop.mailboxToken { return takeMail() }
        table.find(Ticket(token: event.token))?.ready(event.readiness)
    }

    private func takeMail() {
        mailbox.descriptor.drain()
        for message in mailbox.takeAll() {
            switch message {
            case .job(let job): executor.add(job)
            case .wake(let ticket, let reasons): table.find(ticket)?.wake(reasons)
            case .call(let body): body(self)
            }
        }
    }

    private func fireTimers() {
        timers.advance(now: now, due: &due)
        if due.isEmpty { return }
        // One by one: an earlier timer's work may have set or cleared a later one, or given its place to another object.
        for index in due where timers.takeDue(index) { table.object(at: index)?.timerFired() }
        due.removeAll(keepingCapacity: true)
    }

    private func endTurn() {
        if endOfTurn.isEmpty { return }
        swap(&endOfTurn, &endingTurn)
        for object in endingTurn { object.turnEnded() }
        endingTurn.removeAll(keepingCapacity: true)
    }
}
