import Foundation
import TestSupport
import Testing

/// The directives of the main and events blocks, each by what it does to the processes.
@Suite struct ProcessDirectiveTests {
    private static func status(_ pid: pid_t, _ file: String) -> String {
        FileManager.default.contents(atPath: "/proc/\(pid)/\(file)").map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private static func worker(_ server: ServerUnderTest) throws -> pid_t { try #require(server.workers.first) }

    @Test(arguments: Front.only(.zendan))
    func everyProcessIsCalledZendan(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve("return 200 x;")
            #expect(Self.status(try Self.worker(server), "comm") == "zendan\n")
        }
    }

    @Test(.proves("worker_processes"), arguments: Front.only(.zendan))
    func eachWorkerProcessIsALoop(_ front: Front) throws {
        func loops(_ count: Int) throws -> Int {
            var found = 0
            try Scene.play(front) { scene in
                let server = try scene.serve("return 200 x;", workers: count)
                #expect(try scene.get("/").text == "x")
                found = ProcessTree(try Self.worker(server)).descriptors.count { $0.contains("eventpoll") }
            }
            return found
        }
        #expect(try loops(3) == loops(1) + 2)
    }

    @Test(.proves("worker_connections"), arguments: Front.only(.zendan))
    func connectionsBeyondTheLimitAreClosed(_ front: Front) throws {
        try Scene.play(front) { scene in
            let text = try scene.configuration("return 200 x;", workers: 1)
                .replacingOccurrences(of: "worker_connections 1024;", with: "worker_connections 2;")
            let server = try scene.start(text)
            let clients = try (0..<2).map { _ in try scene.client() }
            for client in clients { #expect(try client.get("/").text == "x") }
            #expect(try scene.client().isClosedByPeer())
            #expect(server.errorLog.contains("worker_connections are not enough"))
            clients[0].close()
            #expect(eventually { (try? scene.get("/").text) == "x" })
        }
    }

    @Test(.proves("worker_rlimit_nofile"), arguments: Front.only(.zendan))
    func theLimitOfOpenFilesIsTheWorkers(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve("return 200 x;", main: "worker_rlimit_nofile 1234;")
            let limits = Self.status(try Self.worker(server), "limits")
            let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
            #expect(line?.split(separator: " ").dropFirst(3).first == "1234")
        }
    }

    @Test(.proves("worker_shutdown_timeout"), arguments: Front.only(.zendan))
    func anEndDoesNotWaitForEver(_ front: Front) throws {
        try Scene.play(front) { scene in
            let asked = Gate()
            let over = Gate()
            defer { over.open() }
            let origin = try scene.origin { _, _ in
                asked.open()
                over.wait(within: patience * 2)
            }
            let server = try scene.serve(
                "location / { proxy_pass http://\(origin.address); }", main: "worker_shutdown_timeout 100ms;")
            let client = try scene.client()
            try client.sendRequest("GET", "/")
            #expect(asked.wait())
            server.quit()
            #expect(server.waitForExit() == .exited(0))
        }
    }

    /// A reload: what still answers by the configuration before it ends after the time that is set, and nothing else does.
    @Test(.proves("worker_shutdown_timeout"), arguments: LifecycleLogTests.setups)
    func anOldConfigurationDoesNotLastForEver(_ setup: LifecycleLogTests.Setup) throws {
        try Scene.play(setup.front) { scene in
            let over = Gate()
            defer { over.open() }
            let origin = try scene.origin { request, reply in
                over.wait(within: patience * 2)
                try reply.respond(200, [:], "late")
            }
            let location = "location /wait { proxy_pass http://\(origin.address); }"
            func main(_ timeout: String) -> String { "\(setup.main) worker_shutdown_timeout \(timeout);" }
            let server = try scene.serve("location / { return 200 one; } \(location)", main: main("100ms"))
            let oldest = try scene.client()
            try oldest.sendRequest("GET", "/wait")
            #expect(eventually { origin.requests.count == 1 })
            try server.reload(
                scene.configuration("location / { return 200 two; } \(location)", main: main("1h")))
            #expect(oldest.isClosedByPeer())
            #expect(try scene.get("/").text == "two")
            let second = try scene.client()
            try second.sendRequest("GET", "/wait")
            #expect(eventually { origin.requests.count == 2 })
            try server.reload(
                scene.configuration("location / { return 200 three; } \(location)", main: main("100ms")))
            // A worker that is about to leave may still accept: the connection itself says whose it is.
            var third = second
            #expect(
                try eventually {
                    third = try scene.client()
                    try third.sendRequest("GET", "/")
                    return try third.receiveResponse().text == "three"
                })
            try third.sendRequest("GET", "/wait")
            #expect(eventually { origin.requests.count == 3 })
            try server.reload(
                scene.configuration("location / { return 200 four; } \(location)", main: main("1h")))
            #expect(third.isClosedByPeer())
            // It began under the hour.
            over.open()
            #expect(try second.receiveResponse().text == "late")
        }
    }

