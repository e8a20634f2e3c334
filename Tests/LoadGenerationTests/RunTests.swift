import LoadGeneration
import Platform
import TestSupport
import Testing

/// The load tool's own loops and sockets, against a server of the test. Counts and order only.
@Suite("Running a load")
struct RunTests {
    private func plan(_ origin: Origin, _ text: String, units: Int, _ body: (inout LoadPlan) -> Void = { _ in }) throws
        -> LoadPlan
    {
        let workload = try WorkloadParser.parse(text) { _ in .failure(.init(message: "none")) }
        let url = try LoadURL("http://\(origin.address)/")
        var plan = LoadPlan(address: url.address, host: url.host, workload: workload)
        plan.clients = 4
        plan.maximumUnits = units
        plan.duration = 60_000_000_000
        body(&plan)
        return plan
    }

    @Test("what the server saw is what is reported", arguments: [1, 2])
    func counts(loops: Int) throws {
        let origin = try Origin { request, reply in
            try reply.respond(request.path == "/missing" ? 404 : 200, ["X-Cache-Status": "HIT"], request.text)
        }
        defer { origin.stop() }
        let limit = ProcessControl.limitDescriptors(nil)
        let text = "GET / weight=3\nGET /missing\nPOST /form body=\"a=b\" cookie=\"c=d\""
        let report = try LoadRunner.run(try plan(origin, text, units: 200) { $0.loops = loops })
        let statistics = report.statistics
        #expect(statistics.unitsAnswered == 200 && statistics.unitsFailed == 0 && origin.requests.count == 200)
        #expect(statistics.statusClasses[4] == origin.count("/missing"))
        #expect(statistics.statusClasses[2] == 200 - origin.count("/missing"))
        #expect(statistics.apdex.frustrated == origin.count("/missing"))
        #expect(report.hitRatio == 1)
        #expect(statistics.connectionsOpened == 4 && origin.connectionsAccepted == 4)
        let forms = origin.requests.filter { $0.path == "/form" }
        #expect(!forms.isEmpty && forms.allSatisfy { $0.method == "POST" && $0.text == "a=b" && $0["cookie"] == "c=d" })
        #expect(report.loops.count == loops)
        #expect(ProcessControl.limitDescriptors(nil) >= limit, "enough descriptors is a minimum")
    }

    @Test("an open loop starts every unit that was due, though the server is slower than the rate")
    func openLoop() throws {
        let origin = try Origin { _, reply in
            pause(.milliseconds(5))
            try reply.respond(200, [:], "slow")
        }
        defer { origin.stop() }
        let report = try LoadRunner.run(
            try plan(origin, "GET /", units: 100) {
                $0.pace = .open(perSecond: 10_000)
                $0.clients = 2
            })
        #expect(report.statistics.unitsAnswered == 100 && origin.requests.count == 100)
        #expect(report.statistics.unitsQueued > 50)
        // Those that waited for a client waited longer than the server took.
        #expect(report.statistics.latency.maximum > report.statistics.service.percentile(50) * 10)
    }

    @Test("a view asks for its assets when the page has come, on connections of its own")
    func views() throws {
        let origin = try Origin { _, reply in try reply.respond(200, [:], "x") }
        defer { origin.stop() }
        let text = "view connections=new parallel=3\nGET /page\nGET /a\nGET /b\nGET /c\nGET /d\nend"
        let report = try LoadRunner.run(try plan(origin, text, units: 20) { $0.clients = 1 })
        #expect(report.statistics.unitsAnswered == 20 && report.statistics.requestsAnswered == 100)
        #expect(report.statistics.connectionsOpened <= 60 && report.statistics.connectionsOpened >= 20)
        #expect(origin.connectionsAccepted == report.statistics.connectionsOpened)
        let paths = origin.requests.map(\.path)
        for view in 0..<20 {
            #expect(paths[view * 5] == "/page")
            #expect(Set(paths[view * 5..<view * 5 + 5]) == ["/page", "/a", "/b", "/c", "/d"])
        }
    }

    @Test("new connections for every request")
    func newConnections() throws {
        let origin = try Origin { _, reply in try reply.respond(200, [:], "x") }
        defer { origin.stop() }
        let report = try LoadRunner.run(try plan(origin, "GET / connections=new", units: 30))
        #expect(report.statistics.connectionsOpened == 30 && origin.connectionsAccepted == 30)
    }

    @Test("failures are told apart")
    func failures() throws {
        let origin = try Origin { request, reply in
            switch request.path {
            case "/silent": _ = reply.peerIsGone(within: patience)
            case "/cut":
                try reply.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
                reply.close()
            case "/garbage": try reply.send("this is not what you expected\r\n\r\n")
            default: try reply.respond(200, [:], "fine")
            }
        }
        defer { origin.stop() }
        for (path, failure) in [("/silent", LoadFailure.timeout), ("/cut", .read), ("/garbage", .malformed)] {
            let report = try LoadRunner.run(try plan(origin, "GET \(path)", units: 3) { $0.timeout = 50_000_000 })
            #expect(report.statistics.failures[failure.rawValue] == 3, "\(path)")
            #expect(report.statistics.unitsFailed == 3 && report.statistics.apdex.score == 0)
        }
    }

    @Test("a server that is not there is a failed connect")
    func refused() throws {
        let origin = try Origin { _, _ in }
        let plan = try plan(origin, "GET /", units: 5)
        origin.stop()
        let report = try LoadRunner.run(plan)
        #expect(report.statistics.failures[LoadFailure.connect.rawValue] == 5)
        #expect(report.statistics.connectionsOpened == 0 && report.statistics.unitsAnswered == 0)
    }

    @Test("a kept connection that the server has closed costs a new one, not an error")
    func closedMeanwhile() throws {
        let origin = try Origin { _, reply in
            try reply.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
            reply.close()
        }
        defer { origin.stop() }
        let report = try LoadRunner.run(try plan(origin, "GET /", units: 50))
        #expect(report.statistics.unitsAnswered == 50 && report.statistics.unitsFailed == 0)
        #expect(origin.requests.count == 50)
    }

    @Test("the warm-up is asked and not counted")
    func warmup() throws {
        let origin = try Origin { _, reply in try reply.respond(200, [:], "x") }
        defer { origin.stop() }
        let report = try LoadRunner.run(
            try plan(origin, "GET /", units: .max) {
                $0.pace = .open(perSecond: 500)
                $0.warmup = 100_000_000
                $0.duration = 100_000_000
            })
        #expect(origin.requests.count == 100)
        #expect(report.statistics.unitsAnswered == 50)
    }
}
