import EventLoops
import Observability
import Platform

/// How far a running load has come.
public struct LoadProgress: Sendable {
    /// Nanoseconds since the start, and until the last start.
    public let elapsed: Int64
    public let total: Int64
    public let answered: Int
    public let failed: Int
}

/// Runs a load on loops of its own and waits for its end.
public enum LoadRunner {
    /// Time for all loops to come up, so that they start together.
    private static let headStart: Int64 = 20_000_000
    private static let pollMilliseconds = 5

    private struct Results: Sendable {
        var statistics: LoadStatistics?
        var usages: [Int: LoopUsage] = [:]
        var failure: SystemError?
    }

    /// Runs `plan`. `progress` is called about once a second on the calling thread. Errors: no descriptors for a loop.
    public static func run(_ plan: LoadPlan, progress: (LoadProgress) -> Void = { _ in }) throws(SystemError) -> LoadReport {
        precondition(plan.clients > 0 && plan.loops > 0)
        if ProcessControl.limitDescriptors(nil) < plan.descriptorsNeeded {
            ProcessControl.limitDescriptors(plan.descriptorsNeeded)
        }
        let counters = LoadCounters(loops: plan.loops)
        let results = Lock(Results())
        let start = Clock.monotonicNanoseconds() + headStart
        for index in 0..<plan.loops {
            _ = try EventLoop.start(index: index) { loop in
                LoadRunner.begin(loop, plan, start, counters, results)
            }
        }
        let total = plan.warmup + plan.duration
        var nextReport: Int64 = 1_000_000_000
        while results.withLock({ $0.usages.count }) < plan.loops {
            Threads.sleep(milliseconds: pollMilliseconds)
            let elapsed = Clock.monotonicNanoseconds() - start
            guard elapsed >= nextReport else { continue }
            nextReport += 1_000_000_000
            progress(LoadProgress(elapsed: elapsed, total: total, answered: counters.answered.sum, failed: counters.failed.sum))
        }
        return try report(plan, results.withLock { $0 }, start)
    }

    /// On the loop's thread.
    private static func begin(
        _ loop: EventLoop, _ plan: LoadPlan, _ start: Int64, _ counters: LoadCounters, _ results: Lock<Results>
    ) {
        let index = loop.index
        do throws(SystemError) {
            let load = try LoadLoop(loop: loop, plan: plan, start: start, counters: counters) { statistics, usage in
                results.withLock { results in
                    if results.statistics == nil {
                        results.statistics = statistics
                    } else {
                        results.statistics?.merge(statistics)
                    }
                    results.usages[index] = usage
                }
            }
            loop.local = load
            load.begin()
        } catch {
            results.withLock { results in
                results.failure = error
                results.usages[index] = LoopUsage(processorNanoseconds: 0, wallNanoseconds: 0)
            }
            loop.stop()
        }
    }

    private static func report(_ plan: LoadPlan, _ results: Results, _ start: Int64) throws(SystemError) -> LoadReport {
        if let failure = results.failure { throw failure }
        let statistics = results.statistics ?? LoadStatistics(apdexThreshold: plan.apdexThreshold)
        let measuredFrom = start + plan.warmup
        let usages = results.usages.sorted { $0.key < $1.key }.map(\.value)
        return LoadReport(
            plan: plan, statistics: statistics, loops: usages,
            elapsed: plan.elapsed(lastEnd: statistics.lastEnd, measuredFrom: measuredFrom))
    }
}

extension LoadPlan {
    /// Descriptors that this plan may have open at once.
    var descriptorsNeeded: Int {
        let parallel = workload.units.map { max(1, min($0.parallel, $0.requests.count - 1)) }.max() ?? 1
        return clients * parallel * 2 + loops * 4 + 64
    }

    /// What throughput is divided by. In an open loop the load lasts as long as it was meant to, and longer if answers came
    /// later; in a closed loop, or when the units ran out, until the last answer.
    func elapsed(lastEnd: Int64, measuredFrom: Int64) -> Int64 {
        let untilLastAnswer = max(lastEnd - measuredFrom, 0)
        if case .open = pace, maximumUnits == .max { return max(untilLastAnswer, duration) }
        return untilLastAnswer
    }
}