    @Test(.proves("env"), arguments: Front.only(.zendan))
    func theWorkerKeepsOnlyWhatItIsTold(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve(
                "return 200 x;", main: "env KEPT; env GIVEN=value;", environment: ["KEPT": "kept", "LEFT": "left"])
            let variables = Self.status(try Self.worker(server), "environ").split(separator: "\0")
            #expect(variables.contains("KEPT=kept"))
            #expect(variables.contains("GIVEN=value"))
            #expect(!variables.contains("LEFT=left"))
        }
    }

    @Test(.enabled(if: getuid() == 0), .proves("user"), arguments: Front.only(.zendan))
    func theWorkerIsTheUser(_ front: Front) throws {
        func owner(_ main: String) throws -> String {
            var owner = ""
            try Scene.play(front) { scene in
                let server = try scene.serve("return 200 x;", main: main)
                let lines = Self.status(try Self.worker(server), "status").split(separator: "\n")
                owner = String(lines.first { $0.hasPrefix("Uid:") } ?? "")
            }
            return owner
        }
        #expect(try owner("user root;") == "Uid:\t0\t0\t0\t0")
        #expect(try owner("") != "Uid:\t0\t0\t0\t0")
    }

    @Test(.proves("daemon", "pid"), arguments: Front.only(.zendan))
    func aDaemonLeavesAndItsPidFileNamesIt(_ front: Front) throws {
        let sandbox = try Sandbox()
        defer { sandbox.remove() }
        let binary = try #require(front.binary)
        func start(_ daemon: String) throws -> (child: ChildProcess, pid: pid_t) {
            try sandbox.write(
                "t.conf",
                "daemon \(daemon);\npid of-\(daemon).pid;\nevents {}\n"
                    + "http { access_log off; server { listen unix:\(sandbox.path)/\(daemon).sock; } }\n")
            try sandbox.makeDirectory("logs")
            let child = try ChildProcess(
                binary, ["-p", sandbox.path + "/", "-c", "t.conf", "-e", "error.log"], output: sandbox.path("output"))
            #expect(eventually { sandbox.exists("of-\(daemon).pid") || sandbox.exists("logs/zendan.pid") })
            let text = sandbox.read("of-\(daemon).pid") ?? sandbox.read("logs/zendan.pid") ?? ""
            return (child, try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))))
        }
        let off = try start("off")
        defer { kill(off.pid, SIGTERM) }
        #expect(sandbox.exists("of-off.pid"))
        #expect(off.pid == off.child.pid)
        let on = try start("on")
        defer { kill(on.pid, SIGTERM) }
        #expect(on.pid != on.child.pid)
        #expect(on.child.waitForExit() == .exited(0))
        kill(on.pid, SIGTERM)
        #expect(eventually { !sandbox.exists("of-on.pid") })
    }
}
