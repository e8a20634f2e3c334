import Bytes
import Configuration
import Observability
import Platform
import Testing

@testable import Server

/// A bundle crosses from process to process unchanged, and what is not one is refused.
@Suite struct BundleTests {
    static func sample() throws -> Bundle {
        var options = LaunchOptions(prefix: "/srv/zendan", file: "zendan.conf")
        options.globals = "worker_processes 2;"
        options.errorLog = "logs/error.log"
        options.disabled = ["gzip"]
        var sources = RecordedSources()
        sources.texts = ["/srv/zendan/zendan.conf": [0x61, 0xFF, 0x00], "/srv/zendan/b.conf": []]
        sources.patterns = ["/srv/zendan/*.conf": ["/srv/zendan/b.conf"], "/none/*": []]
        var plan = StartPlan()
        plan.isDaemon = false
        plan.account = ProcessControl.Account(name: "www", user: 33, group: 34)
        plan.pidFile = "/run/z.pid"
        plan.loopCount = 3
        plan.descriptorLimit = 4096
        plan.shutdownTimeout = 30_000
        plan.environment = ["A=b", "C="]
        var socket = ListenOptions()
        socket.keepAlive = false
        socket.keepAliveIdle = 30
        socket.sendBuffer = 65_536
        socket.defersAccept = true
        plan.sockets = [
            SocketPlan(address: .v4(.loopback, port: 80), reusesPort: true, backlog: 100, options: socket),
            SocketPlan(address: .v6(.any, port: 8080), ipv6Only: false),
            SocketPlan(address: .unix(path: "/run/z.sock")),
        ]
        plan.logs = ["/var/log/a.log"]
        plan.directories = [DirectoryPlan(path: "/var/cache/z", isStated: true)]
        plan.errorLogs = [
            LogTarget(destination: .file("/var/log/e.log"), level: .info), LogTarget(destination: .stderr, level: .crit),
        ]
        let names = [
            ResolvedNames.Entry(host: "app", addresses: [.v4(.loopback, port: 0)], failure: nil),
            ResolvedNames.Entry(host: "gone", addresses: [], failure: "Name or service not known"),
        ]
        return Bundle(options: options, sources: sources, names: names, plan: plan)
    }

    @Test func aBundleIsReadAsItWasWritten() throws {
        let bundle = try Self.sample()
        var reader = BundleReader(bundle.encoded)
        let read = try Bundle(from: &reader)
        #expect(read.options == bundle.options)
        #expect(read.sources.texts == bundle.sources.texts)
        #expect(read.sources.patterns == bundle.sources.patterns)
        #expect(read.names == bundle.names)
        #expect(read.plan == bundle.plan)
        #expect(read.encoded == bundle.encoded)
    }

    @Test func aBundleThatIsCutAnywhereIsRefused() throws {
        let bytes = try Self.sample().encoded
        for length in 0..<bytes.count {
            var reader = BundleReader(Array(bytes[..<length]))
            #expect(throws: BundleError.self, "cut at \(length)") { _ = try Bundle(from: &reader) }
        }
    }

    @Test func noBytesMakeTheReaderTrap() throws {
        let bytes = try Self.sample().encoded
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var damaged = bytes
            for _ in 0..<3 {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            var reader = BundleReader(damaged)
            _ = try? Bundle(from: &reader)
        }
    }

    @Test func aCheckHandsBackDiagnostics() throws {
        let place = SourceLocation(file: "a.conf", line: 3, column: 5)
        let outcome = ConfigurationCheck.Outcome.refused(
            Diagnostic("wrong", at: place, hint: "right"),
            warnings: [Diagnostic("odd", at: nil, severity: .warning), Diagnostic("so", at: nil, severity: .note)])
        var writer = BundleWriter()
        writer.add(outcome)
        var reader = BundleReader(writer.bytes)
        guard case .refused(let error, let warnings) = try ConfigurationCheck.Outcome(from: &reader) else {
            Issue.record("not refused")
            return
        }
        #expect(error.description == "a.conf:3:5: wrong\n  hint: right")
        #expect(warnings.map(\.severity) == [.warning, .note])
    }

    @Test func whatNeedsAnotherWorker() throws {
        let plan = try Self.sample().plan
        var other = plan
        other.sockets = []
        other.logs = []
        other.shutdownTimeout = nil
        #expect(!other.needsNewWorker(after: plan))
        other.loopCount = 4
        #expect(other.needsNewWorker(after: plan))
    }

    @Test(
        arguments: [
            ("3;4;", [3, 4]), ("3", [3]), ("3:5;", [3, 5]), ("3;3;", [3]), ("", []), ("x;4;", [4]), ("0;1;2;-7;", []),
            ("99999999999999999999;6;", [6]),
        ] as [(String, [Int32])])
    func descriptorsHandedDown(_ text: String, _ numbers: [Int32]) {
        #expect(InheritedSockets.numbers(upgrade: text) == numbers)
    }
}
