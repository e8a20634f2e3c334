import Bytes
import Platform

/// Measures what the calling thread gets of the processors, from its making on.
struct ProcessorMeter {
    private let processor = Clock.threadNanoseconds()
    private let waiting = ProcessorMeter.waitingNanoseconds()
    private let wall = Clock.monotonicNanoseconds()

    func usage() -> LoopUsage {
        LoopUsage(
            processorNanoseconds: Clock.threadNanoseconds() - processor,
            waitingNanoseconds: ProcessorMeter.waitingNanoseconds() - waiting,
            wallNanoseconds: Clock.monotonicNanoseconds() - wall)
    }

    /// Time the calling thread has waited in a run queue: the second number of its `schedstat`. 0 where there is none.
    private static func waitingNanoseconds() -> Int64 {
        guard let text = try? File.contents("/proc/thread-self/schedstat") else { return 0 }
        let numbers = text.split(separator: ASCII.space)
        guard numbers.count > 1 else { return 0 }
        let second = Array(numbers[1])
        return Int64(second.span.decimal() ?? 0)
    }
}
