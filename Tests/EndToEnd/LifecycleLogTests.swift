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
            let asked = Gate()
            let told = Gate()
            let origin = try scene.origin { _, reply in
                asked.open()
                told.wait()
                try reply.respond(200, [:], "late")
            }
            let server = try scene.serve(
                "location / { return 200 old; } location = /wait { proxy_pass http://\(origin.address); }", main: main)
            // A connection that is only kept does not keep the configuration.
            let idle = try scene.client()
            #expect(try idle.get("/").text == "old")
            let endpoint = scene.endpoint
            let answer = Background { try endpoint.get("/wait") }
            #expect(asked.wait())
            try server.reload(scene.configuration("location / { return 200 new; }", main: main))
            #expect(try eventually { try scene.get("/").text == "new" })
            #expect(!server.errorLog.contains("exited with code"))
            told.open()
            #expect(try answer.wait().text == "late")
            #expect(eventually { server.errorLog.contains("exited with code 0") })
            #expect(server.isRunning)
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
