import Foundation
import TestSupport
import Testing

/// Upstream servers that fail: how often they are asked, and what the log says of it.
@Suite struct UpstreamFailureTests {
    /// How a server fails, and the words that both fronts have for it.
    struct Failure: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let words: String
        /// Answers badly; nil: nothing listens.
        let handler: Origin.Handler?
    }

    static let failures = [
        Failure(
            testDescription: "refused", words: "connect() failed (111: Connection refused) while connecting to upstream",
            handler: nil),
        Failure(
            testDescription: "closed",
            words: "upstream prematurely closed connection while reading response header from upstream",
            handler: { _, reply in reply.close() }),
        Failure(
            testDescription: "silent",
            words: "upstream timed out (110: Connection timed out) while reading response header from upstream",
            handler: { _, reply in _ = reply.peerIsGone(within: patience) }),
    ]

    @Test(arguments: Front.allAvailable, failures)
    func aServerThatFailsIsLeftAloneAfterMaxFails(_ front: Front, _ failure: Failure) throws {
        try Scene.play(front) { scene in
            let good = try scene.origin { _, reply in try reply.respond(200, [:], "good") }
            let bad = try scene.origin(failure.handler ?? { _, _ in })
            if failure.handler == nil { bad.refuse() }
            let servers = "server \(bad.address) max_fails=2 fail_timeout=1h; server \(good.address);"
            let server = try scene.serve(
                "location / { proxy_pass http://pair; proxy_read_timeout 200ms; }", http: "upstream pair { \(servers) }",
                workers: 1)
            for number in 0..<10 { #expect(try scene.get("/a\(number)?b").text == "good") }
            let lines = server.lines(of: "error.log").filter { $0.contains(failure.words) }
            #expect(lines.count == 2)
            let first = try #require(lines.first)
            #expect(first.contains("[error]") && first.contains("upstream: \"http://\(bad.address)/a"))
            #expect(first.contains("?b\", host: "))
            #expect(server.errorLog.contains("[warn]") && server.errorLog.contains("upstream server temporarily disabled"))
        }
    }
}
