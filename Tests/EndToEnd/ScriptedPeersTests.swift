import Foundation
import TestSupport
import Testing

/// The scripted origin and the clients, held to what they promise, without a server between them.
@Suite struct ScriptedPeersTests {
    @Test func anOriginBehindAUnixSocket() throws {
        let sandbox = try Sandbox()
        defer { sandbox.remove() }
        let origin = try Origin(unix: sandbox.path("origin.sock")) { _, reply in try reply.respond(200, [:], "unix") }
        defer { origin.stop() }
        #expect(try origin.endpoint.get("/").text == "unix")
        origin.refuse()
        #expect(throws: HarnessError.self) { try origin.endpoint.get("/") }
        try origin.revive()
        #expect(try origin.endpoint.get("/").text == "unix")
    }

    @Test func keptConnectionsAreCountedAndClosedWhenIdle() throws {
        let origin = try Origin(options: .init(closesIdleAfter: 20...40)) { request, reply in
            try reply.respond(200, [:], "\(request.connection)")
        }
        defer { origin.stop() }
        let client = try RawClient(origin.endpoint)
        #expect(try client.get("/").text == "1")
        #expect(try client.get("/").text == "1")
        #expect(client.isClosedByPeer())
        #expect(try RawClient(origin.endpoint).get("/").text == "2")
        #expect(origin.connectionsAccepted == 2)
        #expect(origin.count("/") == 3)
    }

    @Test func handlersAreOrderedByGates() throws {
        let began = Gate()
        let mayEnd = Gate()
        let origin = try Origin { _, reply in
            try reply.head(200, ["Content-Length": "6"])
            try reply.send("one")
            began.open()
            mayEnd.wait()
            try reply.send("two")
        }
        defer { origin.stop() }
        let client = try RawClient(origin.endpoint)
        try client.sendRequest("GET", "/")
        #expect(began.wait())
        #expect(origin.active == 1)
        #expect(try client.receiveHead().status == 200)
        #expect(try client.receive(3) == Array("one".utf8))
        mayEnd.open()
        #expect(try client.receive(3) == Array("two".utf8))
        #expect(eventually { origin.active == 0 })
    }

    @Test func answersAreCutAndReset() throws {
        let origin = try Origin { request, reply in
            try reply.head(200, ["Content-Length": "100"])
            try reply.trickle([[1], [2], [3]], every: .milliseconds(1))
            if request.path == "/reset" { reply.reset() } else { reply.close() }
        }
        defer { origin.stop() }
        #expect(throws: HarnessError.self) { try origin.endpoint.get("/cut") }
        #expect(throws: HarnessError.self) { try origin.endpoint.get("/reset") }
    }

    @Test func aHandlerSeesThatItsClientLeft() throws {
        let noticed = Gate()
        let origin = try Origin { _, reply in
            try reply.head(200, ["Content-Length": "100"])
            if reply.peerIsGone(within: patience) { noticed.open() }
        }
        defer { origin.stop() }
        let client = try RawClient(origin.endpoint)
        try client.sendRequest("GET", "/")
        _ = try client.receiveHead()
        client.close()
        #expect(noticed.wait())
    }

    @Test func aBrowserKeepsItsCookies() throws {
        let origin = try Origin { request, reply in
            switch request.path {
            case "/in":
                try reply.respond(302, ["Location": "http://a/home", "Set-Cookie": "id=7; path=/", "Set-Cookie": "b=2"])
            case "/out": try reply.respond(200, ["Set-Cookie": "id=; Max-Age=0"])
            default: try reply.respond(200, [:], "\(request["Cookie"] ?? "none") \(request.text)")
            }
        }
        defer { origin.stop() }
        let browser = Browser(origin.endpoint)
        #expect(try browser.follow(browser.get("/in")).text == "b=2; id=7 ")
        _ = try browser.get("/out")
        #expect(try browser.post("/form", form: ["a": "x y&z", "é": "1"]).text == "b=2 a=x%20y%26z&%C3%A9=1")
    }

    @Test func aProgramIsRunToItsEnd() throws {
        let (status, output) = try run("/bin/sh", ["-c", "echo out; echo error >&2; exit 3"])
        #expect(status == .exited(3))
        #expect(output == "out\nerror\n")
    }

    @Test func aKilledProcessTakesItsChildrenAlong() throws {
        let sandbox = try Sandbox()
        defer { sandbox.remove() }
        let child = try ChildProcess("/bin/sh", ["-c", "sleep 600 & sleep 600; true"], output: sandbox.path("output"))
        #expect(eventually { ProcessTree(child.pid).children.count == 2 })
        let all = ProcessTree(child.pid).all
        child.signal(SIGKILL)
        #expect(child.waitForExit() == .signalled(SIGKILL))
        child.end()
        #expect(eventually { all.allSatisfy { !FileManager.default.fileExists(atPath: "/proc/\($0)/cwd") || isZombie($0) } })
    }

    private func isZombie(_ pid: pid_t) -> Bool {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return true }
        return String(decoding: data, as: UTF8.self).contains(") Z ")
    }
}
