import Foundation
import TestSupport
import Testing

/// The head of an answer is kept for the next request that gets the same one within a second. Nothing that depends on the
/// request or on the location may be kept with it: each request here is asked many times over, in between others.
@Suite struct RepeatedAnswerTests {
    private struct Question {
        let target: String
        var method = "GET"
        var fields: FieldList = [:]
        let isRight: (Response) -> Bool
    }

    /// Asks every question in turn, again and again, on one connection: long enough for heads to be kept.
    private func ask(_ scene: Scene, _ questions: [Question]) throws {
        let client = try scene.client()
        for round in 0..<6 {
            for question in questions {
                for _ in 0..<3 {
                    try client.sendRequest(question.method, question.target, question.fields)
                    let answer = try client.receiveResponse(to: question.method)
                    let asked = "round \(round): \(question.method) \(question.target) \(question.fields)"
                    #expect(question.isRight(answer), "\(asked): \(answer)")
                }
            }
        }
    }

    @Test(arguments: Front.allAvailable)
    func aHitIsAnsweredForItsOwnRequestAndLocation(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in
                try reply.respond(
                    200,
                    ["Cache-Control": "max-age=60", "X-One": "1", "X-Two": "2", "ETag": "\"tag\"", "Accept-Ranges": "bytes"],
                    "0123456789")
            }
            let cached = "proxy_pass http://\(origin.address); proxy_cache zone; proxy_cache_key same; proxy_cache_valid 1h;"
            try scene.serve(
                """
                location /one/ { \(cached) proxy_hide_header X-One; }
                location /two/ { \(cached) proxy_hide_header X-Two; add_header X-Cache-Status $upstream_cache_status; }
                location /agent/ { \(cached) add_header X-Agent $http_user_agent; }
                """, http: "proxy_cache_path \(scene.sandbox.path)/cache keys_zone=zone:1m;", workers: 1)
            _ = try scene.get("/one/")
            try ask(
                scene,
                [
                    Question(target: "/one/") { $0.text == "0123456789" && $0["X-One"] == nil && $0["X-Two"] == "2" },
                    Question(target: "/two/") { $0["X-One"] == "1" && $0["X-Two"] == nil && $0.cacheStatus == "HIT" },
                    Question(target: "/agent/", fields: ["User-Agent": "a"]) { $0["X-Agent"] == "a" && $0["X-One"] == "1" },
                    Question(target: "/agent/", fields: ["User-Agent": "b"]) { $0["X-Agent"] == "b" },
                    Question(target: "/one/", fields: ["Range": "bytes=2-3"]) {
                        $0.status == 206 && $0.text == "23" && $0["Content-Range"] == "bytes 2-3/10"
                    },
                    Question(target: "/one/", fields: ["If-None-Match": "\"tag\""]) { $0.status == 304 },
                    Question(target: "/one/", method: "HEAD") { $0.status == 200 && $0["Content-Length"] == "10" },
                    Question(target: "/two/", fields: ["Connection": "keep-alive"]) { $0.text == "0123456789" },
                ])
            #expect(origin.count("/one/") == 1)
            let last = try scene.client()
            try last.sendRequest("GET", "/one/", ["Connection": "close"])
            #expect(try last.receiveResponse()["Connection"] == "close")
            #expect(last.isClosedByPeer())
        }
    }

    @Test(arguments: Front.allAvailable)
    func aFileIsAnsweredForItsOwnRequestAndLocation(_ front: Front) throws {
        try Scene.play(front) { scene in
            _ = try scene.sandbox.write("www/a.txt", "0123456789")
            let files = "alias \(scene.sandbox.path)/www/; default_type text/plain;"
            try scene.serve(
                """
                open_file_cache max=10;
                location /plain/ { \(files) }
                location /held/ { \(files) expires 1h; add_header X-Held yes; }
                location /zip/ { \(files) gzip on; gzip_min_length 1; gzip_types text/plain; }
                """, workers: 1)
            try ask(
                scene,
                [
                    Question(target: "/plain/a.txt") { $0.text == "0123456789" && $0["X-Held"] == nil && $0["Expires"] == nil },
                    Question(target: "/held/a.txt") { $0["X-Held"] == "yes" && $0["Cache-Control"] == "max-age=3600" },
                    Question(target: "/zip/a.txt", fields: ["Accept-Encoding": "gzip"]) { $0["Content-Encoding"] == "gzip" },
                    Question(target: "/zip/a.txt") { $0["Content-Encoding"] == nil && $0.text == "0123456789" },
                    Question(target: "/plain/a.txt", fields: ["Range": "bytes=-3"]) { $0.status == 206 && $0.text == "789" },
                    Question(target: "/plain/a.txt", method: "HEAD") { $0.status == 200 && $0["Content-Length"] == "10" },
                ])
        }
    }

    @Test(arguments: Front.allAvailable)
    func theLogSeesTheFieldsOfEveryAnswer(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in
                try reply.respond(200, ["Cache-Control": "max-age=60", "X-One": "1"], "hello")
            }
            let server = try scene.serve(
                """
                access_log access.log sent;
                location / { proxy_pass http://\(origin.address); proxy_cache zone; proxy_cache_valid 1h; }
                """,
                http: """
                    proxy_cache_path \(scene.sandbox.path)/cache keys_zone=zone:1m;
                    log_format sent "$status $sent_http_x_one $body_bytes_sent";
                    """, workers: 1)
            let client = try scene.client()
            for _ in 0..<6 {
                try client.sendRequest("GET", "/")
                _ = try client.receiveResponse()
            }
            #expect(try server.lines(6) == Array(repeating: "200 1 5", count: 6))
        }
    }

    /// A file that is shortened while it is open costs its own answer, never the worker.
    @Test(arguments: Front.only(.zendan))
    func aShortenedFileEndsNobodyElse(_ front: Front) throws {
        try Scene.play(front) { scene in
            let file = try scene.sandbox.write("www/a.txt", String(repeating: "x", count: 9000))
            let server = try scene.serve(
                """
                open_file_cache max=10;
                location /files/ { alias \(scene.sandbox.path)/www/; }
                location / { return 200 alive; }
                """, workers: 1)
            let worker = try #require(server.workers.first)
            for _ in 0..<3 { #expect(try scene.get("/files/a.txt").body.count == 9000) }
            try FileHandle(forWritingTo: URL(fileURLWithPath: file)).truncate(atOffset: 10)
            // Cut short: the client is told by the connection's end, and never gets a whole answer.
            #expect(throws: (any Error).self) { try scene.get("/files/a.txt") }
            #expect(try scene.get("/").text == "alive")
            #expect(server.workers.first == worker)
        }
    }

    /// A head that is larger than the block in which heads are built is built anew for each answer.
    @Test(arguments: Front.allAvailable)
    func aHugeHeadOfAStoredAnswer(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in
                var fields: FieldList = ["Cache-Control": "max-age=60"]
                for number in 0..<15 { fields.append("X-Large-\(number)", String(repeating: "v", count: 4000)) }
                try reply.respond(200, fields, "body")
            }
            let more = (0..<3).map { "add_header X-More-\($0) \(String(repeating: "m", count: 3000));" }.joined()
            try scene.serve(
                """
                location / {
                    proxy_pass http://\(origin.address); proxy_cache zone; proxy_buffer_size 64k; proxy_buffers 4 64k; \(more)
                }
                """, http: "proxy_cache_path \(scene.sandbox.path)/cache keys_zone=zone:1m;", workers: 1)
            let client = try scene.client()
            for _ in 0..<6 {
                let answer = try client.get("/")
                #expect(answer.text == "body" && answer["X-Large-14"]?.count == 4000 && answer["X-More-2"]?.count == 3000)
            }
        }
    }
}
