import TestSupport
import Testing

/// The words behind the status: an origin's own stay with its answer, stored or not, and with no other.
@Suite struct ReasonPhraseTests {
    /// An origin with words of its own for each path, and nothing new to tell who knows its entity tag.
    private static func answer(_ request: OriginRequest, _ reply: OriginReply) throws {
        let line =
            switch request.path {
            case "/gone": "404 Nope"
            case "/odd": "299 Between"
            case "/usual": "200 OK"
            default: request["If-None-Match"] == nil ? "200 Fine" : "304 Same As Ever"
            }
        let lifetime = request.path == "/short" ? 1 : 3600
        let body = line.hasPrefix("304") ? "" : "hello"
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        let fields = "X-Accel-Expires: \(lifetime)\r\nETag: \"a\"\r\nAccept-Ranges: bytes\r\n\(length)"
        try reply.send("HTTP/1.1 \(line)\r\n\(fields)\r\n\(body)")
    }

    private func play(_ front: Front, _ options: String = "", _ story: (Scene, ServerUnderTest) throws -> Void) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { try Self.answer($0, $1) }
            let server = try scene.serve(
                """
                location / {
                    proxy_pass http://\(origin.address); proxy_cache zone; proxy_cache_revalidate on; \(options)
                    add_header X-Cache-Status $upstream_cache_status always;
                }
                location /pass/ { proxy_pass http://\(origin.address)/; proxy_force_ranges on; }
                """, http: "proxy_cache_path \(scene.sandbox.path)/cache levels=1:2 keys_zone=zone:1m;")
            try story(scene, server)
        }
    }

    private static let answers = [("/fine", "Fine"), ("/gone", "Nope"), ("/odd", "Between"), ("/usual", "OK")]

    @Test(arguments: Front.allAvailable)
    func aStoredAnswerKeepsItsOwn(_ front: Front) throws {
        try play(front) { scene, server in
            for (path, phrase) in Self.answers {
                #expect(try scene.get("/pass" + path).reason == phrase)
                // Once as it arrives, once out of the cache, then with the head that may have been kept of that.
                let client = try scene.client()
                for status in ["MISS", "HIT", "HIT", "HIT"] {
                    let answer = try client.get(path)
                    #expect(answer.cacheStatus == status && answer.reason == phrase && answer.text == "hello")
                }
                #expect(try scene.endpoint.head(path).reason == phrase)
            }
            server.quit()
            #expect(server.waitForExit() == .exited(0))
            try server.start()
            for (path, phrase) in Self.answers {
                for _ in 0..<2 {
                    let answer = try scene.get(path)
                    #expect(answer.cacheStatus == "HIT" && answer.reason == phrase && answer.text == "hello")
                }
            }
        }
    }

    @Test(arguments: Front.allAvailable)
    func aConfirmationChangesNoWords(_ front: Front) throws {
        try play(front) { scene, server in
            #expect(try scene.get("/short").reason == "Fine")
            var answer = try scene.get("/short")
            #expect(
                try eventually {
                    answer = try scene.get("/short")
                    return answer.cacheStatus == "REVALIDATED"
                })
            #expect(answer.status == 200 && answer.reason == "Fine" && answer.text == "hello")
        }
    }

    /// What is made of an answer here has a status of its own, and the words for that.
    @Test(arguments: Front.allAvailable)
    func anotherStatusHasOtherWords(_ front: Front) throws {
        try play(front, "proxy_intercept_errors on; error_page 404 = /fine;") { scene, server in
            for _ in 0..<2 {
                #expect(try scene.get("/fine").reason == "Fine")
                let asked: [(FieldList, Int, String)] = [
                    (["If-None-Match": "\"a\""], 304, "Not Modified"), (["If-Match": "\"b\""], 412, "Precondition Failed"),
                    (["Range": "bytes=1-2"], 206, "Partial Content"),
                    (["Range": "bytes=9-"], 416, "Requested Range Not Satisfiable"),
                ]
                for (fields, status, phrase) in asked {
                    let answer = try scene.get("/fine", fields)
                    #expect(answer.status == status && answer.reason == phrase)
                }
                #expect(try scene.get("/gone").reason == "Fine")
                #expect(try scene.get("/pass/fine", ["Range": "bytes=9-"]).reason == "Requested Range Not Satisfiable")
            }
        }
    }

    /// nginx stores whatever fits into its buffer.
    @Test(arguments: Front.only(.zendan))
    func wordsWithoutEndAreNotStored(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in
                let count = Int(request.path.dropFirst()) ?? 0
                let phrase = String(repeating: "f", count: count)
                try reply.send("HTTP/1.1 200 \(phrase)\r\nX-Accel-Expires: 60\r\nContent-Length: 2\r\n\r\nhi")
            }
            try scene.serve(
                "location / { proxy_pass http://\(origin.address); proxy_cache zone; }",
                http: "proxy_cache_path \(scene.sandbox.path)/cache keys_zone=zone:1m;")
            for count in [0, 255, 256, 2000] {
                let expected = count == 255 ? String(repeating: "f", count: count) : "OK"
                for _ in 0..<3 { #expect(try scene.get("/\(count)").reason == expected) }
                #expect(origin.count("/\(count)") == 1)
            }
        }
    }
}
