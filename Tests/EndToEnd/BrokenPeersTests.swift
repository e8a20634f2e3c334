import TestSupport
import Testing

/// Upstreams and clients that do not keep to the protocol, or only just.
@Suite struct BrokenPeersTests {
    /// A client that did not ask for another protocol gets the status and nothing of what follows, and neither connection is
    /// used again.
    @Test(arguments: Front.only(.zendan))
    func anUpstreamCannotSwitchProtocolsUnasked(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in
                try reply.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\n\r\nhello")
            }
            try scene.serve(
                """
                location / { proxy_pass http://app; }
                location /ready {
                    proxy_pass http://app;
                    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
                }
                """, http: "upstream app { server \(origin.address); }", workers: 1)
            for path in ["/", "/ready"] {
                let client = try scene.client()
                try client.sendRequest("GET", path)
                #expect(try client.receiveHead().status == 101)
                #expect(try client.receiveRest().isEmpty)
            }
            #expect(origin.connectionsAccepted == 2)
            let client = try scene.client()
            try client.sendRequest("GET", "/ready", ["Upgrade": "other", "Connection": "upgrade"])
            #expect(try client.receiveHead().status == 101)
            #expect(try client.receive(5) == Array("hello".utf8))
        }
    }

    @Test(arguments: Front.allAvailable)
    func whatHasNoHeadIsPassedOn(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in
                try reply.send("hello world")
                reply.close()
            }
            let server = try scene.serve(
                """
                location / {
                    proxy_pass http://\(origin.address);
                    proxy_cache z; proxy_cache_valid any 1h; add_header X-Cache $upstream_cache_status;
                }
                """, http: "proxy_cache_path \(scene.sandbox.path)/cache keys_zone=z:1m;")
            for _ in 0..<2 {
                let client = try scene.client()
                try client.send("GET / HTTP/1.0\r\n\r\n")
                #expect(String(decoding: try client.receiveRest(), as: UTF8.self).hasSuffix("hello world"))
            }
            // Nobody can tell whether it was all, so zendan does not keep it.
            if front == .zendan {
                #expect(origin.requests.count == 2)
                #expect(server.errorLog.contains("upstream sent no valid HTTP/1.0 header"))
            }
        }
    }

    /// An upstream may end or break its chunks anywhere: what comes of it is never taken for whole.
    @Test(
        arguments: Front.allAvailable,
        [
            "", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhel", "5\r\nhello\r\n0", "5\r\nhello\r\n0\r\n", "x\r\n",
            "-5\r\nhello\r\n0\r\n\r\n",
            "ffffffffffffffff\r\nhello", "7fffffffffffffff\r\nhello", "10000000000000005\r\nhello\r\n0\r\n\r\n",
            "5\r\nhelloX\r\n0\r\n\r\n", "4\r\nhello\r\n0\r\n\r\n",
        ])
    func chunksThatBreakOff(_ front: Front, _ chunks: String) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in
                try reply.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
                reply.close()
            }
            let cache = "proxy_cache_path \(scene.sandbox.path)/cache keys_zone=z:1m;"
            try scene.serve(
                """
                proxy_http_version 1.1;
                location / { proxy_pass http://\(origin.address); }
                location /cached { proxy_pass http://\(origin.address); proxy_cache z; proxy_cache_valid 1h; }
                """, http: cache)
            for path in ["/", "/cached", "/cached"] {
                let before = origin.requests.count
                #expect(throws: (any Error).self) { _ = try scene.get(path) }
                #expect(origin.requests.count == before + 1)
            }
        }
    }

    /// All that came of a response that breaks off reaches a client that can tell that something is missing.
    @Test(arguments: Front.allAvailable)
    func aBrokenResponseIsDeliveredAsFarAsItCame(_ front: Front) throws {
        try Scene.play(front) { scene in
            let whole = String(repeating: "0123456789", count: 100_000)
            let origin = try scene.origin { _, reply in
                try reply.send("HTTP/1.1 200 OK\r\nContent-Length: 1000100\r\n\r\n\(whole)")
                reply.close()
            }
            try scene.serve("location / { proxy_pass http://\(origin.address); }")
            let client = try scene.client(receiveBuffer: 4096)
            try client.sendRequest("GET", "/")
            #expect(try client.receiveHead()["Content-Length"] == "1000100")
            // The front has long been told by then.
            #expect(eventually { origin.active == 0 })
            #expect(String(decoding: try client.receiveRest(), as: UTF8.self) == whole)
        }
    }

    @Test(arguments: Front.allAvailable)
    func aRedirectToNowhere(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in try reply.respond(200, ["X-Accel-Redirect": "@missing"], "hello") }
            try scene.serve("location / { proxy_pass http://\(origin.address); }")
            #expect(try scene.get("/").status == 500)
        }
    }

    @Test(arguments: Front.allAvailable)
    func everyTypeIsAlsoNone(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in try reply.respond(200, [:], String(repeating: "hello ", count: 100)) }
            try scene.serve(
                """
                gzip on;
                location / { gzip_types *; proxy_pass http://\(origin.address); }
                location /text { gzip_types text/plain; proxy_pass http://\(origin.address); }
                """)
            #expect(try scene.get("/", ["Accept-Encoding": "gzip"])["Content-Encoding"] == "gzip")
            #expect(try scene.get("/text", ["Accept-Encoding": "gzip"])["Content-Encoding"] == nil)
        }
    }

    @Test(arguments: Front.allAvailable)
    func lengthsOfBodiesThatDidNotTellThem(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in try reply.respond(200, [:], "ok") }
            let server = try scene.serve(
                """
                proxy_http_version 1.1; access_log \(scene.sandbox.path)/lengths.log lengths;
                location / { proxy_pass http://\(origin.address); }
                location /streamed { proxy_pass http://\(origin.address); proxy_request_buffering off; }
                """, http: "log_format lengths \"$uri $content_length $request_length\";")
            for path in ["/", "/streamed"] {
                let client = try scene.client()
                let head = "POST \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                try client.send(head + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
                #expect(try client.receiveResponse().text == "ok")
            }
            // Heads of 56 and 64 bytes, and 20 of chunks.
            #expect(try server.lines(2, of: "lengths.log") == ["/ 5 76", "/streamed 5 84"])
        }
    }
}
