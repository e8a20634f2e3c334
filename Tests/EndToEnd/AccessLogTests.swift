import Foundation
import TestSupport
import Testing

/// Access logs, told by nginx and by zendan.
@Suite struct AccessLogTests {
    /// Whether the log reads so before long.
    private func holds(_ scene: Scene, _ log: String, _ text: String) -> Bool {
        eventually { scene.sandbox.read(log) == text }
    }

    @Test(.proves("access_log", "log_format"), arguments: Front.allAvailable)
    func linesByTheirFormat(_ front: Front) throws {
        let http = """
            log_format own '$request_method $uri "$http_x" $arg_no';
            log_format machine escape=json '{"x":"$http_x","no":"$arg_no"}';
            log_format plain escape=none '[$http_x][$arg_no]';
            """
        try Scene.play(front) { (scene) throws in
            let box = scene.sandbox.path
            let body = """
                access_log \(box)/own.log own; access_log \(box)/machine.log machine; access_log \(box)/plain.log plain;
                access_log \(box)/some.log own if=$arg_yes;
                location = /off { access_log off; return 204; }
                location / { return 204; }
                """
            // Lines of two loops come in no order.
            try scene.serve(body, http: http, workers: 1)
            _ = try scene.get("/off")
            _ = try scene.get("/a", ["X": "a\"b\\c\td"])
            _ = try scene.get("/b?yes=1", ["X": "é"])
            #expect(holds(scene, "own.log", "GET /a \"a\\x22b\\x5Cc\\x09d\" -\nGET /b \"\\xC3\\xA9\" -\n"))
            #expect(holds(scene, "machine.log", "{\"x\":\"a\\\"b\\\\c\\td\",\"no\":\"\"}\n{\"x\":\"é\",\"no\":\"\"}\n"))
            #expect(holds(scene, "plain.log", "[a\"b\\c\td][]\n[é][]\n"))
            #expect(holds(scene, "some.log", "GET /b \"\\xC3\\xA9\" -\n"))
        }
    }

    @Test(arguments: Front.allAvailable)
    func bufferedLinesComeInTime(_ front: Front) throws {
        try Scene.play(front) { (scene) throws in
            let box = scene.sandbox.path
            let body = """
                access_log \(box)/soon.log own buffer=64k flush=100ms; access_log \(box)/late.log own buffer=64k;
                location / { return 204; }
                """
            let server = try scene.serve(body, http: "log_format own $uri;")
            _ = try scene.get("/a")
            #expect(holds(scene, "soon.log", "/a\n"))
            #expect(scene.sandbox.read("late.log") == "")
            try server.stop()
            #expect(scene.sandbox.read("late.log") == "/a\n")
        }
    }

    @Test(.proves("open_log_file_cache"), arguments: Front.allAvailable)
    func namesMadeOfVariables(_ front: Front) throws {
        try Scene.play(front) { (scene) throws in
            let box = scene.sandbox.path
            try scene.sandbox.makeDirectory("site")
            // Workers make these files themselves, by the rights they have.
            let open = try scene.sandbox.makeDirectory("open", mode: 0o777)
            let body = """
                root \(box)/site; access_log \(open)/name-$arg_n.log own;
                location /kept { open_log_file_cache max=10 inactive=1h valid=1h; return 204; }
                location / { return 204; }
                """
            // Each loop keeps its own files open.
            try scene.serve(body, http: "log_format own $uri;", workers: 1)
            _ = try scene.get("/a?n=one")
            _ = try scene.get("/kept?n=two")
            #expect(holds(scene, "open/name-one.log", "/a\n"))
            #expect(holds(scene, "open/name-two.log", "/kept\n"))
            // A log that stays open goes on under whatever name it gets; one that does not is made anew.
            for name in ["one", "two"] {
                try FileManager.default.moveItem(atPath: "\(open)/name-\(name).log", toPath: "\(open)/\(name).old")
            }
            _ = try scene.get("/b?n=one")
            _ = try scene.get("/kept?n=two")
            #expect(holds(scene, "open/name-one.log", "/b\n"))
            #expect(holds(scene, "open/two.old", "/kept\n/kept\n"))
        }
    }

    @Test(arguments: Front.allAvailable)
    func linesThatCannotBeWrittenAreToldInTheErrorLog(_ front: Front) throws {
        try Scene.play(front) { scene in
            scene.allowsAlerts = true
            let server = try scene.serve("access_log /dev/full; location / { return 204; }", workers: 1)
            for _ in 0..<3 { #expect(try scene.get("/").status == 204) }
            #expect(eventually { server.errorLog.contains("write() to \"/dev/full\" failed (28: No space left on device)") })
            #expect(server.errorLog.contains("[alert]"))
            // Not with every request.
            if front == .zendan { #expect(server.lines(of: "error.log").count { $0.contains("/dev/full") } == 1) }
        }
    }
}
