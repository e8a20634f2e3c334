import Foundation
import TestSupport
import Testing

/// How heads are read and how long connections last: the bounds and liberties of the core directives.
@Suite struct RequestReadingTests {
    @Test(
        .proves("underscores_in_headers", "ignore_invalid_headers", "merge_slashes"), arguments: Front.allAvailable)
    func libertiesWithHeads(_ front: Front) throws {
        try Scene.play(front) { scene in
            let second = try scene.anotherSocket()
            let third = try scene.anotherSocket()
            let body = "return 200 \"[$http_a_b][$http_c][$uri]\";"
            let http = """
                server { listen \(second); underscores_in_headers on; merge_slashes off; \(body) }
                server { listen \(third); ignore_invalid_headers off; \(body) }
                """
            try scene.serve(body, http: http)
            let fields: FieldList = ["A_B": "1", "C": "2"]
            #expect(try scene.get("//x//y", fields).text == "[][2][/x/y]")
            #expect(try second.endpoint.get("//x//y", fields).text == "[1][2][//x//y]")
            #expect(try third.endpoint.get("/", fields).text == "[1][2][/]")
        }
    }

    @Test(.proves("large_client_header_buffers", "client_header_buffer_size"), arguments: Front.allAvailable)
    func headsHaveBounds(_ front: Front) throws {
        try Scene.play(front) { scene in
            let second = try scene.anotherSocket()
            let http = """
                server { listen \(second); client_header_buffer_size 128; large_client_header_buffers 1 512; return 200; }
                """
            try scene.serve("client_header_buffer_size 3k; large_client_header_buffers 1 512; return 200;", http: http)
            let long = String(repeating: "x", count: 600)
            #expect(try scene.get("/\(long)").status == 200)
            #expect(try scene.get("/\(long)\(long)\(long)").status == 200)
            #expect(try second.endpoint.get("/\(long)").status == 414)
            #expect(try second.endpoint.get("/", ["A": long]).status == 400)
        }
    }

