import TestSupport
import Testing

/// What stands in for an error, and what stays of the answer it stands in for.
@Suite struct ErrorPageTests {
    private func play(_ front: Front, _ body: String, http: String = "", _ story: (Scene) throws -> Void) throws {
        try Scene.play(front) { (scene) throws in
            try scene.sandbox.write("site/a.txt", "hello world")
            try scene.sandbox.write("site/page.html", "a page")
            try scene.serve("root \(scene.sandbox.path)/site; \(body)", http: http)
            try story(scene)
        }
    }

    @Test(arguments: Front.allAvailable)
    func aVariableLeadsAnywhere(_ front: Front) throws {
        let map = "map $arg_to $to { named @named; missing @missing; path /where?a=b; url http://example.com/x; }"
        let body = """
            location / { error_page 404 $to; return 404; }
            location /where { return 200 "$uri?$args"; }
            location @named { return 200 named; }
            """
        try play(front, body, http: map) { (scene) throws in
            let named = try scene.get("/?to=named")
            #expect(named.status == 404 && named.text == "named")
            #expect(try scene.get("/?to=missing").status == 500)
            #expect(try scene.get("/?to=path").text == "/where?a=b")
            let url = try scene.get("/?to=url")
            #expect(url.status == 302 && url["Location"] == "http://example.com/x")
        }
    }

    @Test(arguments: Front.allAvailable)
    func conditionsThatFailHaveErrorPages(_ front: Front) throws {
        let body = """
            error_page 412 416 /page.html;
            location /named { try_files /a.txt =404; error_page 412 416 =202 @named; }
            location @named { return 200 named; }
            """
        try play(front, body) { (scene) throws in
            let failed = try scene.get("/a.txt", ["If-Match": "\"x\""])
            #expect(failed.status == 412 && failed.text == "a page")
            let beyond = try scene.get("/a.txt", ["Range": "bytes=90-"])
            #expect(beyond.status == 416 && beyond.text == "a page")
            #expect(beyond["Content-Range"] == "bytes */11")
            let named = try scene.get("/named", ["Range": "bytes=90-"])
            #expect(named.status == 202 && named.text == "named")
            #expect(try scene.get("/named", ["If-Match": "\"x\""]).status == 202)
            #expect(try scene.get("/a.txt", ["Range": "bytes=6-"]).text == "world")
        }
    }

