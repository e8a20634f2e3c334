import TestSupport
import Testing

/// An answer without a body (to HEAD, or a 304), while the body that it goes with is still on its way from the origin.
@Suite struct BodilessAnswerTests {
    enum Asking: String, CaseIterable, CustomStringConvertible {
        case head, byTag, byDate

        var description: String { rawValue }
        var method: String { self == .head ? "HEAD" : "GET" }
        var status: Int { self == .head ? 200 : 304 }
        var fields: FieldList {
            switch self {
            case .head: [:]
            case .byTag: ["If-None-Match": "\"one\""]
            case .byDate: ["If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"]
            }
        }
    }

    /// `/slow` comes in halves, with a pause that lasts until the gate opens; everything else is answered at once.
    private func play(
        _ front: Front, _ options: String = "", _ fields: FieldList = [:],
        _ story: (Scene, Origin, Gate) throws -> Void
    ) throws {
        let go = Gate()
        defer { go.open() }
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in
                guard request.path == "/slow" else { return try reply.respond(200, [:], "other") }
                var fields = fields
                for (name, value) in [
                    ("Content-Length", "10"), ("ETag", "\"one\""), ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
                ] { fields.append(name, value) }
                try reply.head(200, fields)
                if request.method == "HEAD" { return }
                try reply.send("first")
                go.wait(within: .seconds(600))
                try reply.send("later")
            }
            try scene.serve(
                """
                location / {
                    proxy_pass http://\(origin.address); proxy_cache zone; proxy_cache_valid 1m; \(options)
                    add_header X-Cache-Status $upstream_cache_status always;
                }
                """, http: "proxy_cache_path \(scene.sandbox.path)/cache keys_zone=zone:1m;")
            try story(scene, origin, go)
        }
    }

    /// Asks for the slow one, and for another on the same connection.
    private func ask(_ client: RawClient, _ asking: Asking) throws {
        try client.sendRequest(asking.method, "/slow", asking.fields)
        let answer = try client.receiveResponse(to: asking.method)
        #expect(answer.status == asking.status && answer["ETag"] == "\"one\"")
        if asking == .head { #expect(answer["Content-Length"] == "10") }
        #expect(try client.get("/other").text == "other")
    }

    /// nginx answers at once as well, but keeps the connection until the response is stored.
    @Test(arguments: Asking.allCases, Front.only(.zendan))
    func whoseRequestFetchesGoesOnBeforeTheEnd(_ asking: Asking, _ front: Front) throws {
        try play(front, "proxy_cache_lock on;") { scene, origin, go in
            try ask(try scene.client(), asking)
            go.open()
            let whole = try scene.get("/slow")
            #expect(whole.text == "firstlater" && whole.cacheStatus == "HIT")
            #expect(origin.count("/slow") == 1)
        }
    }

    /// nginx lets it wait for all of the response.
    @Test(arguments: Asking.allCases, Front.only(.zendan))
    func whoFollowsGoesOnBeforeTheEnd(_ asking: Asking, _ front: Front) throws {
        try play(front, "proxy_cache_lock on;") { scene, origin, go in
            let first = try scene.client()
            try first.sendRequest("GET", "/slow")
            #expect(try first.receiveHead().status == 200)
            try ask(try scene.client(), asking)
            go.open()
            #expect(try first.receive(10) == Array("firstlater".utf8))
            #expect(origin.count("/slow") == 1)
        }
    }

    /// The origin is asked by GET, for what could be stored; what may not be stored need not be read then.
    @Test(arguments: Front.allAvailable)
    func aHeadOfWhatMayNotBeStoredIsNotKeptWaiting(_ front: Front) throws {
        try play(front, "", ["Set-Cookie": "a=b"]) { scene, origin, go in
            try ask(try scene.client(), .head)
            #expect(origin.requests.first?.method == "GET")
        }
    }

    /// The HEAD's answer is out, and its connection has gone on; what the fill still brings is told of no other request.
    @Test(arguments: Front.only(.zendan))
    func theRestOfAFillIsNotToldOfALaterRequest(_ front: Front) throws {
        let (later, answer) = (Gate(), Gate())
        defer {
            later.open()
            answer.open()
        }
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in
                if request.path == "/wait" {
                    answer.wait(within: .seconds(600))
                    return try reply.respond(200, [:], "x")
                }
                try reply.head(200, ["Content-Length": "10"])
                try reply.send("first")
                later.wait(within: .seconds(600))
                try reply.send("later")
            }
            let log = scene.sandbox.path("told.log")
            try scene.serve(
                """
                location / { proxy_pass http://\(origin.address); proxy_cache zone; proxy_cache_valid 1m; proxy_cache_lock on; }
                location = /wait { proxy_pass http://\(origin.address); access_log \(log) told; }
                """,
                http: """
                    proxy_cache_path \(scene.sandbox.path)/cache keys_zone=zone:1m;
                    log_format told "$uri $upstream_response_length";
                    """, workers: 1)
            let client = try scene.client()
            try client.sendRequest("HEAD", "/slow")
            #expect(try client.receiveResponse(to: "HEAD").status == 200)
            try client.sendRequest("GET", "/wait")
            #expect(eventually { origin.count("/wait") == 1 })
            later.open()
            #expect(try scene.get("/slow").text == "firstlater")
            answer.open()
            #expect(try client.receiveResponse(to: "GET").text == "x")
            #expect(eventually { scene.sandbox.read("told.log") == "/wait 1\n" })
        }
    }
}
