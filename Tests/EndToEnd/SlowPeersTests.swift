import TestSupport
import Testing

/// A slow client is the front's affair, not the app's: the order of events at both ends. How long each takes is measured by the
/// scripts in Benchmarks (buffering, uploads, retries).
@Suite struct SlowPeersTests {
    /// More than the kernel holds on both sides of the front.
    private static let size = 32 << 20

    private func bigAnswer(_ scene: Scene, _ isSent: Gate) throws -> Origin {
        try scene.origin { _, reply in
            try reply.head(200, ["Content-Length": "\(Self.size)", "Connection": "close"])
            for _ in 0..<(Self.size >> 16) { try reply.send([UInt8](repeating: 120, count: 1 << 16)) }
            isSent.open()
            reply.close()
        }
    }

    private func temporaryFiles(_ scene: Scene) -> [String] {
        scene.sandbox.files(below: "temp/proxy")
    }

    @Test(arguments: Front.allAvailable)
    func theOriginHasEndedBeforeASlowReaderBegins(_ front: Front) throws {
        try Scene.play(front) { scene in
            let isSent = Gate()
            let origin = try bigAnswer(scene, isSent)
            try scene.serve("location / { proxy_pass http://\(origin.address); }")
            let client = try scene.client(receiveBuffer: 4096)
            try client.sendRequest("GET", "/")
            #expect(try client.receiveHead().status == 200)
            #expect(isSent.wait())
            #expect(eventually { origin.connectionsOpen == 0 })
            // nginx takes the name away at once.
            #expect(temporaryFiles(scene).count == (front == .zendan ? 1 : 0))
            #expect(try client.receive(Self.size).count == Self.size)
            client.close()
            #expect(eventually { temporaryFiles(scene).isEmpty })
        }
    }

    @Test(.proves("proxy_max_temp_file_size"), arguments: Front.allAvailable)
    func withoutATemporaryFileTheOriginGoesAtTheReadersPace(_ front: Front) throws {
        try Scene.play(front) { scene in
            let isSent = Gate()
            let origin = try bigAnswer(scene, isSent)
            try scene.serve("location / { proxy_pass http://\(origin.address); proxy_max_temp_file_size 0; }")
            let client = try scene.client(receiveBuffer: 4096)
            try client.sendRequest("GET", "/")
            #expect(try client.receiveHead().status == 200)
            _ = try client.receive(Self.size / 4)
            #expect(!isSent.isOpen)
            #expect(try client.receive(Self.size / 4 * 3).count == Self.size / 4 * 3)
            #expect(isSent.wait())
        }
    }

    @Test(arguments: ["", "proxy_max_temp_file_size 0;"], Front.allAvailable)
    func readersThatLeaveLeaveNothing(_ setting: String, _ front: Front) throws {
        try Scene.play(front) { scene in
            let isSent = Gate()
            let origin = try bigAnswer(scene, isSent)
            let server = try scene.serve("location / { proxy_pass http://\(origin.address); \(setting) }")
            _ = try scene.endpoint.exchange("GET /none HTTP/1.1\r\n\r\n")
            let before = server.tree.descriptorCount
            let client = try scene.client(receiveBuffer: 4096)
            try client.sendRequest("GET", "/")
            #expect(try client.receiveHead().status == 200)
            if setting.isEmpty { #expect(isSent.wait()) }
            client.close()
            #expect(eventually { origin.connectionsOpen == 0 })
            #expect(eventually { server.tree.descriptorCount <= before && temporaryFiles(scene).isEmpty })
        }
    }

    @Test(.proves("proxy_request_buffering"), arguments: Front.allAvailable)
    func theOriginIsAskedWhenASlowUploadIsWhole(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in try reply.respond(200, [:], "\(request.body.count)") }
            try scene.serve(
                """
                location / { proxy_pass http://\(origin.address); }
                location /streamed { proxy_pass http://\(origin.address); proxy_request_buffering off; proxy_http_version 1.1; }
                """)
            let half = [UInt8](repeating: 120, count: 300_000)
            let length: FieldList = ["Content-Length": "600000", "Host": "a"]
            let buffered = try scene.client()
            try buffered.sendRequest("POST", "/", length)
            try buffered.send(half)
            // The streamed one is sent later and is there first.
            let streamed = try scene.client()
            try streamed.sendRequest("POST", "/streamed", length)
            try streamed.send(half)
            #expect(eventually { origin.connectionsOpen == 1 })
            try streamed.send(half)
            #expect(try streamed.receiveResponse().text == "600000")
            #expect(origin.requests.map(\.path) == ["/streamed"])
            try buffered.send(half)
            #expect(try buffered.receiveResponse().text == "600000")
            #expect(origin.requests.map(\.path) == ["/streamed", "/"])
        }
    }

    /// A kept connection can close under a request, and one that may have been acted on cannot be sent again.
    @Test(arguments: Front.only(.zendan))
    func whatMayNotBeRepeatedTakesAFreshConnection(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in
                // A connection's second request meets its end, as if the idle time were just over.
                if request.connection == 2, request.path == "/late" { return reply.close() }
                try reply.respond(200, [:], "\(request.connection)")
            }
            try scene.serve(
                """
                location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }
                location /daring/ {
                    proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";
                    proxy_next_upstream error timeout non_idempotent;
                }
                """, http: "upstream app { server \(origin.address); keepalive 4; }", workers: 1)
            #expect(try scene.get("/").text == "1")
            #expect(try scene.get("/").text == "1")
            #expect(try scene.endpoint.post("/", "x").text == "2")
            // It is kept then: the last that was used is taken first.
            #expect(try scene.get("/").text == "2")
            #expect(try scene.endpoint.post("/daring/", "x").text == "2")
            // What may be repeated is, when the connection closes: on a fresh one.
            #expect(try scene.get("/late").text == "3")
            #expect(origin.count("/late") == 2)
        }
    }
}
