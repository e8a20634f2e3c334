import TestSupport
import Testing

/// Fields added, expiry, ranges and compression, told by nginx and by zendan.
@Suite struct HeaderFilterTests {
    private func play(_ front: Front, _ body: String, http: String = "", _ test: (Scene) throws -> Void) throws {
        try Scene.play(front) { (scene) throws in
            try scene.sandbox.write("site/a.txt", "hello world, hello world, hello world")
            try scene.sandbox.write("site/short.txt", "hello")
            try scene.serve("root \(scene.sandbox.path)/site; \(body)", http: http)
            try test(scene)
        }
    }

    @Test(.proves("add_header"), arguments: Front.allAvailable)
    func fieldsAreAdded(_ front: Front) throws {
        let body = """
            add_header X-Outer 1;
            location /own { add_header X-Own $arg_x; add_header X-Own 2 always; return 200 a; }
            location /lost { add_header X-Own 1; add_header X-Always 1 always; return 404; }
            location = /short.txt { add_header ETag ""; add_header Last-Modified ""; }
            location / { return 200 a; }
            """
        try play(front, body) { (scene) throws in
            #expect(try scene.get("/").fields.all("X-Outer") == ["1"])
            let own = try scene.get("/own?x=1")
            #expect(own.fields.all("X-Own") == ["1", "2"])
            #expect(own["X-Outer"] == nil)
            #expect(try scene.get("/own").fields.all("X-Own") == ["2"])
            let lost = try scene.get("/lost")
            #expect(lost["X-Own"] == nil)
            #expect(lost["X-Always"] == "1")
            let bare = try scene.get("/short.txt")
            #expect(bare["ETag"] == nil)
            #expect(bare["Last-Modified"] == nil)
        }
    }

    @Test(.proves("expires"), arguments: Front.allAvailable)
    func expiry(_ front: Front) throws {
        let body = """
            location = /hour { expires 1h; return 200 a; }
            location = /past { expires -1; return 200 a; }
            location = /epoch { expires epoch; return 200 a; }
            location = /max { expires max; return 200 a; }
            location = /map { expires $when; return 200 a; }
            location = /error { expires 1h; return 500 a; }
            """
        try play(front, body, http: "map $arg_w $when { default off; long 30d; }") { (scene) throws in
            #expect(try scene.get("/hour")["Cache-Control"] == "max-age=3600")
            #expect(try scene.get("/past")["Cache-Control"] == "no-cache")
            #expect(try scene.get("/epoch")["Expires"] == "Thu, 01 Jan 1970 00:00:01 GMT")
            #expect(try scene.get("/max")["Expires"] == "Thu, 31 Dec 2037 23:55:55 GMT")
            #expect(try scene.get("/map?w=long")["Cache-Control"] == "max-age=2592000")
            #expect(try scene.get("/map")["Cache-Control"] == nil)
            #expect(try scene.get("/error")["Expires"] == nil)
        }
    }

    @Test(arguments: Front.allAvailable)
    func expiryByTheTimeOfTheFile(_ front: Front) throws {
        let body = """
            location / { expires modified $arg_w; }
            location /bare { expires modified $arg_w; return 200 a; }
            """
        try play(front, body) { (scene) throws in
            try scene.sandbox.setModificationTime("site/a.txt", 60)
            let old = try scene.get("/a.txt?w=10")
            #expect(old["Expires"] == "Thu, 01 Jan 1970 00:01:10 GMT")
            #expect(old["Cache-Control"] == "no-cache")
            #expect(try scene.get("/a.txt?w=0")["Cache-Control"] == "max-age=0")
            #expect(try scene.get("/bare?w=10")["Cache-Control"] == "max-age=10")
            #expect(try scene.get("/bare?w=-10")["Cache-Control"] == "no-cache")
            // Behind `modified` these are no rules.
            for word in ["epoch", "max", "off", "@1h", "x"] {
                #expect(try scene.get("/a.txt?w=\(word)")["Expires"] == nil)
            }
        }
    }

    @Test(arguments: Front.allAvailable)
    func whatIsSentIsTold(_ front: Front) throws {
        let body = """
            add_header X-Told "$sent_http_connection|$sent_http_location" always;
            access_log ACCESS told;
            location /once { keepalive_requests 1; return 200; }
            location /never { keepalive_timeout 0; return 200; }
            location /there { return 301 /here; }
            location /logged { add_header X-A a; return 301 /here; }
            location /bad { return 500; }
            location /none { return 200 "[$arg_$http_$sent_http_$upstream_http_]"; }
            """
        try Scene.play(front) { (scene) throws in
            let server = try scene.serve(
                body.replacing("ACCESS", with: "\(scene.sandbox.path)/told.log"),
                http: "log_format told \"$uri $sent_http_location $sent_http_connection\";")
            func told(_ path: String, _ fields: FieldList = [:]) throws -> String? {
                let client = try scene.client()
                return try client.request("GET", path, fields)["X-Told"]
            }
            #expect(try told("/once") == "close|")
            #expect(try told("/never") == "close|")
            #expect(try told("/bad") == "close|")
            #expect(try told("/none") == "keep-alive|")
            #expect(try told("/none", ["Connection": "close"]) == "close|")
            #expect(try told("/there", ["Host": "a.example"]) == "keep-alive|/here")
            #expect(try told("/logged", ["Host": "a.example"]) == nil)
            #expect(try scene.get("/none?=1").text == "[]")
            let lines = try server.lines(8, of: "told.log")
            // Each loop writes its own lines: their order is nobody's.
            #expect(lines.contains { $0.hasPrefix("/logged http://a.example") })
        }
    }

