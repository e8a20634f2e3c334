import LoadGeneration
import Observability
import Platform
import Testing

@Suite("Reports")
struct ReportTests {
    private func report(
        pace: Pace = .open(perSecond: 100), lag: Int64 = 20_000, share: Double = 0.5, waiting: Double = 0,
        _ body: (inout LoadStatistics) -> Void = { _ in }
    ) throws -> LoadReport {
        let url = try LoadURL("http://127.0.0.1:1/")
        var plan = LoadPlan(
            address: url.address, host: url.host, workload: Workload(units: [LoadUnit(requests: [LoadRequest(target: "/")])]))
        plan.pace = pace
        var statistics = LoadStatistics(apdexThreshold: plan.apdexThreshold)
        var pacer = Pacer(pace: .open(perSecond: 100), start: 0, duration: 1_000_000_000)
        while let arrival = pacer.next(now: 0) {
            let finished = arrival.intendedStart + Int64(arrival.index + 1) * 10_000_000
            statistics.recordLag(lag)
            statistics.record(
                RequestOutcome(
                    sent: arrival.intendedStart, finished: finished, result: .success(arrival.index == 0 ? 503 : 200),
                    cache: arrival.index < 75 ? .hit : .miss))
            statistics.recordUnit(
                arrival, started: arrival.intendedStart, finished: finished, worst: .success(arrival.index == 0 ? 503 : 200))
        }
        body(&statistics)
        return LoadReport(
            plan: plan, statistics: statistics,
            loops: [
                LoopUsage(
                    processorNanoseconds: Int64(share * 1e9), waitingNanoseconds: Int64(waiting * 1e9),
                    wallNanoseconds: 1_000_000_000)
            ], elapsed: 2_000_000_000
        )
    }

    @Test("the table shows every figure")
    func table() throws {
        let text = try report().table()
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(lines[0] == "open loop, 100 per second, 10 clients on 1 loop, 127.0.0.1:1")
        #expect(lines.contains("answered 100 in 2.00 s, 50.0 per second"))
        #expect(lines.contains("failed 0"))
        #expect(lines.contains("status 2xx 99, 5xx 1"))
        #expect(lines.contains("cache 75.0 % hits (hit 75, miss 25)"))
        // 10 ms failed by its status, 20…500 ms satisfied, the other fifty tolerated.
        #expect(lines.contains("Apdex 0.740 (T = 500.0 ms: 49 satisfied, 50 tolerating, 1 frustrated)"))
        #expect(lines.contains { $0.hasPrefix("p50 500.") && $0.hasSuffix("20.00 µs") })
        #expect(lines.contains { $0.hasPrefix("max 1.000 s") })
        #expect(!text.contains("WARNING"))
    }

    @Test("a tool that is too slow says so")
    func doubts() throws {
        let late = try report(lag: 20_000_000)
        #expect(late.doubts.count == 1 && late.doubts[0].hasPrefix("could not keep the rate"))
        #expect(late.table().contains("WARNING: could not keep the rate"))
        #expect(late.json().contains("\"trustworthy\": false"))
        let busy = try report(share: 0.97)
        #expect(busy.doubts.count == 1 && busy.doubts[0].hasPrefix("loop 0 used 97.0 % of a processor"))
        let crowded = try report(share: 0.6, waiting: 0.38)
        #expect(crowded.doubts.count == 1 && crowded.doubts[0].contains("waited for one 38.0 % of the time"))
        #expect(try report().doubts.isEmpty && report().json().contains("\"trustworthy\": true"))
        // A closed loop promises no rate.
        #expect(try report(pace: .closed, lag: 20_000_000).doubts.isEmpty)
    }

    @Test("requests that found no free client are mentioned")
    func remarks() throws {
        #expect(try report().remarks.isEmpty)
        let queued = try report { $0.recordQueued() }
        #expect(queued.remarks.count == 1 && queued.doubts.isEmpty)
    }

    @Test("failures count by kind, and frustrate")
    func failures() throws {
        let report = try report { statistics in
            let arrival = Pacer(pace: .closed, start: 0, duration: 1)
            var pacer = arrival
            guard let arrival = pacer.next(now: 0) else { return }
            statistics.record(RequestOutcome(sent: 0, finished: 5, result: .failure(.connect)))
            statistics.recordUnit(arrival, started: 0, finished: 5, worst: .failure(.connect))
            statistics.record(RequestOutcome(sent: 0, finished: 10_000_000_000, result: .failure(.timeout)))
            statistics.recordUnit(arrival, started: 0, finished: 10_000_000_000, worst: .failure(.timeout))
        }
        #expect(report.table().contains("2 (connect 1, timeout 1)"))
        #expect(report.statistics.apdex.frustrated == 3)
        // The time-out is a latency that somebody felt; the refusal, quick as it was, is not.
        #expect(report.statistics.latency.count == 101 && report.statistics.latency.maximum == 10_000_000_000)
    }

    @Test(
        "figures are written for people",
        arguments: [
            (Figures.decimal(1.005, places: 1), "1.0"), (Figures.decimal(-0.04, places: 1), "0.0"),
            (Figures.decimal(12.3456, places: 3), "12.346"), (Figures.decimal(0.05, places: 2), "0.05"),
            (Figures.decimal(.nan, places: 1), "-"), (Figures.duration(999), "999 ns"), (Figures.duration(1_500), "1.500 µs"),
            (Figures.duration(12_340_000), "12.34 ms"), (Figures.duration(123_400_000), "123.4 ms"),
            (Figures.duration(61_000_000_000), "61.00 s"), (Figures.count(1_234_567), "1,234,567"), (Figures.count(999), "999"),
            (Figures.count(-1_000), "-1,000"), (Figures.bytes(1_500), "1.500 kB"), (Figures.percent(0.5), "50.0 %"),
        ])
    func figures(found: String, expected: String) {
        #expect(found == expected)
    }

    @Test("JSON is well formed")
    func json() {
        let value = JSONValue.object([
            ("a", .array([.integer(1), .null, .bool(true)])), ("b\"", .string("x\n\\\u{1}é")), ("c", .number(0.5)),
            ("d", .object([])),
        ])
        #expect(
            value.text() == """
                {
                  "a": [
                    1,
                    null,
                    true
                  ],
                  "b\\"": "x\\u000a\\\\\\u0001é",
                  "c": 0.500000,
                  "d": {}
                }
                """)
    }
}
