import Observability

/// The processor time that one loop used, and waited for.
public struct LoopUsage: Sendable {
    public let processorNanoseconds: Int64
    /// Time in which the loop could have run and other threads had the processors; 0 where the kernel does not say.
    public let waitingNanoseconds: Int64
    public let wallNanoseconds: Int64

    public init(processorNanoseconds: Int64, waitingNanoseconds: Int64 = 0, wallNanoseconds: Int64) {
        self.processorNanoseconds = processorNanoseconds
        self.waitingNanoseconds = waitingNanoseconds
        self.wallNanoseconds = wallNanoseconds
    }

    /// Processor time by wall time, from 0 to 1.
    public var share: Double { ratio(processorNanoseconds) }
    /// Waiting time by wall time, from 0 to 1.
    public var waitingShare: Double { ratio(waitingNanoseconds) }

    private func ratio(_ nanoseconds: Int64) -> Double {
        wallNanoseconds > 0 ? Double(nanoseconds) / Double(wallNanoseconds) : 0
    }
}

/// The outcome of a load, ready to be shown.
public struct LoadReport: Sendable {
    /// A loop that uses more of its processor than this may be what is slow.
    public static let processorLimit = 0.95
    /// An idle client that wakes later than this, at the 99th percentile, was kept from the processor (nanoseconds).
    public static let lagLimit = 5_000_000

    public let plan: LoadPlan
    public let statistics: LoadStatistics
    public let loops: [LoopUsage]
    /// From the end of the warm-up to the last answer, in nanoseconds.
    public let elapsed: Int64

    public init(plan: LoadPlan, statistics: LoadStatistics, loops: [LoopUsage], elapsed: Int64) {
        self.plan = plan
        self.statistics = statistics
        self.loops = loops
        self.elapsed = elapsed
    }

    public var seconds: Double { Double(elapsed) / 1e9 }
    public var unitsPerSecond: Double { rate(statistics.unitsAnswered) }
    public var requestsPerSecond: Double { rate(statistics.requestsAnswered) }

    private func rate(_ count: Int) -> Double { elapsed > 0 ? Double(count) / seconds : 0 }

    /// The share of answers with a cache status that came from the cache; nil when none had one.
    public var hitRatio: Double? {
        let total = statistics.cache.reduce(0, +)
        guard total > 0 else { return nil }
        let hits = CacheVerdict.allCases.filter(\.isHit).reduce(0) { $0 + statistics.cache[$1.rawValue] }
        return Double(hits) / Double(total)
    }

    /// Reasons not to trust the figures: the tool itself was too slow.
    public var doubts: [String] {
        var doubts: [String] = []
        for (index, loop) in loops.enumerated() {
            if loop.share >= LoadReport.processorLimit {
                doubts.append(
                    "loop \(index) used \(Figures.percent(loop.share)) of a processor: the latencies may be this tool's own; "
                        + "give it more loops (-t) or a slower load")
            } else if loop.share + loop.waitingShare >= LoadReport.processorLimit {
                doubts.append(
                    "loop \(index) used \(Figures.percent(loop.share)) of a processor and waited for one "
                        + "\(Figures.percent(loop.waitingShare)) of the time: this machine lacks processor time")
            }
        }
        let late = statistics.lag.percentile(99)
        if case .open = plan.pace, late > LoadReport.lagLimit {
            doubts.append(
                "could not keep the rate: 1 in 100 requests started \(Figures.duration(late)) or more too late although a client "
                    + "was free; this machine lacks processor time")
        }
        return doubts
    }

    /// What the reader should know though the figures are sound.
    public var remarks: [String] {
        var remarks: [String] = []
        if statistics.unitsQueued > 0, case .open = plan.pace {
            remarks.append(
                "\(Figures.count(statistics.unitsQueued)) requests were due while all \(plan.clients) clients were busy; their "
                    + "latency counts from when they were due (more clients: -c)")
        }
        let neverStarted = statistics.failures[LoadFailure.neverStarted.rawValue]
        if neverStarted > 0 {
            remarks.append(
                "\(Figures.count(neverStarted)) requests were due and never started: the latencies leave out the longest waits")
        }
        if statistics.resends > 0 {
            remarks.append("\(Figures.count(statistics.resends)) requests were sent again: the kept connection had been closed")
        }
        return remarks
    }
}
