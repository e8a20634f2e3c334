import Foundation
import TestSupport
import Testing

/// Processes: who replaces whom, what a signal does, what a bad file does not do.
@Suite struct LifecycleTests {
    @Test(arguments: Front.only(.zendan))
    func aWorkerThatIsKilledIsReplaced(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve("location / { return 200 alive; }")
            #expect(try scene.get("/").text == "alive")
            let first = try #require(server.workers.first)
            kill(first, SIGKILL)
            // No connect is refused meanwhile: the socket is the supervisor's, and the successor takes what waits.
            #expect(try scene.get("/").text == "alive")
            #expect(eventually { server.workers.first.map { $0 != first } ?? false })
            #expect(eventually { server.errorLog.contains("worker process \(first) exited on signal 9") })
            #expect(server.sandbox.read("server.pid") == "\(server.pid)\n")
        }
    }

    @Test(arguments: Front.only(.zendan))
    func aReplacedWorkerServesWhatWasAcceptedNotWhatLiesOnTheDisk(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve("location / { return 200 accepted; }")
            try scene.sandbox.write("server.conf", "half an edit {")
            kill(try #require(server.workers.first), SIGKILL)
            #expect(try scene.get("/").text == "accepted")
        }
    }

    @Test(arguments: Front.allAvailable)
    func aBadFileLeavesTheOldConfigurationServing(_ front: Front) throws {
        try Scene.play(front) { scene in
            scene.allowsAlerts = true
            let server = try scene.serve("location / { return 200 one; }")
            try server.reload("no_such_directive on;")
            #expect(eventually { server.errorLog.contains("unknown directive \"no_such_directive\"") })
            #expect(try scene.get("/").text == "one")
            try server.reload(scene.configuration("location / { return 200 two; }"))
            #expect(try eventually { try scene.get("/").text == "two" })
        }
    }

    /// Whoever still holds a connection is answered neither by another address's servers, which may be meant for other
    /// people, nor by the end of the worker.
    @Test(.needs(.zendan), arguments: ["", "server { listen unix:other.sock; location / { return 200 elsewhere; } }"])
    func aKeptConnectionEndsWhenItsAddressIsNoLongerServed(_ remaining: String) throws {
        try Scene.play(.zendan) { scene in
            let server = try scene.serve("location / { return 200 here; }")
            let client = try scene.client()
            #expect(try client.get("/").text == "here")
            let http = remaining.replacing("other.sock", with: scene.sandbox.path("other.sock"))
            try server.reload(ServerConfiguration.complete(for: .zendan, in: scene.sandbox, http: http))
            var answer: String? = "here"
            #expect(
                eventually {
                    answer = try? client.get("/").text
                    return answer != "here"
                })
            #expect(answer == nil)
            // A worker that had ended would have been noticed by now, and said.
            server.quit()
            #expect(server.waitForExit() == .exited(0))
            #expect(!server.errorLog.contains("exited on signal"))
        }
    }

    /// No loop ever waits in `accept`, whatever a socket was like that it was handed.
    @Test(arguments: Front.only(.zendan))
    func socketsThatWaitAreTakenOver(_ front: Front) throws {
        try Scene.play(front) { scene in
            scene.socket.makeBlocking()
            try scene.serve("location / { return 200 here; }", workers: 2)
            for _ in 0..<10 { #expect(try scene.get("/").text == "here") }
        }
    }

    /// A process without a supervisor is no worse off: a bad file costs nothing, and reloads leave nothing behind.
    @Test(arguments: Front.only(.zendan))
    func oneProcessReloads(_ front: Front) throws {
        try Scene.play(front) { scene in
            func text(_ body: String) throws -> String {
                try scene.configuration("location / { return 200 \(body); }", main: "master_process off;")
            }
            scene.allowsAlerts = true
            let server = try scene.start(text("v0"))
            func reload(_ version: Int) throws {
                try server.reload(text("v\(version)"))
                #expect(try eventually { try scene.get("/").text == "v\(version)" })
            }
            try reload(1)
            try server.reload("no_such_directive on;")
            #expect(eventually { server.errorLog.contains("unknown directive \"no_such_directive\"") })
            #expect(try scene.get("/").text == "v1")
            try reload(2)
            let descriptors = server.tree.descriptorCount
            for version in 3..<13 { try reload(version) }
            #expect(eventually { server.tree.descriptorCount <= descriptors })
            #expect(server.workers.isEmpty)
        }
    }

    @Test(arguments: Front.only(.zendan))
    func fiftyReloadsKeepOneWorkerAndAConnection(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve("location / { return 200 r0; }")
            let worker = server.workers
            let client = try scene.client()
            #expect(try client.get("/").text == "r0")
            var descriptors = 0
            for number in 1...50 {
                try server.reload(scene.configuration("location / { return 200 r\(number); }"))
                #expect(try eventually { try client.get("/").text == "r\(number)" })
                if number == 10 { descriptors = server.tree.descriptorCount }
            }
            #expect(server.workers == worker)
            #expect(eventually { server.tree.descriptorCount <= descriptors })
        }
    }

    @Test(arguments: Front.only(.zendan))
    func aReloadListensOnNewAddressesAndLeavesOldOnes(_ front: Front) throws {
        try Scene.play(front) { scene in
            let path = scene.sandbox.path("second.sock")
            let server = try scene.serve("location / { return 200 first; }")
            let second = "server { listen unix:\(path); location / { return 200 second; } }"
            try server.reload(scene.configuration("location / { return 200 first; }", http: second))
            #expect(eventually { (try? Endpoint.unix(path).get("/").text) == "second" })
            try server.reload(scene.configuration("location / { return 200 first; }"))
            #expect(eventually { !scene.sandbox.exists("second.sock") })
            #expect(try scene.get("/").text == "first")
        }
    }

    @Test(arguments: Front.allAvailable)
    func quitWaitsForAnAnswerThatIsUnderWay(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try LateOrigin(scene)
            let server = try scene.serve(
                "location / { proxy_pass http://\(origin.address); } location = /idle { return 200 idle; }")
            let idle = try scene.client()
            #expect(try idle.get("/idle").keepsAlive)
            let endpoint = scene.endpoint
            let answer = Background { try endpoint.request("GET", "/", ["Connection": "keep-alive"]) }
            #expect(origin.isAsked())
            server.quit()
            #expect(idle.isClosedByPeer())
            #expect(server.isRunning)
            origin.answer()
            let response = try answer.wait()
            #expect(response.text == "late")
            #expect(!response.keepsAlive)
            #expect(server.waitForExit() == .exited(0))
            #expect(!scene.sandbox.exists("server.pid"))
        }
    }

    @Test(arguments: Front.allAvailable)
    func usr1OpensLogsAgain(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve("location / { return 200 hello; }")
            _ = try scene.get("/before")
            _ = try server.lines(1)
            let log = scene.sandbox.path("access.log")
            try FileManager.default.moveItem(atPath: log, toPath: log + ".1")
            server.signal(SIGUSR1)
            #expect(eventually { scene.sandbox.exists("access.log") })
            // The worker changes over a moment after its supervisor; no line is lost in either file.
            #expect(
                try eventually {
                    _ = try scene.get("/after")
                    return server.accessLog.contains { $0.contains("/after") }
                })
            #expect(scene.sandbox.read("access.log.1")?.contains("/before") == true)
        }
    }

    @Test(.proves("master_process"), arguments: Front.only(.zendan))
    func oneProcessDoesEverything(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve("location / { return 200 one; }", main: "master_process off;")
            #expect(try scene.get("/").text == "one")
            #expect(server.workers.isEmpty)
            try server.reload(scene.configuration("location / { return 200 two; }", main: "master_process off;"))
            #expect(try eventually { try scene.get("/").text == "two" })
            server.quit()
            #expect(server.waitForExit() == .exited(0))
            #expect(!scene.sandbox.exists("server.pid"))
        }
    }

    @Test(arguments: Front.only(.zendan))
    func aNewProgramTakesTheSocketsOver(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve("location / { return 200 served; }")
            server.signal(SIGUSR2)
            // First the old one's file is moved aside, then the new one writes its own.
            var text = ""
            #expect(
                eventually {
                    text = scene.sandbox.read("server.pid") ?? ""
                    return text.hasSuffix("\n") && text != "\(server.pid)\n"
                })
            #expect(scene.sandbox.read("server.pid.oldbin") == "\(server.pid)\n")
            let successor = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            defer { kill(successor, SIGKILL) }
            #expect(successor != server.pid)
            server.quit()
            #expect(server.waitForExit() == .exited(0))
            #expect(try scene.get("/").text == "served")
            kill(successor, SIGQUIT)
            #expect(eventually { !scene.sandbox.exists("server.pid") })
        }
    }

    @Test(arguments: Front.only(.zendan))
    func closedStandardStreamsTakeNoSocket(_ front: Front) throws {
        let sandbox = try Sandbox()
        defer { sandbox.remove() }
        try sandbox.write("t.conf", "events {}\nhttp { access_log off; server { listen 127.0.0.1:1; } }\n")
        let binary = try #require(front.binary)
        let command = "exec \"$0\" -t -p \"$1\" -c t.conf <&- 2>&-"
        let (status, _) = try run("/bin/sh", ["-c", command, binary, sandbox.path + "/"])
        #expect(status == .exited(0))
    }
}
