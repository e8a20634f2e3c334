import LoadGeneration
import Observability
import Testing

/// A load against an imagined server, in imagined time: the same pacer and statistics as in earnest, no clock.
private struct Simulation {
    var pacer: Pacer
    var statistics = LoadStatistics(apdexThreshold: 10_000_000)
    /// When each client is free.
    private var free: [Int64]
    private(set) var starts: [Int64] = []

    init(_ pace: Pace, clients: Int, duration: Int64) {
        pacer = Pacer(pace: pace, start: 0, duration: duration)
        free = [Int64](repeating: 0, count: clients)
    }

    /// `answered` says when a request that is sent at a moment is answered.
    mutating func run(_ answered: (Int64) -> Int64) {
        while let client = free.indices.min(by: { free[$0] < free[$1] }), let arrival = pacer.next(now: free[client]) {
            let started = max(free[client], arrival.intendedStart)
            if started > arrival.intendedStart { statistics.recordQueued() }
            let finished = answered(started)
            starts.append(started)
            free[client] = finished
            statistics.recordUnit(arrival, started: started, finished: finished, worst: .success(200))
        }
    }
}

private let millisecond: Int64 = 1_000_000

@Suite("Measuring a server that freezes")
struct SimulationTests {
    /// Answers after 1 ms, but nothing at all during the last 100 ms of each second.
    private func freezing(_ moment: Int64) -> Int64 {
        let finished = moment + millisecond
        let inSecond = finished % (1_000 * millisecond)
        return inSecond >= 900 * millisecond ? finished - inSecond + 1_000 * millisecond : finished
    }

    @Test("the open loop counts everybody who would have waited")
    func openLoop() {
        var simulation = Simulation(.open(perSecond: 1_000), clients: 1_000, duration: 10_000 * millisecond)
        simulation.run(freezing)
        let latency = simulation.statistics.latency
        #expect(latency.count == 10_000)
        // One request in ten meets the freeze; they wait 50 ms on average, and the first of them 100.
        #expect(latency.percentile(89) < 2_000_000)
        #expect(abs(latency.percentile(95) - 50_000_000) < 2_500_000)
        #expect(abs(latency.percentile(99) - 90_000_000) < 2_500_000)
        #expect(abs(latency.maximum - 101_000_000) < 1_100_000)
        #expect(simulation.statistics.unitsQueued == 0)
    }

    @Test("with too few clients the wait counts all the same, from when each request was due")
    func fewClients() {
        var simulation = Simulation(.open(perSecond: 1_000), clients: 2, duration: 10_000 * millisecond)
        simulation.run(freezing)
        let statistics = simulation.statistics
        #expect(statistics.latency.count == 10_000)
        #expect(statistics.latency.percentile(95) > 45_000_000)
        // Measured from the actual start the freeze all but vanishes: two requests in a thousand.
        #expect(statistics.service.percentile(99) < 2_000_000)
        #expect(statistics.unitsQueued > 900)
    }

    @Test("the closed loop does not see it: it hardly asks while the server is frozen")
    func closedLoop() {
        var simulation = Simulation(.closed, clients: 2, duration: 10_000 * millisecond)
        simulation.run(freezing)
        #expect(simulation.statistics.latency.percentile(99) < 2_000_000)
        #expect(simulation.statistics.latency.maximum > 99_000_000)
    }

    @Test("a server of known delay is measured as it is")
    func knownDelay() {
        var state: UInt64 = 7
        var simulation = Simulation(.open(perSecond: 500), clients: 200, duration: 20_000 * millisecond)
        simulation.run { moment in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            // 20 ms, and 80 ms one time in fifty.
            return moment + (state >> 33 % 50 == 0 ? 80 : 20) * millisecond
        }
        let latency = simulation.statistics.latency
        #expect(abs(latency.percentile(50) - 20_000_000) < 400_000)
        #expect(abs(latency.percentile(99) - 80_000_000) < 1_600_000)
    }

    @Test("a server that is too slow for the rate makes latency grow with the queue, and the rest is counted as never started")
    func overload() {
        var simulation = Simulation(.open(perSecond: 1_000), clients: 1, duration: 1_000 * millisecond)
        simulation.run { $0 + 10 * millisecond }
        // 1,000 requests at 10 ms each, one after the other: the last is answered 9 s after it was due.
        #expect(abs(simulation.statistics.latency.maximum - 9_001_000_000) < 10_000_000)
        var pacer = Pacer(pace: .open(perSecond: 1_000), start: 0, duration: 1_000 * millisecond)
        for _ in 0..<400 { _ = pacer.next(now: 0) }
        var statistics = LoadStatistics(apdexThreshold: 1)
        statistics.recordNeverStarted(pacer.neverStarted())
        #expect(statistics.unitsFailed == 600 && statistics.apdex.frustrated == 600)
        #expect(statistics.failures[LoadFailure.neverStarted.rawValue] == 600)
    }
}
