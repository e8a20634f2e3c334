import Bytes
import EventLoops
import Observability
import Platform

/// The part of a load that runs on one event loop.
final class LoadLoop: LoopBound {
    /// What a client that comes for work is told.
    enum Work {
        case due(Arrival)
        case later
        case over
    }

    let plan: LoadPlan
    var statistics: LoadStatistics
    /// What sockets are read into; nothing in it outlives the call that read it.
    let input = ByteBuffer(capacity: 262_144)
    private let units: [UnitImage]
    private let choice: WeightedChoice
    private var generator: SeededGenerator
    private var pacer: Pacer
    private var idle: [LoadClient] = []
    private var running = 0
    private let alarm: ArrivalAlarm
    private let counters: LoadCounters
    private let meter = ProcessorMeter()
    private var usage: LoopUsage?
    private let finished: @Sendable (LoadStatistics, LoopUsage) -> Void

    /// Nothing starts before `start` (nanoseconds); `finished` is called on the loop's thread when all is done.
    init(
        loop: EventLoop, plan: LoadPlan, start: Int64, counters: LoadCounters,
        finished: @escaping @Sendable (LoadStatistics, LoopUsage) -> Void
    ) throws(SystemError) {
        self.plan = plan
        self.counters = counters
        self.finished = finished
        statistics = LoadStatistics(apdexThreshold: plan.apdexThreshold)
        units = plan.workload.units.map { UnitImage($0, host: plan.host) }
        choice = WeightedChoice(weights: plan.workload.units.map(\.weight))
        generator = SeededGenerator(seed: plan.seed &+ UInt64(loop.index) &* 0x1_0001)
        pacer = Pacer(
            pace: plan.pace, start: start, warmup: plan.warmup, duration: plan.duration, loop: loop.index, loops: plan.loops,
            maximumUnits: plan.maximumUnits)
        alarm = try ArrivalAlarm(on: loop)
        super.init(loop: loop)
    }

    /// Starts this loop's share of the clients.
    func begin() {
        alarm.fired = { [unowned self] in handOut() }
        let count = plan.clients / plan.loops + (loop.index < plan.clients % plan.loops ? 1 : 0)
        running = count
        if count == 0 { return end() }
        for _ in 0..<count {
            let client = LoadClient(load: self)
            loop.start { await client.run() }
        }
    }

    func pick() -> UnitImage { units[choice.pick(&generator)] }

    /// When a request that starts now must be answered, in nanoseconds; never after the end of all.
    func deadline() -> Int64 { min(Clock.monotonicNanoseconds() + plan.timeout, pacer.end + 2 * plan.timeout) }

    /// Work for a client that is free. A unit that is due in an open loop has waited: an idle client would have had it.
    func take() -> Work {
        let now = Clock.monotonicNanoseconds()
        guard let next = pacer.nextStart(now: now) else { return .over }
        if next > now { return .later }
        if case .open = plan.pace, now >= pacer.end + plan.timeout { return .over }
        guard let arrival = pacer.next(now: now) else { return .over }
        if case .open = plan.pace, arrival.isMeasured { statistics.recordQueued() }
        return .due(arrival)
    }

    func enterIdle(_ client: LoadClient) {
        idle.append(client)
        if idle.count == 1 { setAlarm() }
    }

    private func setAlarm() {
        alarm.set(idle.isEmpty ? nil : pacer.nextStart(now: Clock.monotonicNanoseconds()))
    }

    /// Gives what is due to clients that are free, and sends them home when there is no more.
    private func handOut() {
        while let client = idle.first {
            let now = Clock.monotonicNanoseconds()
            guard let next = pacer.nextStart(now: now) else {
                idle.removeFirst()
                client.assign(nil)
                continue
            }
            if next > now { break }
            guard let arrival = pacer.next(now: now) else { break }
            idle.removeFirst()
            if case .open = plan.pace, arrival.isMeasured { statistics.recordLag(now - arrival.intendedStart) }
            client.assign(arrival)
        }
        setAlarm()
    }

    func record(_ view: View, _ arrival: Arrival, started: Int64) {
        if case .success = view.worst { counters.answered.add(loop: loop.index) } else { counters.failed.add(loop: loop.index) }
        guard arrival.isMeasured else { return }
        statistics.recordUnit(arrival, started: started, finished: view.finished, worst: view.worst)
    }

    func clientFinished() {
        if usage == nil { usage = meter.usage() }
        running -= 1
        if running > 0 { return releaseIdle() }
        end()
    }

    /// A client has found that all is over: the idle ones need not wait for the alarm.
    private func releaseIdle() {
        guard pacer.nextStart(now: Clock.monotonicNanoseconds()) == nil else { return }
        handOut()
    }

    private func end() {
        statistics.recordNeverStarted(pacer.neverStarted())
        alarm.close()
        finished(statistics, usage ?? meter.usage())
        loop.stop()
    }
}

/// What the thread that shows progress may read while the loops work.
public struct LoadCounters: Sendable {
    public let answered: Counter
    public let failed: Counter

    init(loops: Int) {
        answered = Counter(loops: loops)
        failed = Counter(loops: loops)
    }
}

/// Wakes the loop at the moment the next unit is due, to the microsecond.
private final class ArrivalAlarm: Endpoint {
    var fired: (() -> Void)?
    private let timer: TimerDescriptor

    init(on loop: EventLoop) throws(SystemError) {
        timer = try TimerDescriptor()
        super.init(loop: loop)
        try watch(timer.rawValue, .readable)
    }

    /// nil: no alarm.
    func set(_ moment: Int64?) { timer.set(moment) }

    override func ready(_ readiness: Readiness) {
        if !filter(readiness).isEmpty { fired?() }
    }

    func close() {
        fired = nil
        detach()
    }
}
