import Foundation
import TestSupport
import Testing

/// What the cache may keep, and what it may not lose: good copies, variants, the answers to HEAD.
@Suite struct CacheCorrectnessTests {
    /// A server with one cached location; `$arg_x` lets a request choose.
    private func play(
        _ front: Front, _ options: String, _ handler: @escaping Origin.Handler, _ story: (Scene, Origin) throws -> Void
    ) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin(handler)
            try scene.serve(
                """
                location / {
                    proxy_pass http://\(origin.address); proxy_cache zone; \(options)
                    add_header X-Cache-Status $upstream_cache_status always;
                }
                """, http: "proxy_cache_path \(scene.sandbox.path)/cache levels=1:2 keys_zone=zone:1m;")
            try story(scene, origin)
        }
    }

    /// The origin's first answer is good for a second; then it fails with `status`, in a way that may be stored.
    @Test(arguments: [404, 500, 503], Front.allAvailable)
    func anErrorThatMayBeStoredSparesTheGoodCopy(_ status: Int, _ front: Front) throws {
        let isBroken = Guarded(false)
        try play(front, "proxy_cache_use_stale http_\(status); proxy_cache_valid any 1m;") { _, reply in
            if isBroken.copy { return try reply.respond(status, [:], "broken") }
            try reply.respond(200, ["X-Accel-Expires": "1"], "good")
        } _: { scene, origin throws in
            #expect(try scene.get("/a").text == "good")
            isBroken.with { $0 = true }
            #expect(eventually { (try? scene.get("/a").cacheStatus) == "STALE" })
            let again = try scene.get("/a")
            #expect(again.status == 200 && again.text == "good" && again.cacheStatus == "STALE")
            #expect(try scene.get("/b").status == status)
            #expect(try scene.get("/b").cacheStatus == "HIT")
        }
    }

    @Test(arguments: Front.allAvailable)
    func anErrorNobodyAskedToBridgeIsStored(_ front: Front) throws {
        let isBroken = Guarded(false)
        try play(front, "proxy_cache_use_stale http_500; proxy_cache_valid any 1m;") { _, reply in
            if isBroken.copy { return try reply.respond(404, [:], "gone") }
            try reply.respond(200, ["X-Accel-Expires": "1"], "good")
        } _: { scene, origin throws in
            #expect(try scene.get("/a").text == "good")
            isBroken.with { $0 = true }
            #expect(eventually { (try? scene.get("/a").status) == 404 })
            #expect(try scene.get("/a").cacheStatus == "HIT")
        }
    }

    @Test(arguments: Front.allAvailable)
    func aRefreshInTheBackgroundSparesTheGoodCopyToo(_ front: Front) throws {
        let isBroken = Guarded(false)
        try play(
            front,
            "proxy_cache_use_stale updating http_404; proxy_cache_background_update on; proxy_cache_valid any 1m;"
        ) { _, reply in
            if isBroken.copy { return try reply.respond(404, [:], "broken") }
            try reply.respond(200, ["X-Accel-Expires": "1"], "good")
        } _: { scene, origin throws in
            #expect(try scene.get("/a").text == "good")
            isBroken.with { $0 = true }
            // Every look at the stale copy starts a refresh, and each of them fails.
            #expect(eventually { (try? scene.get("/a").text) == "good" && origin.count("/a") >= 4 })
            #expect(try scene.get("/a").text == "good")
        }
    }

    // MARK: Waiting for another request

    /// The first request's answer is held back at `pause`: before its head, or in the middle of its body.
    private func playBoundedWait(_ front: Front, _ bound: String, _ story: (Scene, Origin, Gate) throws -> Void) throws {
        let go = Gate()
        defer { go.open() }
        let arrived = Guarded(0)
        try play(front, "proxy_cache_valid 1m; proxy_cache_lock on; \(bound)") { request, reply in
            let number = arrived.with { count in
                count += 1
                return count
            }
            let body = "answer \(number)"
            if number == 1, request.query == "head" { go.wait() }
            try reply.head(200, ["Content-Length": "\(body.utf8.count)"])
            try reply.send("answer ")
            if number == 1, request.query == "body" { go.wait() }
            try reply.send("\(number)")
        } _: { scene, origin in
            try story(scene, origin, go)
        }
    }

    @Test(.proves("proxy_cache_lock_timeout"), arguments: ["/a?head", "/a?body"], Front.allAvailable)
    func whoHasWaitedLongEnoughAsksForItself(_ target: String, _ front: Front) throws {
        try playBoundedWait(front, "proxy_cache_lock_timeout 100ms; proxy_cache_lock_age 1h;") { scene, origin, go in
            let first = try scene.client()
            try first.sendRequest("GET", target)
            #expect(eventually { origin.requests.count == 1 })
            for number in [2, 3] {
                let answer = try scene.get(target)
                #expect(answer.text == "answer \(number)" && answer.cacheStatus == "MISS")
            }
            go.open()
            #expect(try first.receiveResponse(to: "GET").text == "answer 1")
            // What the others got was not kept.
            let last = try scene.get(target)
            #expect(last.text == "answer 1" && last.cacheStatus == "HIT")
        }
    }

    @Test(.proves("proxy_cache_lock_age"), arguments: ["/a?head", "/a?body"], Front.allAvailable)
    func oneMoreMayAskAfterAWhile(_ target: String, _ front: Front) throws {
        try playBoundedWait(front, "proxy_cache_lock_age 100ms; proxy_cache_lock_timeout 1h;") { scene, origin, go in
            let first = try scene.client()
            try first.sendRequest("GET", target)
            #expect(eventually { origin.requests.count == 1 })
            // Two wait; one of them asks, for both.
            let others = try (0..<2).map { _ in
                let client = try scene.client()
                try client.sendRequest("GET", target)
                return client
            }
            for client in others { #expect(try client.receiveResponse(to: "GET").text == "answer 2") }
            #expect(origin.requests.count == 2)
            #expect(try scene.get(target).text == "answer 2")
            go.open()
            #expect(try first.receiveResponse(to: "GET").text == "answer 1")
        }
    }

    /// Who does not bound the wait reads along: here what nginx cannot do.
    @Test(arguments: Front.only(.zendan))
    func withoutABoundOneReadsAlong(_ front: Front) throws {
        try playBoundedWait(front, "") { scene, origin, go in
            let first = try scene.client()
            try first.sendRequest("GET", "/a?body")
            #expect(eventually { origin.requests.count == 1 })
            let second = try scene.client()
            try second.sendRequest("GET", "/a?body")
            #expect(try second.receiveHead().cacheStatus == "HIT")
            #expect(try second.receive(7) == Array("answer ".utf8))
            go.open()
            #expect(try second.receive(1) == Array("1".utf8))
            #expect(origin.requests.count == 1)
        }
    }

    @Test(arguments: Front.allAvailable)
    func whoHasHadNothingOfACutAnswerAsksAgain(_ front: Front) throws {
        let go = Gate()
        let arrived = Guarded(0)
        // With a bound they wait for all of it; else they would have read along from the first byte.
        try play(front, "proxy_cache_valid 1m; proxy_cache_lock on; proxy_cache_lock_timeout 1h;") { request, reply in
            let number = arrived.with { count in
                count += 1
                return count
            }
            if request.path == "/b" { return try reply.respond(200, [:], "other") }
            guard number == 1 else { return try reply.respond(200, [:], "whole") }
            go.wait()
            try reply.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwh")
            reply.close()
        } _: { scene, origin throws in
            let clients = try (0..<5).map { _ in
                let client = try scene.client()
                try client.sendRequest("GET", "/a")
                #expect(eventually { origin.count("/a") == 1 })
                return client
            }
            // The answer to a later request says that those before it are waiting.
            _ = try scene.get("/b")
            go.open()
            #expect(throws: HarnessError.self) { try clients[0].receiveResponse(to: "GET") }
            for client in clients[1...] { #expect(try client.receiveResponse(to: "GET").text == "whole") }
            #expect(origin.count("/a") == 2)
        }
    }

    // MARK: Variants

    private static let varying: Origin.Handler = { request, reply in
        let language = request["Accept-Language"] ?? "none"
        try reply.respond(200, ["Vary": "Accept-Language", "X-Accel-Expires": "60"], language)
    }

    @Test(arguments: Front.allAvailable)
    func variantsStandBesideEachOther(_ front: Front) throws {
        try play(front, "", Self.varying) { scene, origin in
            for language in ["de", "fr", "en"] {
                #expect(try scene.get("/a", ["Accept-Language": language]).cacheStatus == "MISS")
            }
            for language in ["de", "fr", "en"] {
                let again = try scene.get("/a", ["Accept-Language": language])
                #expect(again.cacheStatus == "HIT" && again.text == language)
            }
        }
    }

    /// nginx keeps the last of them only: they all ask for the key's own place.
    @Test(arguments: Front.only(.zendan), [true, false])
    func variantsFetchedAtOneTimeStandBesideEachOther(_ front: Front, locked: Bool) throws {
        let languages = ["de", "fr", "en", "it"]
        let together = Gate()
        try play(front, locked ? "proxy_cache_lock on;" : "") { request, reply in
            if request.path == "/a" { together.wait() }
            try Self.varying(request, reply)
        } _: { scene, origin throws in
            let clients = try languages.map { language in
                let client = try scene.client()
                try client.sendRequest("GET", "/a", ["Accept-Language": language])
                return client
            }
            // With the lock the others wait for the first one's head; the answer to a later request says that they do.
            if locked { _ = try scene.get("/b") }
            #expect(eventually { origin.count("/a") == (locked ? 1 : languages.count) })
            together.open()
            for (client, language) in zip(clients, languages) {
                #expect(try client.receiveResponse(to: "GET").text == language)
            }
            // A response reaches its client a moment before it stands in the cache.
            func isHit(_ language: String) throws -> Bool {
                let again = try scene.get("/a", ["Accept-Language": language])
                #expect(again.text == language)
                return again.cacheStatus == "HIT"
            }
            for language in languages { #expect(try eventually { try isHit(language) }) }
            // None has taken another's place.
            let asked = origin.count("/a")
            for language in languages { #expect(try isHit(language)) }
            #expect(origin.count("/a") == asked)
        }
    }

    @Test(arguments: Front.allAvailable)
    func aConfirmationRenewsItsOwnVariantAlone(_ front: Front) throws {
        try play(front, "proxy_cache_revalidate on;") { request, reply in
            let language = request["Accept-Language"] ?? "none"
            let fields: FieldList = [
                "Vary": "Accept-Language", "ETag": "\"\(language)\"", "X-Accel-Expires": "1", "X-Seen": language,
            ]
            if request["If-None-Match"] == "\"\(language)\"" { return try reply.respond(304, fields) }
            try reply.respond(200, fields, language)
        } _: { scene, origin throws in
            for language in ["de", "fr"] { _ = try scene.get("/a", ["Accept-Language": language]) }
            for language in ["fr", "de", "fr"] {
                let isRenewed = try eventually {
                    let answer = try scene.get("/a", ["Accept-Language": language])
                    if answer.text != language || answer["X-Seen"] != language { throw HarnessError("\(answer)") }
                    return answer.cacheStatus == "REVALIDATED"
                }
                #expect(isRenewed)
            }
        }
    }

    // MARK: HEAD

    @Test(arguments: Front.allAvailable)
    func theAnswerToHeadIsKept(_ front: Front) throws {
        try play(front, "proxy_cache_convert_head off; proxy_cache_key $request_method$uri; proxy_cache_valid 1m;") {
            request, reply in
            try reply.respond(200, ["X-Method": request.method], "hello")
        } _: { scene, origin throws in
            for expected in ["MISS", "HIT", "HIT"] {
                let answer = try scene.endpoint.head("/a")
                #expect(answer.cacheStatus == expected && answer["Content-Length"] == "5" && answer["X-Method"] == "HEAD")
            }
            let whole = try scene.get("/a")
            #expect(whole.cacheStatus == "MISS" && whole.text == "hello" && whole["X-Method"] == "GET")
            #expect(origin.count("/a") == 2)
        }
    }

    /// Without the method in the key nginx hands the empty body to whoever asks by GET.
    @Test(arguments: Front.only(.zendan))
    func theAnswerToHeadIsNotGivenToGet(_ front: Front) throws {
        try play(front, "proxy_cache_convert_head off; proxy_cache_key $uri; proxy_cache_valid 1m;") { request, reply in
            try reply.respond(200, [:], "hello")
        } _: { scene, origin throws in
            _ = try scene.endpoint.head("/a")
            #expect(try scene.endpoint.head("/a").cacheStatus == "HIT")
            for target in ["/a", "/aHEAD", "/a"] { #expect(try scene.get(target).text == "hello") }
        }
    }

    // MARK: Delivery

    /// What is at hand whole is compressed and framed as one piece: no flush stands between its bytes and its end.
    @Test(arguments: Front.allAvailable)
    func aShortAnswerIsOneChunk(_ front: Front) throws {
        try play(front, "proxy_cache_valid 1m; gzip on; gzip_types *;") { _, reply in
            try reply.respond(200, ["Content-Type": "text/css"], String(repeating: "a { color: red }\n", count: 20))
        } _: { scene, origin throws in
            let request = "GET /a HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
            _ = try scene.endpoint.exchange(request)
            for _ in 0..<2 {
                let client = try scene.client()
                try client.send(request)
                let head = try client.receiveHead()
                #expect(head.cacheStatus == "HIT" && head["Content-Encoding"] == "gzip")
                let size = try Int(client.receiveLine() ?? "", radix: 16) ?? 0
                _ = try client.receive(size)
                #expect(try client.receiveRest() == Array("\r\n0\r\n\r\n".utf8))
            }
        }
    }
}
