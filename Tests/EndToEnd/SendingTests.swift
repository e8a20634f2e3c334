import Foundation
import TestSupport
import Testing

/// How answers go out, by the system calls that send them and by what the server's own pages say.
@Suite struct SendingTests {
    /// The calls of the worker while `body` runs.
    private func calls(of server: ServerUnderTest, _ body: () throws -> Void) throws -> String {
        let worker = try #require(server.workers.first)
        let name = "strace.\(server.sandbox.files().count)"
        let file = server.sandbox.path(name)
        let strace = try ChildProcess(
            try #require(Peer.strace.path),
            ["-f", "-p", "\(worker)", "-e", "trace=sendto,sendmsg,sendfile,writev,setsockopt", "-o", file],
            output: server.sandbox.path(name + ".output"))
        defer { strace.end() }
        try #require(eventually { strace.output.contains("attached") })
        try body()
        strace.signal(SIGINT)
        _ = strace.waitForExit()
        return server.sandbox.read(name) ?? ""
    }

    @Test(
        .needs(.strace), .proves("sendfile", "sendfile_max_chunk", "tcp_nodelay"),
        arguments: Front.only(.zendan))
    func callsThatSendFiles(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.sandbox.write("file", String(repeating: "x", count: 100_000))
            let server = try scene.serve(
                """
                location /read/ { alias \(scene.sandbox.path)/; }
                location /send/ { alias \(scene.sandbox.path)/; sendfile on; }
                location /chunk/ { alias \(scene.sandbox.path)/; sendfile on; sendfile_max_chunk 30k; }
                location /delay/ { alias \(scene.sandbox.path)/; tcp_nodelay off; }
                """)
            func trace(_ target: String) throws -> String {
                try calls(of: server) { () throws in #expect(try scene.get(target).body.count == 100_000) }
            }
            let read = try trace("/read/file")
            #expect(!read.contains("sendfile("))
            #expect(!read.contains("TCP_NODELAY, [0]"))
            let send = try trace("/send/file")
            #expect(send.contains("sendfile("))
            #expect(send.contains("MSG_MORE"))
            let chunk = try trace("/chunk/file")
            #expect(chunk.contains("30720) = 30720") && !chunk.contains(", 100000)"))
            #expect(try trace("/delay/file").contains("TCP_NODELAY, [0]"))
        }
    }

    @Test(.proves("server_tokens"), arguments: Front.allAvailable)
    func pagesTellTheVersionUnlessToldNotTo(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.serve("location / { return 404; } location /off { server_tokens off; return 404; }")
            #expect(try scene.get("/").text.contains("\(front)/"))
            let quiet = try scene.get("/off").text
            #expect(quiet.contains("\(front)") && !quiet.contains("\(front)/"))
        }
    }

    @Test(
        .proves("client_body_in_file_only", "client_body_buffer_size", "client_body_temp_path"), arguments: Front.allAvailable)
    func bodiesGoToFiles(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in
                try reply.respond(200, [:], (request["X-File"] ?? "") + "|" + (request["X-Body"] ?? ""))
            }
            let box = scene.sandbox.path
            try scene.sandbox.makeDirectory("bodies", mode: 0o777)
            func location(_ path: String, _ more: String) -> String {
                """
                location \(path) { \(more) client_body_temp_path \(box)/bodies; proxy_pass http://\(origin.address);
                    proxy_set_header X-File $request_body_file; proxy_set_header X-Body $request_body; }
                location /file\(path) { \(more) client_body_temp_path \(box)/bodies; proxy_pass http://\(origin.address);
                    proxy_set_header X-File $request_body_file; }

                """
            }
            try scene.serve(
                location("/memory", "client_body_buffer_size 64k;") + location("/small", "")
                    + location("/kept", "client_body_in_file_only on;")
                    + location("/clean", "client_body_in_file_only clean;"))
            let long = String(repeating: "b", count: 40_000)
            #expect(try scene.endpoint.post("/memory", "0123456789").text == "|0123456789")
            #expect(try scene.endpoint.post("/file/small", long).text.hasPrefix(box + "/bodies/"))
            #expect(try scene.endpoint.post("/file/memory", long).text == "|")
            #expect(try scene.endpoint.post("/clean", "0123456789").text.hasPrefix(box + "/bodies/"))
            #expect(eventually { scene.sandbox.files(below: "bodies").isEmpty })
            let kept = try scene.endpoint.post("/kept", "0123456789").text.dropLast()
            #expect(try String(contentsOfFile: String(kept), encoding: .utf8) == "0123456789")
        }
    }

    @Test(.proves("client_body_timeout"), arguments: Front.allAvailable)
    func slowBodiesAreCutOff(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in try reply.respond() }
            try scene.serve("client_body_timeout 300ms; location / { proxy_pass http://\(origin.address); }")
            let client = try scene.client()
            try client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
            let rest = try client.receiveRest()
            #expect(rest.isEmpty || String(decoding: rest, as: UTF8.self).hasPrefix("HTTP/1.1 408"))
            #expect(origin.requests.isEmpty)
        }
    }

    @Test(.proves("keepalive_time"), arguments: Front.allAvailable)
    func oldConnectionsEnd(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.serve("keepalive_time 200ms; location / { return 200; }")
            let client = try scene.client()
            // The time runs on between the requests; the answer that comes after it is the last one.
            #expect(eventually { (try? client.get("/").keepsAlive) == false })
        }
    }

    /// What the origin goes on sending does not excuse a reader that takes nothing.
    @Test(arguments: Front.only(.zendan))
    func aTricklingOriginDoesNotKeepAStalledReader(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { _, reply in
                try reply.head(200, ["Connection": "close"])
                try reply.send([UInt8](repeating: 120, count: 8 << 20))
                // Ends by an error as soon as the front has left.
                try reply.trickle([[UInt8]](repeating: [120], count: 1000), every: .milliseconds(50))
            }
            let server = try scene.serve("location / { proxy_pass http://\(origin.address); send_timeout 300ms; }")
            let client = try scene.client(receiveBuffer: 4096)
            try client.sendRequest("GET", "/")
            #expect(try client.receiveHead().status == 200)
            #expect(try server.lines(1)[0].contains("GET /"))
            client.close()
        }
    }
}