    @Test(arguments: Front.allAvailable)
    func ofWhatIsStored(_ front: Front) throws {
        try Scene.play(front) { (scene) throws in
            var fields: FieldList = ["ETag": "\"a\"", "Accept-Ranges": "bytes"]
            // Older nginx lets it stand beside its own.
            if front == .zendan { fields.append("Content-Range", "bytes 0-1/9") }
            let sent = fields
            let origin = try scene.origin { _, reply in try reply.respond(200, sent, "hello") }
            let cache = "proxy_cache_path \(scene.sandbox.path)/cache keys_zone=z:1m; proxy_cache z; proxy_cache_valid 1h;"
            try scene.serve(
                """
                location / { proxy_pass http://\(origin.address); error_page 412 416 /page; }
                location /bare { proxy_pass http://\(origin.address); add_header X-Any 1 always; }
                location = /page { return 200 page; }
                """, http: cache)
            for path in ["/a", "/bare"] {
                // First while it is fetched, then out of the cache.
                for _ in 0..<2 {
                    let beyond = try scene.get(path, ["Range": "bytes=90-"])
                    #expect(beyond.status == 416)
                    #expect(beyond.fields.all("Content-Range") == ["bytes */5"])
                    #expect(beyond.text.contains(path == "/a" ? "page" : "416 Requested"))
                    let failed = try scene.get(path + "2", ["If-Match": "\"b\""])
                    #expect(failed.status == 412 && failed["ETag"] == nil && failed["Content-Range"] == nil)
                    #expect(failed.text.contains(path == "/a" ? "page" : "412 Precondition"))
                    #expect(failed.fields.all("X-Any") == (path == "/a" ? [] : ["1"]))
                }
                let part = try scene.get(path, ["Range": "bytes=1-2"])
                #expect(part.status == 206 && part.text == "el")
                #expect(part.fields.all("Content-Range") == ["bytes 1-2/5"])
                let parts = try scene.get(path, ["Range": "bytes=0-0,2-"])
                #expect(parts.status == 206 && parts["Content-Range"] == nil)
            }
            // nginx does not go on storing what nobody takes.
            if front == .zendan { #expect(origin.requests.count == 4) }
        }
    }

    @Test(arguments: Front.allAvailable)
    func theStatusIsThatOfTheError(_ front: Front) throws {
        try Scene.play(front) { (scene) throws in
            let origin = try scene.origin { request, reply in
                try reply.send("HTTP/1.1 \(request.path.dropFirst(3)) Odd\r\nContent-Length: 2\r\n\r\nab")
            }
            try scene.sandbox.write("site/page.html", "a page")
            try scene.serve(
                """
                root \(scene.sandbox.path)/site;
                location /p/ { proxy_pass http://\(origin.address); }
                location /kept { error_page 404 /p/503; return 404; }
                location /own { error_page 404 = /p/503; return 404; }
                location /given { error_page 404 =210 /p/206; return 404; }
                location /text { error_page 404 /403; return 404; }
                location /403 { return 403 text; }
                location /again { error_page 404 =200 /bare; return 404; }
                location /bare { return 403; }
                location /file { error_page 404 /page.html; return 404; }
                location /condition { error_page 404 = /page.html; return 404; }
                """)
            let kept = try scene.get("/kept")
            #expect(kept.status == 404 && kept.reason == "Not Found" && kept.text == "ab")
            let own = try scene.get("/own")
            #expect(own.status == 503 && own.reason == "Odd")
            #expect(try scene.get("/given").status == 210)
            let text = try scene.get("/text")
            #expect(text.status == 404 && text.text == "text")
            #expect(try scene.get("/again").status == 403)
            let file = try scene.get("/file")
            #expect(file.status == 404 && file["ETag"] != nil && file["Last-Modified"] == nil)
            let page = try scene.get("/condition")
            #expect(page.status == 200 && page["Last-Modified"] != nil)
            #expect(try scene.get("/condition", ["If-None-Match": page["ETag"] ?? ""]).status == 304)
        }
    }

    @Test(arguments: Front.allAvailable)
    func aRedirectKeepsWhereItLeads(_ front: Front) throws {
        let body = """
            location /file { error_page 301 /page.html; return 301 http://example.com/x; }
            location /named { error_page 301 =200 @named; return 301 http://example.com/x; }
            location @named { return 200 named; }
            location /other { error_page 301 = /on; return 301 http://example.com/x; }
            location /on { return 302 http://example.com/y; }
            """
        try play(front, body) { (scene) throws in
            let file = try scene.get("/file")
            #expect(file.status == 301 && file["Location"] == "http://example.com/x" && file.text == "a page")
            let named = try scene.get("/named")
            #expect(named.status == 200 && named["Location"] == "http://example.com/x")
            let other = try scene.get("/other")
            #expect(other.status == 302 && other.fields.all("Location") == ["http://example.com/y"])
        }
    }

    /// A page that an upstream gives must not let a connection go on whose next request nobody can find.
    @Test(
        arguments: Front.allAvailable,
        [
            "GET / HTTP/1.1\r\nHost: l\r\nBad Name: x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: l\r\nContent-Length: 5x\r\n\r\nabcde",
            "POST / HTTP/1.1\r\nHost: l\r\nContent-Length: 5\r\n\r\nabcde",
            "POST /named HTTP/1.1\r\nHost: l\r\nContent-Length: 5\r\n\r\nabcde",
            "POST / HTTP/1.1\r\nHost: l\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
            "POST /named HTTP/1.1\r\nHost: l\r\nTransfer-Encoding: chunked\r\n\r\n3x\r\nabc\r\n0\r\n\r\n",
            "garbage\r\n\r\n",
        ])
    func brokenRequestsEndTheirConnection(_ front: Front, _ bytes: String) throws {
        try Scene.play(front) { (scene) throws in
            let origin = try scene.origin { request, reply in try reply.respond(200, [:], "\(request.body.count)") }
            try scene.serve(
                """
                client_max_body_size 3; error_page 400 413 /page;
                location / { proxy_pass http://\(origin.address); }
                location /named { proxy_pass http://\(origin.address); error_page 400 413 @page; }
                location @page { proxy_pass http://\(origin.address); }
                """)
            let client = try scene.client()
            try client.send(bytes + "GET /smuggled HTTP/1.1\r\nHost: l\r\n\r\n")
            let answer = try client.receiveResponse()
            #expect(answer.status == 400 || answer.status == 413)
            #expect(answer["Connection"] == "close" && answer.text == "0")
            #expect(try client.receiveRest().isEmpty)
            #expect(origin.count("/smuggled") == 0)
        }
    }
}
