import Foundation
import TestSupport
import Testing

/// `listen … proxy_protocol`: what a balancer tells of the client before the first byte of the request.
@Suite struct ProxyProtocolTests {
    private static let facts =
        "$remote_addr|$proxy_protocol_addr|$proxy_protocol_port|$proxy_protocol_server_addr|$proxy_protocol_server_port"
    private static let request = Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)

    /// Version 2: signature, command and version, family and transport, length.
    private func binary(_ command: UInt8, _ family: UInt8, _ body: [UInt8]) -> [UInt8] {
        Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [command, family, UInt8(body.count >> 8), UInt8(body.count & 255)] + body
    }

    private static let v4: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 2, 0x30, 0x39, 0, 80]

    /// What the server answers to a header, a request behind it in the same segment.
    private func ask(_ scene: Scene, _ header: [UInt8], _ endpoint: Endpoint? = nil) throws -> String {
        let client = try RawClient(endpoint ?? scene.endpoint)
        defer { client.close() }
        try client.send(header + Self.request)
        return try client.receiveResponse().text
    }

    @Test(.proves("listen", "real_ip_header"), arguments: Front.allAvailable)
    func theHeaderNamesTheClient(_ front: Front) throws {
        try Scene.play(front) { scene in
            let plain = try scene.anotherSocket()
            let body = "return 200 \"\(Self.facts)\";"
            let server = try scene.start(
                try ServerConfiguration.complete(
                    for: front, in: scene.sandbox,
                    http: """
                        log_format who '$remote_addr $realip_remote_addr';
                        access_log \(scene.sandbox.path("who.log")) who;
                        server { listen \(scene.socket) proxy_protocol; \(body) }
                        server {
                            listen \(plain) proxy_protocol; set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;
                            \(body.replacingOccurrences(of: "|$proxy_protocol_port", with: "|$remote_port"))
                        }
                        """))
            let text = Array("PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\r\n".utf8)
            #expect(try ask(scene, text) == "127.0.0.1|192.0.2.1|12345|198.51.100.2|80")
            #expect(try ask(scene, text, plain.endpoint) == "192.0.2.1|192.0.2.1|12345|198.51.100.2|80")
            #expect(try ask(scene, binary(0x21, 0x11, Self.v4)) == "127.0.0.1|192.0.2.1|12345|198.51.100.2|80")
            let v6 = Array("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n".utf8)
            #expect(try ask(scene, v6) == "127.0.0.1|2001:db8::1|1|2001:db8::2|65535")
            // A balancer that tells nothing: its own checks.
            #expect(try ask(scene, Array("PROXY UNKNOWN\r\n".utf8), plain.endpoint).hasPrefix("127.0.0.1||"))
            #expect(try ask(scene, binary(0x20, 0, []), plain.endpoint).hasPrefix("127.0.0.1||"))
            // Each loop writes its own lines: their order is nobody's.
            let believed = try server.lines(6, of: "who.log").filter { $0 != "127.0.0.1 127.0.0.1" }
            #expect(believed == ["192.0.2.1 127.0.0.1"])
            // It holds for every request of the connection, and the request may come later than the header.
            let client = try RawClient(plain.endpoint)
            try client.send(text)
            for _ in 0..<3 { #expect(try client.get("/").text.hasPrefix("192.0.2.1|")) }
            client.close()
        }
    }

    @Test(.proves("listen"), arguments: Front.allAvailable)
    func whatIsNoHeaderIsClosed(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.start(
                try ServerConfiguration.complete(
                    for: front, in: scene.sandbox,
                    http: "server { listen \(scene.socket) proxy_protocol; client_header_timeout 1s; return 200 x; }"))
            let broken: [([UInt8], String)] = [
                (Self.request, "broken header: \"GET / HTTP/1.1"),
                (
                    Array("PROXY TCP4 192.0.2.1 198.51.100.2 12345 99999\r\n".utf8),
                    "broken header: \"PROXY TCP4 192.0.2.1 198.51.100.2 12345 99999"
                ),
                (binary(0x31, 0x11, Self.v4), "unknown PROXY protocol version: 3 while"),
                (binary(0x21, 0x11, Array(Self.v4.dropLast())), "while reading PROXY protocol, client: 127.0.0.1, server: "),
            ]
            for (bytes, words) in broken {
                let client = try scene.client()
                try client.send(bytes)
                #expect(client.isClosedByPeer())
                client.close()
                #expect(eventually { server.errorLog.contains(words) }, "\(words): \(server.errorLog)")
            }
            // Nothing at all: the header's time is the request's.
            let silent = try scene.client()
            #expect(silent.isClosedByPeer())
            silent.close()
            #expect(
                eventually {
                    server.errorLog.contains(
                        "client timed out (110: Connection timed out) while reading PROXY protocol, client: 127.0.0.1")
                })
            #expect(server.accessLog.isEmpty)
        }
    }

    @Test(.needs(.python3, .openssl), .proves("listen"), arguments: Front.allAvailable)
    func theHeaderComesBeforeTheHandshake(_ front: Front) throws {
        let body =
            "set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol; return 200 \"$remote_addr $ssl_server_name $scheme\";"
        try SecureScene.play(front, body, listen: "ssl proxy_protocol") { (secure) throws in
            let said = try secure.python(
                """
                header = b"PROXY TCP4 192.0.2.1 198.51.100.2 12345 443\\r\\n"
                request = b"GET / HTTP/1.1\\r\\nHost: example.com\\r\\nConnection: close\\r\\n\\r\\n"
                def show(data): print(data.split(b"\\r\\n\\r\\n")[-1].decode())
                # The header by itself, then the handshake.
                plain = connect()
                plain.sendall(header)
                session = secure(plain)
                session.sendall(request)
                show(answer(session))
                # The first message of the handshake in the same segment.
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                session = context.wrap_bio(incoming, outgoing, server_hostname="example.com")
                plain = connect()
                first = header
                while True:
                    try:
                        session.do_handshake()
                        break
                    except ssl.SSLWantReadError:
                        plain.sendall(first + outgoing.read())
                        first = b""
                        incoming.write(plain.recv(65536))
                session.write(request)
                plain.sendall(outgoing.read())
                data = b""
                while True:
                    try:
                        part = session.read(65536)
                        if not part: break
                        data += part
                    except ssl.SSLWantReadError:
                        part = plain.recv(65536)
                        if not part: break
                        incoming.write(part)
                show(data)
                # Behind the header, plain HTTP is what it is without one.
                plain = connect()
                plain.sendall(header + request)
                print(answer(plain).split(b"\\r\\n")[0].decode())
                # No header: whatever it is, it is not answered.
                try: secure()
                except Exception: print("closed")
                """)
            #expect(said == "192.0.2.1 example.com https\n192.0.2.1 example.com https\nHTTP/1.1 400 Bad Request\nclosed\n")
            #expect(
                eventually {
                    secure.server.errorLog.contains("broken header: \"\\x16")
                        || secure.server.errorLog.contains("broken header: \"\u{16}")
                })
        }
    }

    /// nginx wants the whole header at once.
    @Test(arguments: Front.only(.zendan))
    func aHeaderInPieces(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.start(
                try ServerConfiguration.complete(
                    for: front, in: scene.sandbox,
                    http: """
                        server {
                            listen \(scene.socket) proxy_protocol;
                            return 200 "\(Self.facts)|$proxy_protocol_tlv_alpn|$proxy_protocol_tlv_0x41";
                        }
                        """))
            let values: [UInt8] = [1, 0, 2] + Array("h2".utf8) + [0x41, 0x04, 0xb0] + [UInt8](repeating: 0x78, count: 1200)
            let whole = binary(0x21, 0x11, Self.v4 + values) + Self.request
            let answer =
                "127.0.0.1|192.0.2.1|12345|198.51.100.2|80|h2|" + String(repeating: "x", count: 1200)
            for cut in [1, 11, 12, 13, 15, 16, 17, 27, 28, 29, 1000, 1235, 1240] {
                let client = try scene.client()
                try client.send(Array(whole[..<cut]))
                // The first part has been read when the server has slept once more: it answers another meanwhile.
                #expect(try ask(scene, Array("PROXY UNKNOWN\r\n".utf8)).hasPrefix("127.0.0.1||"))
                try client.send(Array(whole[cut...]))
                #expect(try client.receiveResponse().text == answer, "\(cut)")
                client.close()
            }
        }
    }
}
