import Foundation
import TestSupport
import Testing

/// Configurations that both fronts refuse, in words that both have.
@Suite struct ConfigurationRefusalTests {
    /// What -t says of a configuration, and its exit status.
    private func check(
        _ front: Front, _ http: String, main: String = ""
    ) throws -> (status: TestSupport.ExitStatus, output: String) {
        try ConfigurationTrial.run(front, http, main: main)
    }

    @Test(arguments: Front.allAvailable)
    func locationsThatContradict(_ front: Front) throws {
        let refusals = [
            "location /a { } location /a { }": "duplicate location \"/a\"",
            "location /a { } location ^~ /a { }": "duplicate location \"/a\"",
            "location = /a { } location = /a { }": "duplicate location \"/a\"",
            "location /a { location /b { } }": "location \"/b\" is outside location \"/a\"",
            "location = /a { location /a/b { } }": "cannot be inside the exact location \"/a\"",
            "location @a { location /b { } }": "cannot be inside the named location \"@a\"",
            "location /a { location @b { } }": "named location \"@b\" can be on the server level only",
            "location ? /a { }": "invalid location modifier \"?\"",
            "location ~ ( { }": "missing closing parenthesis",
            "location / { limit_except FOO { } }": "invalid method \"FOO\"",
            "server_name a.*.b; } server { listen 127.0.0.1:8099;": "invalid server name or wildcard \"a.*.b\"",
            "error_page 404 499 /x;": "499",
            "error_page 200 /x;": "200",
            "try_files a =1000;": "invalid code",
            "root a; root b;": "\"root\" directive is duplicate",
            "allow nobody;": "invalid",
            "set_real_ip_from no.such.invalid;": "host not found in set_real_ip_from \"no.such.invalid\"",
            "real_ip_recursive maybe;": "invalid value \"maybe\"",
            "proxy_protocol on;": "\"proxy_protocol\"",
            "return 200 $nothing;": "unknown \"nothing\" variable",
            "open_file_cache inactive=1s;": "must have the \"max\" parameter",
            "root $document_root;": "cannot be used",
            "nothing at all;": "unknown directive \"nothing\"",
        ]
        for (body, words) in refusals {
            let (status, output) = try check(front, "server { listen 127.0.0.1:8099; \(body) }")
            #expect(status == .exited(1), "\(body)")
            let isSaid =
                output.contains(words)
                || output.contains(words.replacingOccurrences(of: "\"root\" directive", with: "directive \"root\""))
            #expect(isSaid, "\(body): \(output)")
        }
        #expect(try check(front, "server { listen 127.0.0.1:8099; }").0 == .exited(0))
    }

    @Test(arguments: Front.allAvailable)
    func addressesThatContradict(_ front: Front) throws {
        let refusals = [
            "server { listen 127.0.0.1:8099; listen 127.0.0.1:8099; }": "a duplicate listen 127.0.0.1:8099",
            "server { listen 8099 default_server; } server { listen 8099 default_server; }": "a duplicate default server",
            "server { listen 8099 backlog=5; } server { listen 8099 backlog=6; }": "duplicate listen options",
            "server { listen 127.0.0.1:0; }": "invalid port",
            "server { listen 127.0.0.1:70000; }": "invalid port",
            "server { listen 127.0.0.1:8099 nonsense; }": "invalid parameter \"nonsense\"",
        ]
        for (http, words) in refusals {
            let (status, output) = try check(front, http)
            #expect(status == .exited(1), "\(http)")
            #expect(output.contains(words), "\(http): \(output)")
        }
        let (status, output) = try check(
            front, "server { listen 8099; server_name a; } server { listen 8099; server_name a b; }")
        #expect(status == .exited(0))
        #expect(output.contains("conflicting server name \"a\" on 0.0.0.0:8099, ignored"))
        let (kept, said) = try check(front, "server { listen 8099; set_real_ip_from 10.0.0.1/8; allow 10.0.0.1/8; }")
        #expect(kept == .exited(0))
        #expect(said.components(separatedBy: "are meaningless").count == 3, "\(said)")
    }

    @Test(arguments: Front.allAvailable)
    func aParameterThatIsNotThereIsNamed(_ front: Front) throws {
        let refusals = [
            ("server { listen 127.0.0.1:8099 defered; }", "defered", "did you mean \"deferred\"?"),
            ("server { access_log a.log combined bufer=4k; }", "bufer=4k", "did you mean \"buffer\"?"),
            ("upstream a { server 127.0.0.1:1 wait=2; }", "wait=2", "weight=, max_fails="),
            ("proxy_cache_path c keys_zone=a:1m max_sise=1g;", "max_sise=1g", "did you mean \"max_size\"?"),
        ]
        for (http, parameter, hint) in refusals {
            let (status, output) = try check(front, http)
            #expect(status == .exited(1) && output.contains("invalid parameter \"\(parameter)\""), "\(output)")
            if front == .zendan { #expect(output.contains(hint), "\(output)") }
        }
    }

    @Test(.proves("include"), arguments: Front.allAvailable)
    func includedFilesCount(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.sandbox.write("parts/a.conf", "location /a { return 200 a; }")
            try scene.sandbox.write("parts/b.conf", "location /b { return 200 b; }")
            try scene.serve("include parts/*.conf; include parts/none*.conf;")
            #expect(try scene.get("/a").text == "a")
            #expect(try scene.get("/b").text == "b")
        }
    }

    @Test(.proves("error_log"), arguments: Front.allAvailable)
    func messagesGoWhereTheBlockSays(_ front: Front) throws {
        try Scene.play(front) { scene in
            let box = scene.sandbox.path
            try scene.serve(
                """
                root \(box);
                location /two/ { error_log \(box)/one.log; error_log \(box)/two.log error; }
                location /quiet/ { error_log \(box)/quiet.log crit; }
                """)
            #expect(try scene.get("/two/missing").status == 404)
            #expect(try scene.get("/quiet/missing").status == 404)
            for name in ["one.log", "two.log"] {
                #expect(eventually { (scene.sandbox.read(name) ?? "").contains("[error]") }, "\(name)")
            }
            #expect(scene.sandbox.read("quiet.log") == "")
        }
    }

    @Test(.proves("send_timeout"), arguments: Front.allAvailable)
    func readersThatTakeNothingAreLeft(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.sandbox.write("file", String(repeating: "x", count: 16 << 20))
            let server = try scene.serve("root \(scene.sandbox.path); send_timeout 300ms;")
            let client = try scene.client(receiveBuffer: 4096)
            try client.sendRequest("GET", "/file")
            #expect(try client.receiveHead().status == 200)
            // The line comes when the connection is given up, though the client has not gone.
            let line = try server.lines(1)[0]
            #expect(line.contains("GET /file"))
            client.close()
        }
    }
}
