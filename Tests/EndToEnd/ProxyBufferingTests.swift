import TestSupport
import Testing

/// What stands between an origin and a client that do not keep pace, in both directions. The origins listen on Unix sockets,
/// whose buffers are small; the clients have a small window and read nothing for a while.
@Suite struct ProxyBufferingTests {
    /// Longer than all buffers of the kernel between the two.
    private static let length = 24_000_000

    /// An origin with a long answer for each path, and a gate that opens when the last byte of such an answer was taken.
    private struct LongAnswers {
        let origin: Origin
        let finished: [String: Gate]

        init(_ scene: Scene, _ lengths: [String: Int]) throws {
            let finished = lengths.mapValues { _ in Gate() }
            self.finished = finished
            origin = try scene.origin(unix: "long") { request, reply in
                try reply.respond(200, [:], bytes: [UInt8](repeating: 0x78, count: lengths[request.path] ?? 0))
                finished[request.path]?.open()
            }
        }

        func location(_ path: String, _ body: String) -> String {
            "location \(path) { proxy_pass http://\(origin.address):; \(body) }\n"
        }
    }

    /// Asks, and reads nothing.
    private func ask(_ scene: Scene, _ target: String) throws -> RawClient {
        let client = try scene.client(receiveBuffer: 8192)
        try client.sendRequest("GET", target)
        return client
    }

    /// The answer of `held` stays with its origin while that of `free`, asked for later and longer, does not; afterwards both
    /// come whole.
    private func play(_ front: Front, free: String, held: String, length: Int = length) throws {
        try Scene.play(front) { scene in
            let longer = length + length / 2
            let long = try LongAnswers(scene, ["/held": length, "/free": longer])
            try scene.serve(long.location("/free", free) + long.location("/held", held), workers: 1)
            let slow = try ask(scene, "/held")
            #expect(eventually { long.origin.count("/held") == 1 })
            let other = try ask(scene, "/free")
            #expect(long.finished["/free"]?.wait() == true)
            #expect(long.finished["/held"]?.isOpen == false)
            #expect(try slow.receiveResponse().body.count == length)
            #expect(try other.receiveResponse().body.count == longer)
        }
    }

    @Test(.proves("proxy_buffering"), arguments: Front.allAvailable)
    func anOriginIsFreedBeforeItsClientHasReadUnlessToldNotTo(_ front: Front) throws {
        try play(front, free: "", held: "proxy_buffering off;")
    }

    @Test(.proves("proxy_max_temp_file_size"), arguments: Front.allAvailable)
    func filesHoldNoMoreThanTold(_ front: Front) throws {
        try play(front, free: "", held: "proxy_max_temp_file_size 0;")
    }

    @Test(.proves("proxy_buffers"), arguments: Front.allAvailable)
    func memoryHoldsAsMuchAsTold(_ front: Front) throws {
        // The kernel takes at most 5 MB of it.
        let held = "proxy_max_temp_file_size 0;"
        try play(front, free: "\(held) proxy_buffers 16 1m;", held: held, length: 8_000_000)
    }

    @Test(.proves("proxy_temp_path"), arguments: Front.allAvailable)
    func filesLieWhereTold(_ front: Front) throws {
        try Scene.play(front) { scene in
            let long = try LongAnswers(scene, ["/a": Self.length])
            let place = try scene.sandbox.makeDirectory("own/place", mode: 0o777)
            let server = try scene.serve(long.location("/a", "proxy_temp_path \(place) 1 2;"))
            let client = try ask(scene, "/a")
            #expect(long.finished["/a"]?.wait() == true)
            #expect(server.tree.descriptors.contains { $0.hasPrefix(place + "/") })
            #expect(try client.receiveResponse().body.count == Self.length)
            #expect(eventually { scene.sandbox.files(below: "own/place").isEmpty })
        }
    }

    @Test(.proves("proxy_buffer_size"), arguments: Front.allAvailable)
    func headsOfResponsesHaveABound(_ front: Front) throws {
        let long = String(repeating: "x", count: 9000)
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in try reply.respond(200, ["X-Long": long], "body") }
            try scene.serve(
                """
                location / { proxy_pass http://\(origin.address); }
                location /large { proxy_pass http://\(origin.address); proxy_buffer_size 16k; proxy_buffers 8 16k; }
                """)
            #expect(try scene.get("/").status == 502)
            let answer = try scene.get("/large")
            #expect(answer.status == 200 && answer["X-Long"] == long && answer.text == "body")
        }
    }

    @Test(.proves("proxy_request_buffering"), arguments: Front.allAvailable)
    func bodiesArePassedAsTheyComeWhenTold(_ front: Front) throws {
        try Scene.play(front) { scene in
            let began = Gate()
            let origin = try scene.origin(options: Origin.Options(readsBodies: false)) { request, reply in
                var body = try reply.receive(5)
                began.open()
                body += try reply.receive(5)
                try reply.respond(200, [:], bytes: body)
                reply.close()
            }
            try scene.serve(
                """
                location / { proxy_pass http://\(origin.address); }
                location /direct { proxy_pass http://\(origin.address); proxy_request_buffering off; }
                """, workers: 1)
            let head = "HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfirst"
            let buffered = try scene.client()
            try buffered.send("POST / \(head)")
            let direct = try scene.client()
            try direct.send("POST /direct \(head)")
            #expect(began.wait())
            #expect(origin.requests.map(\.path) == ["/direct"])
            for client in [direct, buffered] {
                try client.send("other")
                #expect(try client.receiveResponse().text == "firstother")
            }
        }
    }
}
