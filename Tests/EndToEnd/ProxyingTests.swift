import TestSupport
import Testing

/// What each proxy directive changes, seen by the origin or by the client.
@Suite struct ProxyingTests {
    /// A front with `location / { proxy_pass …; body }` before an origin.
    private func play(
        _ front: Front, _ body: String, http: String = "", handler: @escaping Origin.Handler = ProxyingTests.mirror,
        _ story: (Scene, Origin) throws -> Void
    ) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin(handler)
            try scene.serve("location / { proxy_pass http://\(origin.address); \(body) }", http: http)
            try story(scene, origin)
        }
    }

    private static let mirror: Origin.Handler = { request, reply in
        try reply.respond(200, ["X-Secret": "1", "X-Accel-Buffering": "yes", "X-Method": request.method], request.text)
    }

    @Test(.proves("proxy_pass"), arguments: Front.allAvailable)
    func anOriginIsAsked(_ front: Front) throws {
        try play(front, "") { scene, origin throws in
            #expect(try scene.get("/a")["X-Method"] == "GET")
            #expect(origin.count("/a") == 1)
        }
    }

    @Test(.proves("proxy_hide_header"), arguments: Front.allAvailable)
    func aHiddenFieldIsNotSent(_ front: Front) throws {
        try play(front, "proxy_hide_header X-Secret;") { scene, _ throws in
            let answer = try scene.get("/")
            #expect(answer.status == 200)
            #expect(answer["X-Secret"] == nil)
        }
    }

    @Test(.proves("proxy_pass_header"), arguments: Front.allAvailable)
    func anInternalFieldIsSentWhenTold(_ front: Front) throws {
        try play(front, "proxy_pass_header X-Accel-Buffering;") { scene, _ throws in
            #expect(try scene.get("/")["X-Accel-Buffering"] == "yes")
        }
    }

    @Test(arguments: Front.allAvailable)
    func dateAndServerOfTheOriginOrNone(_ front: Front) throws {
        let body = """
            proxy_pass_header Date; proxy_pass_header Server;
            proxy_cache z; proxy_cache_valid 1h; proxy_cache_bypass $arg_bypass;
            """
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in
                let own = request.path == "/own" ? "Date: then\r\nServer: own\r\n" : ""
                try reply.send("HTTP/1.1 200 OK\r\n\(own)Content-Length: 2\r\n\r\nok")
            }
            try scene.serve(
                "location / { proxy_pass http://\(origin.address); \(body) }",
                http: "proxy_cache_path \(scene.sandbox.path)/cache keys_zone=z:1m;")
            for _ in 0..<2 {
                let own = try scene.get("/own")
                #expect(own["Date"] == "then" && own["Server"] == "own")
                let none = try scene.get("/none")
                #expect(none["Date"] == nil && none["Server"] == nil)
            }
            #expect(try scene.get("/none?bypass=1")["Date"] == nil)
        }
    }

    /// Small chunks that come together go on together.
    @Test(arguments: Front.allAvailable)
    func smallChunksAreGathered(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in
                let chunks = (1000..<3000).map { "4\r\n\($0)\r\n" }.joined()
                try reply.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n")
            }
            try scene.serve("location / { proxy_pass http://\(origin.address); proxy_http_version 1.1; }")
            let client = try scene.client()
            try client.sendRequest("GET", "/")
            _ = try client.receiveHead()
            var body: [UInt8] = []
            var count = 0
            while let size = try client.receiveLine().flatMap({ Int($0, radix: 16) }), size > 0 {
                body += try client.receive(size)
                _ = try client.receiveLine()
                count += 1
            }
            #expect(String(decoding: body, as: UTF8.self) == (1000..<3000).map { "\($0)" }.joined())
            #expect(count < 100)
        }
    }

    @Test(arguments: Front.allAvailable)
    func theNextLocationKnowsWhatTheOriginSaid(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in
                try reply.respond(200, ["X-Accel-Redirect": "@next", "X-Told": "1"], "")
            }
            try scene.serve(
                """
                location / { proxy_pass http://\(origin.address); }
                location @next { return 200 "$upstream_http_x_told$upstream_http_x_accel_redirect"; }
                """)
            #expect(try scene.get("/").text == "1@next")
        }
    }

    @Test(.proves("proxy_set_header"), arguments: Front.allAvailable)
    func aFieldIsSetForTheOrigin(_ front: Front) throws {
        try play(front, "proxy_set_header X-Given $request_method;") { scene, origin throws in
            _ = try scene.get("/")
            #expect(origin.requests[0]["X-Given"] == "GET")
        }
    }

    @Test(.proves("proxy_http_version"), arguments: Front.allAvailable)
    func theVersionIsChosen(_ front: Front) throws {
        // 1.0 and 1.1 are the defaults of different ages, so both are asked for.
        try Scene.play(front) { scene in
            let origin = try scene.origin(Self.mirror)
            try scene.serve(
                """
                location /old { proxy_pass http://\(origin.address); proxy_http_version 1.0; }
                location /new { proxy_pass http://\(origin.address); proxy_http_version 1.1; }
                """)
            _ = try scene.get("/old")
            _ = try scene.get("/new")
            #expect(origin.requests.map(\.version) == ["HTTP/1.0", "HTTP/1.1"])
        }
    }

    @Test(.proves("proxy_pass_request_headers"), arguments: Front.allAvailable)
    func fieldsOfTheClientAreKept(_ front: Front) throws {
        try play(front, "proxy_pass_request_headers off;") { scene, origin throws in
            _ = try scene.get("/", ["X-Mine": "1"])
            #expect(origin.requests[0]["X-Mine"] == nil)
        }
    }

    @Test(.proves("proxy_pass_request_body"), arguments: Front.allAvailable)
    func theBodyIsKept(_ front: Front) throws {
        try play(front, "proxy_pass_request_body off; proxy_set_header Content-Length \"\";") { scene, origin throws in
            #expect(try scene.endpoint.post("/", "body").status == 200)
            #expect(origin.requests[0].text == "")
        }
    }

    @Test(.proves("proxy_redirect"), arguments: Front.allAvailable)
    func locationsAreRewritten(_ front: Front) throws {
        let redirect: Origin.Handler = { _, reply in try reply.respond(302, ["Location": "http://inside/a"]) }
        try play(front, "proxy_redirect http://inside/ /outside/;", handler: redirect) { scene, _ throws in
            #expect(try scene.get("/")["Location"]?.hasSuffix("/outside/a") == true)
        }
    }

    @Test(.proves("proxy_intercept_errors"), arguments: Front.allAvailable)
    func errorsOfTheOriginAreReplaced(_ front: Front) throws {
        let missing: Origin.Handler = { _, reply in try reply.respond(404, [:], "theirs") }
        try Scene.play(front) { scene in
            let origin = try scene.origin(missing)
            try scene.serve(
                """
                error_page 404 /ours;
                location /ours { return 200 ours; }
                location / { proxy_pass http://\(origin.address); proxy_intercept_errors on; }
                """)
            #expect(try scene.get("/a").text == "ours")
        }
    }

    @Test(.proves("proxy_read_timeout"), arguments: Front.allAvailable)
    func aSilentOriginIsGivenUp(_ front: Front) throws {
        let silent: Origin.Handler = { _, reply in _ = reply.peerIsGone(within: patience) }
        try play(front, "proxy_read_timeout 200ms;", handler: silent) { scene, _ throws in
            #expect(try scene.get("/").status == 504)
        }
    }

    @Test(.proves("proxy_next_upstream", "proxy_next_upstream_tries", "upstream"), arguments: Front.allAvailable)
    func anotherServerIsAsked(_ front: Front) throws {
        try Scene.play(front) { scene in
            let bad = try scene.origin { _, reply in try reply.respond(503, [:], "bad") }
            let good = try scene.origin { _, reply in try reply.respond(200, [:], "good") }
            let both = "server \(bad.address) max_fails=0; server \(bad.address) max_fails=0;"
            try scene.serve(
                """
                location /retry { proxy_pass http://mixed; proxy_next_upstream http_503; }
                location /once { proxy_pass http://bad; proxy_next_upstream http_503; proxy_next_upstream_tries 1; }
                """,
                http: "upstream mixed { server \(bad.address) max_fails=0; server \(good.address); } upstream bad { \(both) }")
            for _ in 0..<4 { #expect(try scene.get("/retry").text == "good") }
            bad.forgetRequests()
            #expect(try scene.get("/once").status == 503)
            #expect(bad.count("/once") == 1)
        }
    }

    /// As nginx of our level, where only an `upstream` keeps connections, and keeps them unasked.
    @Test(arguments: Front.allAvailable)
    func onlyAnUpstreamKeepsConnections(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin(Self.mirror)
            let none = "upstream none { server \(origin.address); \(front == .zendan ? "keepalive 0;" : "") }"
            try scene.serve(
                """
                proxy_http_version 1.1; proxy_set_header Connection "";
                location / { proxy_pass http://\(origin.address); }
                location /variable { set $address \(origin.address); proxy_pass http://$address; }
                location /default { proxy_pass http://plain; }
                location /none { proxy_pass http://none; }
                """, http: "upstream plain { server \(origin.address); } \(none)", workers: 1)
            var before = 0
            func opened(_ path: String) throws -> Int {
                for _ in 0..<3 { #expect(try scene.get(path).status == 200) }
                defer { before = origin.connectionsAccepted }
                return origin.connectionsAccepted - before
            }
            #expect(try opened("/") == 3)
            #expect(try opened("/variable") == 3)
            #expect(try opened("/none") == 3)
            // Since 1.29.7.
            #expect(try opened("/default") == (front == .zendan ? 1 : 3))
        }
    }

    @Test(.proves("keepalive"), arguments: Front.allAvailable)
    func asManyConnectionsAreKeptAsTold(_ front: Front) throws {
        try Scene.play(front) { scene in
            let arrived = Guarded(0)
            let origin = try scene.origin { _, reply in
                // Each waits for its companion, so that two connections are in use at once.
                let number = arrived.with { count in
                    count += 1
                    return count
                }
                _ = eventually { arrived.copy >= (number + 1) / 2 * 2 }
                try reply.respond(200, [:], "ok")
            }
            try scene.serve(
                "location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection \"\"; }",
                http: "upstream app { server \(origin.address); keepalive 1; }", workers: 1)  // each loop keeps its own
            for round in 1...2 {
                _ = try onThreads(2) { [endpoint = scene.endpoint] _ in try endpoint.get("/") }
                #expect(eventually { origin.connectionsOpen == 1 })
                #expect(origin.connectionsAccepted == round + 1)
            }
        }
    }

    @Test(.proves("keepalive_requests", "keepalive_timeout", "keepalive_time"), arguments: Front.allAvailable)
    func connectionsToUpstreamsAreKeptAsLongAsTold(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in
                // Its connection is then older than allowed.
                if request.path == "/time" { pause(.milliseconds(50)) }
                try reply.respond()
            }
            let bounds = [
                "requests": "keepalive_requests 2;", "timeout": "keepalive_timeout 200ms;", "time": "keepalive_time 10ms;",
            ]
            let pass = "proxy_http_version 1.1; proxy_set_header Connection \"\";"
            try scene.serve(
                pass + bounds.keys.map { "location /\($0) { proxy_pass http://\($0); }" }.joined(separator: "\n"),
                http: bounds.map { "upstream \($0) { server \(origin.address); keepalive 4; \($1) }" }.joined(separator: "\n"),
                workers: 1)
            for _ in 0..<4 { _ = try scene.get("/requests") }
            #expect(origin.connectionsAccepted == 2)
            _ = try scene.get("/timeout")
            #expect(origin.connectionsAccepted == 3)
            #expect(eventually { origin.connectionsOpen == 0 })
            for _ in 0..<2 {
                _ = try scene.get("/time")
                #expect(eventually { origin.connectionsOpen == 0 })
            }
            #expect(origin.connectionsAccepted == 5)
        }
    }
}
