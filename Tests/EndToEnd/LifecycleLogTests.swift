import Foundation
import TestSupport
import Testing

/// What the log tells of signals, reloads and the end, in the words that operators and their scripts know from nginx.
@Suite struct LifecycleLogTests {
    struct Setup: Sendable, CustomTestStringConvertible {
        let front: Front
        var main = ""

        var testDescription: String { "\(front) \(main)" }
    }

    /// nginx without a master process is a tool for its developers and does not serve while it waits: it is no reference.
    static let setups =
        Front.allAvailable.map { Setup(front: $0) } + Front.only(.zendan).map { Setup(front: $0, main: "master_process off;") }

    @Test(arguments: Front.allAvailable)
    func eachSignalIsToldWithItsSenderAndItsEffect(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve("location / { return 200 x; }")
            let told = [
                (SIGUSR1, "signal 10 (SIGUSR1) received from \(getpid()), reopening logs"),
                (SIGHUP, "signal 1 (SIGHUP) received from \(getpid()), reconfiguring"),
                (SIGQUIT, "signal 3 (SIGQUIT) received from \(getpid()), shutting down"),
            ]
            for (signal, line) in told {
                server.signal(signal)
                #expect(eventually { server.errorLog.contains("[notice]") && server.errorLog.contains(line) })
            }
            #expect(server.waitForExit() == .exited(0))
            #expect(server.errorLog.contains("gracefully shutting down"))
            #expect(server.errorLog.contains("exited with code 0"))
            #expect(server.lines(of: "error.log").last?.hasSuffix(": exit") == true)
        }
    }

    @Test(arguments: setups)
    func theEndOfTheOldConfigurationIsToldWhenItsLastRequestIsOver(_ setup: Setup) throws {
        let (front, main) = (setup.front, setup.main)
        try Scene.play(front) { scene in
            let origin = try LateOrigin(scene)
            let server = try scene.serve(
                "location / { return 200 old; } location = /wait { proxy_pass http://\(origin.address); }", main: main)
            // A connection that is only kept does not keep the configuration.
            let idle = try scene.client()
            #expect(try idle.get("/").text == "old")
            let endpoint = scene.endpoint
            let answer = Background { try endpoint.get("/wait") }
            #expect(origin.isAsked())
            try server.reload(scene.configuration("location / { return 200 new; }", main: main))
            #expect(try eventually { try scene.get("/").text == "new" })
            #expect(!server.errorLog.contains("exited with code"))
            origin.answer()
            #expect(try answer.wait().text == "late")
            #expect(eventually { server.errorLog.contains("exited with code 0") })
            #expect(server.isRunning)
        }
    }

    @Test(arguments: setups)
    func aLogIsClosedOnceNoConfigurationThatIsInUseNamesIt(_ setup: Setup) throws {
        let (front, main) = (setup.front, setup.main)
        try Scene.play(front) { scene in
            let origin = try LateOrigin(scene)
            defer { origin.answer() }
            func text(_ name: String) throws -> String {
                let log = "access_log \(scene.sandbox.path(name)).log combined buffer=32k;"
                let error = "error_log \(scene.sandbox.path(name)).error info;"
                return try scene.configuration(
                    "\(log) \(error) location / { return 200 \(name); } location /wait { proxy_pass http://\(origin.address); }",
                    main: main)
            }
            let server = try scene.start(text("old"))
            func opened(_ suffix: String) -> Int {
                server.tree.descriptors.filter { $0.hasPrefix(scene.sandbox.path) && $0.hasSuffix("/" + suffix) }.count
            }
            #expect(try scene.get("/").text == "old")
            #expect(opened("old.log") > 0 && opened("old.error") > 0)
            let endpoint = scene.endpoint
            let answer = Background { try endpoint.get("/wait") }
            #expect(origin.isAsked())
            try server.reload(text("new"))
            #expect(try eventually { try scene.get("/").text == "new" })
            // It is still to be written to.
            #expect(opened("old.log") > 0)
            origin.answer()
            #expect(try answer.wait().text == "late")
            #expect(eventually { opened("old.log") == 0 && opened("old.error") == 0 })
            #expect(server.lines(of: "old.log").contains { $0.contains("GET /wait ") })
            // Named again, it is opened again.
            try server.reload(text("old"))
            #expect(try eventually { try scene.get("/").text == "old" })
            #expect(eventually { opened("new.log") == 0 && opened("old.log") > 0 && opened("old.error") > 0 })
        }
    }

    @Test(arguments: setups)
    func aCacheThatWasTakenOutMayComeBackElsewhere(_ setup: Setup) throws {
        let (front, main) = (setup.front, setup.main)
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in try reply.respond(200, ["X-Accel-Expires": "3600"], "hello") }
            func text(_ directory: String?) throws -> String {
                let pass = "proxy_pass http://\(origin.address);"
                guard let directory else { return try scene.configuration("location / { \(pass) }", main: main) }
                return try scene.configuration(
                    """
                    location / {
                        \(pass) proxy_cache zone;
                        add_header X-Cache-Status $upstream_cache_status; add_header X-Place \(directory);
                    }
                    """, http: "proxy_cache_path \(scene.sandbox.path)/\(directory) keys_zone=zone:1m;", main: main)
            }
            let server = try scene.start(text("one"))
            for expected in ["MISS", "HIT"] { #expect(try scene.get("/").cacheStatus == expected) }
            func isOver() -> Int { server.lines(of: "error.log").filter { $0.contains("exited with code 0") }.count }
            try server.reload(text(nil))
            #expect(try eventually { try scene.get("/").cacheStatus == nil })
            #expect(eventually { isOver() > 0 })
            try server.reload(text("two"))
            #expect(try eventually { try scene.get("/")["X-Place"] == "two" })
            #expect(try eventually { try scene.get("/").cacheStatus == "HIT" })
            #expect(scene.sandbox.files(below: "one").count == 1 && scene.sandbox.files(below: "two").count == 1)
        }
    }

    @Test(arguments: setups)
    func aRefusedReloadSaysWhyAndChangesNothing(_ setup: Setup) throws {
        let (front, main) = (setup.front, setup.main)
        try Scene.play(front) { scene in
            scene.allowsAlerts = true
            let server = try scene.serve("location / { return 200 one; }", main: main)
            try server.reload(scene.configuration("location / { retrun 200 two; }", main: main))
            #expect(eventually { server.errorLog.contains("[emerg]") && server.errorLog.contains("directive \"retrun\"") })
            #expect(try scene.get("/").text == "one")
            // A log that cannot be opened: the language is right, the world is not.
            let dark = "access_log \(scene.sandbox.path)/none/a.log;"
            try server.reload(scene.configuration("location / { return 200 two; } \(dark)", main: main))
            let reason = "open() \"\(scene.sandbox.path)/none/a.log\" failed (2: No such file or directory)"
            #expect(eventually { server.errorLog.contains(reason) })
            #expect(try scene.get("/").text == "one")
            try server.reload(scene.configuration("location / { return 200 three; }", main: main))
            #expect(try eventually { try scene.get("/").text == "three" })
        }
    }

    @Test(arguments: setups)
    func aReloadMovesThePidFile(_ setup: Setup) throws {
        let (front, main) = (setup.front, setup.main)
        try Scene.play(front) { scene in
            let server = try scene.serve("location / { return 200 x; }", main: main)
            let text = try scene.configuration("location / { return 200 x; }", main: main)
            try server.reload(text.replacingOccurrences(of: "server.pid", with: "moved.pid"))
            #expect(eventually { scene.sandbox.exists("moved.pid") && !scene.sandbox.exists("server.pid") })
            #expect(scene.sandbox.read("moved.pid") == "\(server.pid)\n")
            server.quit()
            #expect(server.waitForExit() == .exited(0))
            #expect(!scene.sandbox.exists("moved.pid"))
        }
    }
}