    @Test(.proves("max_headers"), arguments: Front.only(.zendan))
    func fieldsAreCounted(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.serve("max_headers 5; return 200;")
            #expect(try scene.get("/", ["A": "1"]).status == 200)
            #expect(try scene.get("/", ["A": "1", "B": "2", "C": "3", "D": "4", "E": "5", "F": "6"]).status == 400)
        }
    }

    @Test(arguments: Front.allAvailable)
    func clientsThatWaitAreToldToGoOn(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in try reply.respond(200, [:], request.text) }
            try scene.serve("location / { proxy_pass http://\(origin.address); }")
            let client = try scene.client()
            let none = try client.request("POST", "/", ["Expect": "100-Continue", "Content-Length": "0"])
            #expect(none.interim == [100] && none.status == 200)
            #expect(try client.request("GET", "/", ["Expect": "100-continue"]).interim == [100])
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(try client.receiveLine() == "HTTP/1.1 100 Continue")
            #expect(try client.receiveLine() == "")
            try client.send("ab")
            #expect(try client.receiveResponse().text == "ab")
            let old = try client.request("POST", "/", ["Expect": "100-continue", "Content-Length": "0"], version: "HTTP/1.0")
            #expect(old.interim.isEmpty && old.status == 200)
        }
    }

    /// A body that nobody asked for is looked at all the same, as far as it has come.
    @Test(arguments: Front.allAvailable)
    func brokenBodiesAreRefusedThoughNobodyWantsThem(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.sandbox.write("site/a.txt", "hello")
            try scene.serve(
                """
                root \(scene.sandbox.path)/site;
                location /return { return 200 ok; }
                location /page { error_page 400 =202 @page; return 200 ok; }
                location @page { return 200 page; }
                """)
            let head = "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            let next = "GET /return HTTP/1.1\r\nHost: a\r\n\r\n"
            for (path, status) in ["/return": 400, "/a.txt": 400, "/page": 202, "/missing": 404] {
                let client = try scene.client()
                try client.send("GET \(path) HTTP/1.1\r\n\(head)4\r\nSEE-THIS\r\n0\r\n\r\n\(next)")
                let answer = try client.receiveResponse()
                #expect(answer.status == status)
                #expect(!answer.keepsAlive)
                #expect(try client.receiveRest().isEmpty)
            }
            // One that is whole is passed over.
            let client = try scene.client()
            try client.send("GET /return HTTP/1.1\r\n\(head)4\r\nSEE-\r\n0\r\n\r\n\(next)")
            #expect(try client.receiveResponse().status == 200)
            #expect(try client.receiveResponse().text == "ok")
        }
    }

    @Test(.proves("client_max_body_size"), arguments: Front.allAvailable)
    func bodiesHaveABound(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in try reply.respond(200, [:], "\(request.body.count)") }
            try scene.serve(
                """
                client_max_body_size 10; location / { proxy_pass http://\(origin.address); }
                location /more { client_max_body_size 0; proxy_pass http://\(origin.address); }
                """)
            let body = String(repeating: "b", count: 11)
            #expect(try scene.endpoint.post("/", body).status == 413)
            #expect(try scene.endpoint.post("/", String(body.dropLast())).text == "10")
            #expect(try scene.endpoint.post("/more", body).text == "11")
        }
    }

    @Test(.proves("keepalive_requests", "keepalive_timeout", "keepalive_disable"), arguments: Front.allAvailable)
    func connectionsPersistAsTold(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.serve(
                """
                keepalive_requests 3;
                location / { return 200; }
                location /none { keepalive_timeout 0; return 200; }
                location /told { keepalive_timeout 30s 20s; return 200; }
                location /safari { keepalive_disable safari; return 200; }
                """)
            let client = try scene.client()
            #expect(try client.get("/").keepsAlive)
            #expect(try client.get("/told")["Keep-Alive"] == "timeout=20")
            #expect(try client.get("/").keepsAlive == false)
            #expect(try scene.client().get("/none").keepsAlive == false)
            let agent =
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_6_8) AppleWebKit/533 (KHTML, like Gecko) Version/5 Safari/533"
            #expect(try scene.client().get("/safari", ["User-Agent": agent]).keepsAlive == false)
            #expect(try scene.client().get("/", ["User-Agent": agent]).keepsAlive)
        }
    }

    /// The first times out while the head is read, the second between two requests.
    @Test(.proves("client_header_timeout"), arguments: Front.allAvailable)
    func slowHeadsAreCutOff(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.serve("client_header_timeout 300ms; return 200;")
            let client = try scene.client()
            try client.send("GET / HTTP/1.1\r\nHost")
            #expect(client.isClosedByPeer())
        }
    }

    @Test(.proves("chunked_transfer_encoding"), arguments: Front.allAvailable)
    func chunksMayBeTurnedOff(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in
                try reply.head(200, ["Connection": "close"])
                try reply.send("until the end")
                reply.close()
            }
            try scene.serve(
                """
                location / { proxy_pass http://\(origin.address); }
                location /off { chunked_transfer_encoding off; proxy_pass http://\(origin.address); }
                """)
            #expect(try scene.get("/")["Transfer-Encoding"] == "chunked")
            let plain = try scene.get("/off")
            #expect(plain["Transfer-Encoding"] == nil && plain.text == "until the end")
        }
    }

    @Test(.proves("limit_rate", "limit_rate_after"), arguments: Front.allAvailable)
    func responsesArePaced(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.sandbox.write("file", String(repeating: "x", count: 40_000))
            let server = try scene.serve(
                """
                root \(scene.sandbox.path);
                location /file { limit_rate 20k; }
                location = /after/file { alias \(scene.sandbox.path)/file; limit_rate 1k; limit_rate_after 1m; }
                """)
            // The order of events: an unpaced answer that was asked for later is there first.
            let slow = try scene.client()
            try slow.sendRequest("GET", "/file")
            #expect(try slow.receiveHead().status == 200)
            #expect(try scene.get("/after/file").body.count == 40_000)
            var received = 0
            while received < 40_000 { received += try slow.receiveSome().count }
            #expect(received == 40_000)
            // A line is written when the last byte has gone out.
            let lines = try server.lines(2)
            #expect(lines[0].contains("GET /after/file") && lines[1].contains("GET /file"))
        }
    }
}
