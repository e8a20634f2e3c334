import TestSupport
import Testing

/// How long upstreams are waited for, and what becomes of a request whose client does not wait.
@Suite struct ProxyPatienceTests {
    @Test(.proves("proxy_connect_timeout"), arguments: Front.allAvailable)
    func anOriginThatDoesNotAcceptIsGivenUp(_ front: Front) throws {
        try Scene.play(front) { scene in
            let full = try FullBacklog()
            try scene.serve("location / { proxy_pass http://\(full.address); proxy_connect_timeout 200ms; }")
            #expect(try scene.get("/").status == 504)
        }
    }

    @Test(.proves("proxy_send_timeout"), arguments: Front.allAvailable)
    func anOriginThatTakesNothingIsGivenUp(_ front: Front) throws {
        try Scene.play(front) { scene in
            let over = Gate()
            defer { over.open() }
            let origin = try scene.origin(unix: "deaf", options: Origin.Options(readsBodies: false)) { _, _ in
                over.wait(within: patience * 2)
            }
            try scene.serve(
                """
                client_max_body_size 0;
                location / { proxy_pass http://\(origin.address):; proxy_send_timeout 200ms; }
                """)
            #expect(try scene.endpoint.post("/", String(repeating: "x", count: 3_000_000)).status == 504)
        }
    }

    @Test(.proves("proxy_next_upstream_timeout"), arguments: Front.allAvailable)
    func noOtherServerIsAskedTooLate(_ front: Front) throws {
        try Scene.play(front) { scene in
            let slow = try scene.origin { _, reply in
                pause(.milliseconds(300))
                try reply.respond(503, [:], "slow")
            }
            let good = try scene.origin { _, reply in try reply.respond(200, [:], "good") }
            let servers = "server \(slow.address) max_fails=0; server \(good.address) backup;"
            try scene.serve(
                """
                proxy_next_upstream http_503;
                location / { proxy_pass http://both; }
                location /soon { proxy_pass http://both; proxy_next_upstream_timeout 100ms; }
                """,
                http: "upstream both { \(servers) }")
            #expect(try scene.get("/").text == "good")
            #expect(try scene.get("/soon").text == "slow")
            #expect(good.count("/soon") == 0)
        }
    }

    @Test(.proves("proxy_ignore_client_abort"), arguments: Front.allAvailable)
    func aRequestOutlivesItsClientWhenTold(_ front: Front) throws {
        try Scene.play(front) { scene in
            let over = Gate()
            defer { over.open() }
            let (ended, stayed) = (Gate(), Gate())
            let origin = try scene.origin { request, reply in
                if request.path == "/" {
                    if reply.peerIsGone(within: patience) { ended.open() }
                } else {
                    over.wait()
                    if !reply.peerIsGone() { stayed.open() }
                }
                try reply.respond()
            }
            try scene.serve(
                """
                location / { proxy_pass http://\(origin.address); }
                location /on { proxy_pass http://\(origin.address); proxy_ignore_client_abort on; }
                """, workers: 1)
            for target in ["/on", "/"] {
                let client = try scene.client()
                try client.sendRequest("GET", target)
                #expect(eventually { origin.count(target) == 1 })
                client.close()
            }
            // The other client left before this one.
            #expect(ended.wait())
            over.open()
            #expect(stayed.wait())
        }
    }

    @Test(.proves("proxy_socket_keepalive"), arguments: Front.allAvailable)
    func theKernelProbesIdleConnectionsWhenTold(_ front: Front) throws {
        try Scene.play(front) { scene in
            let over = Gate()
            defer { over.open() }
            let origin = try scene.origin { _, reply in
                over.wait()
                try reply.respond()
            }
            try scene.serve(
                """
                location / { proxy_pass http://\(origin.address); }
                location /on { proxy_pass http://\(origin.address); proxy_socket_keepalive on; }
                """)
            guard case .port(let port) = origin.endpoint else { return }
            func probed() -> Int { TCPConnection.all.count { $0.remotePort == port && $0.isEstablished && $0.isProbed } }
            let plain = try scene.client()
            try plain.sendRequest("GET", "/")
            #expect(eventually { origin.active == 1 })
            // What is sent is acknowledged by now: no other timer runs.
            #expect(eventually { probed() == 0 })
            let client = try scene.client()
            try client.sendRequest("GET", "/on")
            #expect(eventually { origin.active == 2 && probed() == 1 })
            over.open()
            #expect(try client.receiveResponse().status == 200)
            #expect(try plain.receiveResponse().status == 200)
        }
    }

    @Test(.proves("proxy_force_ranges"), arguments: Front.allAvailable)
    func rangesAreServedWhateverTheOriginSays(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in try reply.respond(200, [:], "0123456789") }
            try scene.serve(
                """
                location / { proxy_pass http://\(origin.address); }
                location /force { proxy_pass http://\(origin.address); proxy_force_ranges on; }
                """)
            let range: FieldList = ["Range": "bytes=2-4"]
            #expect(try scene.get("/", range).status == 200)
            let part = try scene.get("/force", range)
            #expect(part.status == 206 && part.text == "234")
            #expect(part["Content-Range"] == "bytes 2-4/10")
        }
    }
}
