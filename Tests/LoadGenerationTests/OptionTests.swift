import LoadGeneration
import Testing

@Suite("Command line")
struct OptionTests {
    private func options(_ words: String...) throws(UsageError) -> LoadOptions {
        try LoadOptions(words) { path in
            path == "list"
                ? .success(Array("GET /a weight=2\nview\nGET /b\nend".utf8)) : .failure(.init(message: "no such file"))
        }
    }

    private func plan(_ options: LoadOptions) throws -> LoadPlan {
        guard case .run(let plan) = options.request else { throw UsageError("not a run") }
        return plan
    }

    @Test("defaults are bounded in number and time")
    func defaults() throws {
        let plan = try plan(options("http://127.0.0.1:8080/x?y"))
        #expect(plan.address.description == "127.0.0.1:8080" && plan.host == "127.0.0.1:8080")
        #expect(plan.pace == .closed && plan.clients == 10 && plan.loops == 1)
        #expect(plan.duration == 10_000_000_000 && plan.timeout == 10_000_000_000 && plan.apdexThreshold == 500_000_000)
        #expect(plan.workload.units == [LoadUnit(requests: [LoadRequest(target: "/x?y")])])
    }

    @Test("every option arrives, in each way of writing it")
    func everything() throws {
        let options = try options(
            "-c5", "--rate=250.5", "-d", "1500ms", "-n", "7", "-t", "2", "-w", "2", "-X", "PATCH", "-H", "A: b", "-b", "c=d",
            "--body", "text", "-T", "0.25", "--timeout", "1m", "--seed", "9", "--format", "json", "--no-progress",
            "--new-connections", "http://localhost/p")
        let plan = try plan(options)
        #expect(plan.clients == 5 && plan.pace == .open(perSecond: 250.5) && plan.duration == 1_500_000_000)
        #expect(plan.maximumUnits == 7 && plan.loops == 2 && plan.warmup == 2_000_000_000 && plan.seed == 9)
        #expect(plan.apdexThreshold == 250_000_000 && plan.timeout == 60_000_000_000)
        #expect(options.format == .json && options.showsProgress == false)
        let unit = plan.workload.units[0]
        #expect(unit.connections == .new && plan.host == "localhost" && plan.address.description == "127.0.0.1:80")
        #expect(
            unit.requests == [
                LoadRequest(
                    method: "PATCH", target: "/p", fields: [.init(name: "A", value: "b"), .init(name: "Cookie", value: "c=d")],
                    body: Array("text".utf8))
            ])
    }

    @Test("a Host field replaces the URL's host, a body makes a POST, loops do not outnumber clients")
    func details() throws {
        let plan = try plan(options("-H", "host: example.org", "--body", "x", "-c", "1", "-t", "8", "http://[::1]:90"))
        #expect(plan.host == "example.org" && plan.address.description == "[::1]:90" && plan.loops == 1)
        #expect(plan.workload.units[0].requests[0].method == "POST")
        #expect(plan.workload.units[0].requests[0].fields.isEmpty)
    }

    @Test("a file gives the requests, and Unix sockets are understood")
    func file() throws {
        let plan = try plan(options("-f", "list", "-b", "a=b", "http://unix:/tmp/s.sock:/"))
        #expect(plan.address.description == "unix:/tmp/s.sock")
        #expect(plan.workload.units.map(\.weight) == [2, 1])
        #expect(plan.workload.units[1].requests[0].fields == [.init(name: "Cookie", value: "a=b")])
    }

    @Test("help and version need nothing else")
    func help() throws {
        guard case .help = try options("-h").request, case .version = try options("--version").request else {
            Issue.record("not understood")
            return
        }
        #expect(LoadOptions.help.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    @Test(
        "what is not understood is said in a sentence",
        arguments: [
            ([], "a URL is missing"),
            (["https://localhost/"], "https://localhost/: https is not supported yet; ask the plain-text port of the server"),
            (["localhost"], "\"localhost\" is not a URL; it must begin with http://"),
            (["http://localhost:0/"], "http://localhost:0/: the port is a number from 1 to 65535"),
            (["http://u:p@localhost/"], "http://u:p@localhost/: user names in URLs are not supported; use -H"),
            (
                ["http://a.b/"],
                "http://a.b/: \"a.b\" is not an address; names are not looked up, use an address and -H \"Host: a.b\""
            ),
            (["http://127.0.0.1/a b"], "http://127.0.0.1/a b: the path must begin with / and hold no space"),
            (["http://127.0.0.1", "http://127.0.0.2"], "one URL only; several targets of a site belong into a file (-f)"),
            (["-c", "0", "http://127.0.0.1"], "-c is a number from 1 to 100000, not \"0\""),
            (["-c"], "-c needs a value"),
            (["--rate"], "--rate needs a value"),
            (["-r", "-1", "http://127.0.0.1"], "-r is a number of requests per second above 0, not \"-1\""),
            (["-d", "soon", "http://127.0.0.1"], "-d is a time such as 500ms, 10s, 2m, not \"soon\""),
            (["-d", "0", "http://127.0.0.1"], "-d, -T and --timeout must not be 0"),
            (["-d", "nan", "http://127.0.0.1"], "-d is a time such as 500ms, 10s, 2m, not \"nan\""),
            (["-H", "x", "http://127.0.0.1"], "a header is written \"Name: value\", not \"x\""),
            (["-H", "x: a\nb", "http://127.0.0.1"], "\"x: a\nb\" is not a header field"),
            (["-X", "get", "http://127.0.0.1"], "-X is a method in capital letters, not \"get\""),
            (["-f", "gone", "http://127.0.0.1"], "gone: no such file"),
            (
                ["-f", "list", "-X", "PUT", "http://127.0.0.1"],
                "with -f the requests stand in the file: give neither a path nor -X, --body, --body-file"
            ),
            (["--format", "xml", "http://127.0.0.1"], "--format is table or json, not \"xml\""),
            (["--fast"], "unknown option --fast"),
            (["-z"], "unknown option -z"),
            (["--help=yes"], "--help takes no value"),
        ] as [([String], String)])
    func errors(words: [String], message: String) {
        #expect(throws: UsageError(message)) {
            try LoadOptions(words) { path in
                path == "list" ? .success(Array("GET /".utf8)) : .failure(.init(message: "no such file"))
            }
        }
    }
}
