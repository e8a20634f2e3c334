import TestSupport
import Testing

/// What each cache directive changes: which requests reach the origin, and what the cache says.
@Suite struct CacheDirectiveTests {
    private func play(
        _ front: Front, _ body: String, options: String = "proxy_cache_valid 200 1h;", fields: FieldList = [:],
        _ story: (Scene, Origin) throws -> Void
    ) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in
                try reply.respond(200, fields, request.target + " " + request.method)
            }
            try scene.serve(
                """
                location / {
                    proxy_pass http://\(origin.address); proxy_cache zone; \(options) \(body)
                    add_header X-Cache-Status $upstream_cache_status;
                }
                """, http: "proxy_cache_path \(scene.sandbox.path)/cache levels=1:2 keys_zone=zone:1m;")
            try story(scene, origin)
        }
    }

    @Test(.proves("proxy_cache", "proxy_cache_valid", "add_header"), arguments: Front.allAvailable)
    func anAnswerIsKept(_ front: Front) throws {
        try play(front, "") { scene, origin throws in
            #expect(try scene.get("/a").cacheStatus == "MISS")
            #expect(try scene.get("/a").cacheStatus == "HIT")
            #expect(origin.count("/a") == 1)
        }
    }

    @Test(.proves("proxy_cache_key"), arguments: Front.allAvailable)
    func theKeySaysWhatIsTheSame(_ front: Front) throws {
        try play(front, "proxy_cache_key $uri;") { scene, _ throws in
            #expect(try scene.get("/a?1").cacheStatus == "MISS")
            #expect(try scene.get("/a?2").cacheStatus == "HIT")
        }
    }

    @Test(.proves("proxy_cache_bypass"), arguments: Front.allAvailable)
    func aBypassAsksTheOrigin(_ front: Front) throws {
        try play(front, "proxy_cache_bypass $arg_fresh; proxy_cache_key $uri;") { scene, _ throws in
            _ = try scene.get("/a")
            #expect(try scene.get("/a?fresh=1").cacheStatus == "BYPASS")
        }
    }

    @Test(.proves("proxy_no_cache"), arguments: Front.allAvailable)
    func whatMayNotBeKeptIsNot(_ front: Front) throws {
        try play(front, "proxy_no_cache $arg_never;") { scene, _ throws in
            _ = try scene.get("/a?never=1")
            #expect(try scene.get("/a?never=1").cacheStatus == "MISS")
        }
    }

    @Test(.proves("proxy_cache_methods"), arguments: Front.allAvailable)
    func anotherMethodIsKept(_ front: Front) throws {
        try play(front, "proxy_cache_methods POST;") { scene, _ throws in
            _ = try scene.endpoint.post("/a", "")
            #expect(try scene.endpoint.post("/a", "").cacheStatus == "HIT")
        }
    }

    @Test(.proves("proxy_cache_min_uses"), arguments: Front.allAvailable)
    func onlyWhatIsAskedForOftenIsKept(_ front: Front) throws {
        try play(front, "proxy_cache_min_uses 3;") { scene, _ throws in
            let seen = try (0..<4).map { _ in try scene.get("/a").cacheStatus }
            #expect(seen == ["MISS", "MISS", "MISS", "HIT"])
        }
    }

    @Test(.proves("proxy_cache_convert_head"), arguments: Front.allAvailable)
    func headIsAskedAsHead(_ front: Front) throws {
        try play(front, "proxy_cache_convert_head off; proxy_cache_key $request_method$uri;") { scene, origin throws in
            _ = try scene.endpoint.head("/a")
            #expect(origin.requests[0].method == "HEAD")
        }
    }

    @Test(.proves("proxy_ignore_headers"), arguments: Front.allAvailable)
    func aCookieIsOverlookedWhenTold(_ front: Front) throws {
        try play(front, "proxy_ignore_headers Set-Cookie; proxy_hide_header Set-Cookie;", fields: ["Set-Cookie": "a=1"]) {
            scene, _ in
            _ = try scene.get("/a")
            #expect(try scene.get("/a").cacheStatus == "HIT")
        }
    }

    @Test(.proves("proxy_cache_use_stale"), arguments: Front.allAvailable)
    func anOldCopyIsBetterThanNone(_ front: Front) throws {
        try play(front, "proxy_cache_use_stale error;", options: "", fields: ["X-Accel-Expires": "1"]) { scene, origin throws in
            #expect(try scene.get("/a").status == 200)
            origin.die()
            #expect(try eventually { try scene.get("/a").cacheStatus == "STALE" })
        }
    }

    @Test(.proves("proxy_cache_lock"), arguments: Front.allAvailable)
    func oneRequestFetchesForAll(_ front: Front) throws {
        try Scene.play(front) { scene in
            let go = Gate()
            let origin = try scene.origin { _, reply in
                go.wait(within: .seconds(2))
                try reply.respond(200, [:], "one")
            }
            let server = try scene.serve(
                "location / { proxy_pass http://\(origin.address); proxy_cache zone; proxy_cache_valid 1h; proxy_cache_lock on; }",
                http: "proxy_cache_path \(scene.sandbox.path)/cache keys_zone=zone:1m;")
            let all = try onThreads(8) { [endpoint = scene.endpoint] _ in try endpoint.get("/a").text }
            go.open()
            #expect(all == Array(repeating: "one", count: 8))
            #expect(origin.count("/a") == 1)
            _ = try server.lines(8)
        }
    }

    // MARK: Stale copies

    /// An origin whose answers are fresh for a second, and which waits at `go` once `isSlow`.
    private func playSlow(
        _ front: Front, _ body: String, _ story: (Scene, Origin, Guarded<Bool>, Gate) throws -> Void
    ) throws {
        let isSlow = Guarded(false)
        let go = Gate()
        defer { go.open() }
        let served = Guarded(0)
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in
                if isSlow.copy { go.wait() }
                let number = served.with { count in
                    count += 1
                    return count
                }
                let fields: FieldList = ["X-Accel-Expires": "1", "ETag": "\"e\"", "X-Number": "\(number)"]
                if request["If-None-Match"] != nil { return try reply.respond(304, fields) }
                try reply.respond(200, fields, "\(number)")
            }
            try scene.serve(
                """
                location / {
                    proxy_pass http://\(origin.address); proxy_cache zone; \(body)
                    add_header X-Cache-Status $upstream_cache_status;
                }
                """, http: "proxy_cache_path \(scene.sandbox.path)/cache levels=1:2 keys_zone=zone:1m;")
            try story(scene, origin, isSlow, go)
        }
    }

    @Test(.proves("proxy_cache_background_update"), arguments: Front.allAvailable)
    func nobodyWaitsForTheRefresh(_ front: Front) throws {
        try playSlow(front, "proxy_cache_use_stale updating; proxy_cache_background_update on;") {
            scene, origin, isSlow, go throws in
            #expect(try scene.get("/a").text == "1")
            isSlow.with { $0 = true }
            // Two requests come while the origin does not answer: both are served at once, and one refresh runs.
            #expect(try eventually { try scene.get("/a").cacheStatus == "STALE" })
            #expect(try scene.get("/a").cacheStatus == "UPDATING")
            #expect(eventually { origin.count("/a") == 2 })
            go.open()
            #expect(try eventually { try scene.get("/a").text != "1" })
        }
    }

    @Test(.proves("proxy_cache_revalidate"), arguments: Front.allAvailable)
    func whatIsUnchangedIsNotSentAgain(_ front: Front) throws {
        try playSlow(front, "proxy_cache_revalidate on;") { scene, origin, _, _ throws in
            #expect(try scene.get("/a").text == "1")
            #expect(try eventually { try scene.get("/a").cacheStatus == "REVALIDATED" })
            let answer = try scene.get("/a")
            #expect(answer.text == "1" && answer.status == 200)
            #expect(origin.requests.last?["If-None-Match"] == "\"e\"")
        }
    }

    // MARK: Ranges

    @Test(.proves("proxy_cache_max_range_offset"), arguments: Front.allAvailable)
    func aRangeFarBehindIsTheOrigins(_ front: Front) throws {
        try play(front, "proxy_cache_max_range_offset 100;") { scene, origin throws in
            // Near the start the whole is fetched for the cache; beyond the bound the range goes to the origin as it is.
            #expect(try scene.get("/near", ["Range": "bytes=2-3"]).cacheStatus == "MISS")
            #expect(try scene.get("/near", ["Range": "bytes=2-3"]).cacheStatus == "HIT")
            #expect(origin.requests.last?["Range"] == nil)
            for _ in 0..<2 { _ = try scene.get("/far", ["Range": "bytes=101-102"]) }
            #expect(origin.count("/far") == 2)
            #expect(origin.requests.last?["Range"] == "bytes=101-102")
        }
    }

    // MARK: The directory

    @Test(.proves("proxy_cache_path"), arguments: Front.allAvailable)
    func whatIsKeptLiesUnderThePath(_ front: Front) throws {
        try play(front, "") { scene, _ throws in
            _ = try scene.get("/a")
            let isThere = eventually {
                scene.sandbox.files(below: "cache").contains { $0.split(separator: "/").map(\.count).prefix(2) == [1, 2] }
            }
            #expect(isThere)
        }
    }

    @Test(.proves("proxy_cache_path"), arguments: Front.allAvailable)
    func theDirectoryStaysWithinItsSize(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in
                try reply.respond(200, ["X-Accel-Expires": "3600"], String(repeating: "x", count: 20_000))
            }
            let path = scene.sandbox.path + "/cache"
            try scene.serve(
                "location / { proxy_pass http://\(origin.address); proxy_cache zone; }",
                http: "proxy_cache_path \(path) keys_zone=zone:1m max_size=100k manager_sleep=10ms manager_files=100;")
            for number in 0..<20 { #expect(try scene.get("/\(number)").body.count == 20_000) }
            // nginx looks at its bounds every ten seconds at the latest.
            #expect(eventually { scene.sandbox.files(below: "cache").count <= 5 })
        }
    }
}