    @Test(arguments: Front.allAvailable)
    func noRangesOfWhatIsCompressed(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in
                let fields: FieldList = ["Content-Type": "text/html", "Accept-Ranges": "bytes", "ETag": "\"a\""]
                try reply.respond(200, fields, String(repeating: "hello ", count: 100))
            }
            try scene.serve("gzip on; location / { proxy_pass http://\(origin.address); }")
            #expect(try scene.get("/")["Accept-Ranges"] == "bytes")
            let coded = try scene.get("/", Self.coded)
            #expect(coded["Accept-Ranges"] == nil && coded["Content-Length"] == nil)
            #expect(coded["ETag"] == "W/\"a\"")
        }
    }

    @Test(arguments: Front.allAvailable)
    func aCompressedAnswerIsOnePiece(_ front: Front) throws {
        try play(front, "gzip on; gzip_types text/plain;") { (scene) throws in
            let head = try scene.endpoint.head("/a.txt", Self.coded)
            #expect(head["Content-Encoding"] == "gzip")
            #expect(head["Transfer-Encoding"] == nil && head["Content-Length"] == nil)
            let client = try scene.client()
            try client.send("HEAD /a.txt HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            #expect(try client.receiveResponse(to: "HEAD").keepsAlive)
            try client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            #expect(try client.receiveHead()["Transfer-Encoding"] == "chunked")
            let size = try #require(try client.receiveLine().flatMap { Int($0, radix: 16) })
            _ = try client.receive(size)
            #expect(try client.receive(7) == Array("\r\n0\r\n\r\n".utf8))
        }
    }

    @Test(.proves("max_ranges"), arguments: Front.allAvailable)
    func ranges(_ front: Front) throws {
        try play(front, "location = /short.txt { max_ranges 0; }") { (scene) throws in
            let one = try scene.get("/a.txt", ["Range": "bytes=0-4"])
            #expect(one.status == 206)
            #expect(one.text == "hello")
            #expect(one["Content-Range"] == "bytes 0-4/37")
            let two = try scene.get("/a.txt", ["Range": "bytes=0-1,6-7"])
            #expect(two.status == 206)
            #expect(two["Content-Type"]?.hasPrefix("multipart/byteranges; boundary=") == true)
            #expect(two.text.contains("Content-Range: bytes 6-7/37\r\n\r\nwo\r\n"))
            let beyond = try scene.get("/a.txt", ["Range": "bytes=90-"])
            #expect(beyond.status == 416)
            #expect(beyond["Content-Range"] == "bytes */37")
            let none = try scene.get("/short.txt", ["Range": "bytes=0-1"])
            #expect(none.status == 200)
            #expect(none["Accept-Ranges"] == nil)
            #expect(try scene.get("/a.txt", ["Range": "bytes=0-4", "If-Range": "\"other\""]).status == 200)
        }
    }

    private static let coded: FieldList = ["Accept-Encoding": "gzip"]

    @Test(
        .proves(
            "gzip", "gzip_types", "gzip_min_length", "gzip_vary", "gzip_proxied", "gzip_http_version", "gzip_disable",
            "gzip_comp_level"),
        arguments: Front.allAvailable)
    func whatIsCompressed(_ front: Front) throws {
        let long = String(repeating: "abcdefghij klmnopqrst uvwxyz abcabcabdabe ", count: 80)
        let body = """
            gzip on; gzip_types text/plain; gzip_min_length 3; gzip_vary on; gzip_disable "Old";
            location = /pass { gzip_proxied expired; return 200 "hello world"; }
            location = /old { gzip_http_version 1.0; gzip_proxied any; return 200 "hello world"; }
            location = /fast { return 200 "\(long)"; }
            location = /small { gzip_comp_level 9; return 200 "\(long)"; }
            location = /tiny { return 200 ab; }
            """
        try play(front, body) { (scene) throws in
            let coded = Self.coded
            let plain = try scene.get("/a.txt")
            #expect(plain["Content-Encoding"] == nil)
            #expect(plain["Vary"] == "Accept-Encoding")
            let file = try scene.get("/short.txt", coded)
            #expect(file["Content-Encoding"] == "gzip")
            #expect(file["ETag"]?.hasPrefix("W/\"") == true)
            #expect(try scene.get("/tiny", coded)["Content-Encoding"] == nil)
            #expect(try scene.get("/a.txt", ["Accept-Encoding": "gzip", "User-Agent": "Old 1"])["Content-Encoding"] == nil)
            #expect(try scene.get("/a.txt", ["Accept-Encoding": "gzip", "Via": "1.1 x"])["Content-Encoding"] == nil)
            #expect(try scene.get("/pass", ["Accept-Encoding": "gzip", "Via": "1.1 x"])["Content-Encoding"] == "gzip")
            let client = try scene.client()
            try client.send("GET /old HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
            #expect(try client.receiveResponse()["Content-Encoding"] == "gzip")
            let (fast, small) = (try scene.get("/fast", coded).body.count, try scene.get("/small", coded).body.count)
            #expect(small < fast)
        }
    }
}
