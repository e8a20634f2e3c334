import Foundation
import TestSupport
import Testing

/// Clients that are slow, broken or not what they say, and what TLS changes about bodies and ends.
@Suite(.needs(.curl, .openssl, .python3)) struct HandshakeTests {
    @Test(.proves("client_header_timeout"), arguments: Front.allAvailable)
    func handshakesThatNeverFinishEnd(_ front: Front) throws {
        try SecureScene.play(front, "client_header_timeout 1s; return 200 a;") { (secure) throws in
            let said = try secure.python(
                """
                silent, begun = connect(), connect()
                begun.sendall(bytes.fromhex("1603010200010001fc0303"))
                for s in (silent, begun):
                    try: print("closed" if s.recv(100) == b"" else "answered")
                    except ConnectionResetError: print("closed")
                """)
            #expect(said.contains("closed\nclosed\n"), "\(said)")
            #expect(eventually { secure.server.errorLog.contains("client timed out") })
            #expect(secure.server.errorLog.contains("while SSL handshaking, client: 127.0.0.1, server: "))
        }
    }

    @Test(arguments: Front.allAvailable)
    func garbageIsAnsweredByAnAlert(_ front: Front) throws {
        try SecureScene.play(front, "return 200 a;") { (secure) throws in
            let said = try secure.python(
                """
                for first in (b"\\x16\\x03\\x01\\x00\\x10" + bytes(16), b"\\x80\\x2e\\x01\\x00\\x02" + bytes(60), b"\\x16" + b"\\xff" * 600):
                    s = connect()
                    s.sendall(first)
                    try:
                        while s.recv(1000): pass
                        print("closed")
                    except ConnectionResetError: print("closed")
                for n in (0, 1, 5, 6, 50, 200):
                    # A handshake that is cut off anywhere.
                    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                    tls = context.wrap_bio(incoming, outgoing, server_hostname="example.com")
                    try: tls.do_handshake()
                    except ssl.SSLWantReadError: pass
                    s = connect()
                    s.sendall(outgoing.read()[:n])
                    s.close()
                s = secure()
                s.sendall(b"GET / HTTP/1.1\\r\\nHost: example.com\\r\\n\\r\\n")
                print(answer(s)[-1:].decode())
                # Garbage in the middle of a connection.
                plain = s.detach()
                os.write(plain, b"\\x17\\x03\\x03\\x00\\x20" + os.urandom(32))
                s = socket.socket(fileno=plain)
                s.settimeout(20)
                try:
                    while s.recv(1000): pass
                    print("ended")
                except ConnectionResetError: print("ended")
                """)
            #expect(said == "closed\nclosed\nclosed\na\nended\n", "\(said)")
            #expect(secure.server.errorLog.contains("while SSL handshaking, client: 127.0.0.1"))
            #expect(try secure.fetch("/").hasSuffix("a"))
        }
    }

    /// What came over one connection byte by byte, in one record, over several records, and pipelined.
    @Test(arguments: Front.allAvailable)
    func requestsInAnyPieces(_ front: Front) throws {
        try Scene.play(front) { (scene) throws in
            let origin = try scene.origin { request, reply in
                try reply.respond(
                    200, [:], "\(request.path) \(request.body.count) \(request.body.reduce(0) { ($0 + Int($1)) % 65521 })")
            }
            let body = """
                location /app { proxy_pass http://\(origin.address); client_max_body_size 0; }
                location /stream { proxy_pass http://\(origin.address); client_max_body_size 0; proxy_request_buffering off;
                    proxy_http_version 1.1; }
                location / { return 200 $uri; }
                """
            let server = try scene.start(try SecureScene.configuration(scene, body))
            let secure = SecureScene(scene: scene, certificates: try TestCertificates.shared(), server: server)
            let said = try secure.python(
                """
                s = secure()
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for byte in b"GET /slow HTTP/1.1\\r\\nHost: example.com\\r\\n\\r\\n": s.sendall(bytes([byte]))
                print(answer(s).split(b"\\r\\n\\r\\n")[1].decode())
                # Nine requests in one record: the last ones stand in the server's memory and not in the socket.
                many = b"".join(b"GET /%d HTTP/1.1\\r\\nHost: example.com\\r\\nX: %s\\r\\n\\r\\n" % (n, b"y" * 1500) for n in range(9))
                s.sendall(many)
                data = b""
                while data.count(b"HTTP/1.1 200") < 9 or not data.endswith(b"/8"): data += s.recv(65536)
                print(data.count(b"HTTP/1.1 200"))
                for place in ("app", "stream"):
                    for size in (1, 5000, 16384, 70000, 1000000):
                        body = bytes(n % 251 for n in range(size))
                        s.sendall(b"POST /%s HTTP/1.1\\r\\nHost: example.com\\r\\nContent-Length: %d\\r\\n\\r\\n" % (place.encode(), size) + body)
                        got = answer(s).split(b"\\r\\n\\r\\n")[1].decode()
                        total = 0
                        for b in body: total = (total + b) % 65521
                        print("right" if got == "/%s %d %d" % (place, size, total) else got)
                # A body that nobody wants, and the next request behind it.
                s.sendall(b"POST /unread HTTP/1.1\\r\\nHost: example.com\\r\\nContent-Length: 40000\\r\\n\\r\\n" + bytes(40000)
                    + b"GET /after HTTP/1.1\\r\\nHost: example.com\\r\\n\\r\\n")
                print(answer(s).split(b"\\r\\n\\r\\n")[1].decode(), answer(s).split(b"\\r\\n\\r\\n")[1].decode())
                # The request and the end of the client's direction in one go.
                s.sendall(b"GET /last HTTP/1.1\\r\\nHost: example.com\\r\\nConnection: close\\r\\n\\r\\n")
                print(answer(s).split(b"\\r\\n\\r\\n")[1].decode(), s.recv(10))
                """)
            #expect(
                said == "/slow\n9\n" + String(repeating: "right\n", count: 10) + "/unread /after\n/last b''\n", "\(said)")
        }
    }

    @Test(arguments: Front.allAvailable)
    func aPartIsNotTakenForTheWhole(_ front: Front) throws {
        try Scene.play(front) { (scene) throws in
            let origin = try scene.origin { request, reply in
                try reply.head(200, ["Content-Length": "100000"])
                try reply.send("part")
                if request.path == "/cut" { reply.close() } else { try reply.send(String(repeating: "x", count: 99996)) }
            }
            let body = "location / { proxy_pass http://\(origin.address); proxy_buffering off; }"
            let server = try scene.start(try SecureScene.configuration(scene, body))
            let secure = SecureScene(scene: scene, certificates: try TestCertificates.shared(), server: server)
            let program = """
                for target in (b"cut", b"whole"):
                    s = secure(suppress_ragged_eofs=False)
                    s.sendall(b"GET /%s HTTP/1.0\\r\\nHost: example.com\\r\\n\\r\\n" % target)
                    count = 0
                    try:
                        while True:
                            part = s.recv(65536)
                            if not part: break
                            count += len(part)
                        print("farewell", count > 100000)
                    except (ssl.SSLError, OSError): print("no farewell", count > 100000)
                """
            let said = try secure.python(program)
            // nginx says farewell in both cases: whoever relies on Content-Length notices there.
            #expect(said == (front == .zendan ? "no farewell False\n" : "farewell False\n") + "farewell True\n", "\(said)")
        }
    }

    /// A reader that stops: what waits is bounded, nothing is lost or doubled when it goes on.
    @Test(arguments: Front.allAvailable)
    func slowReadersGetEverything(_ front: Front) throws {
        try Scene.play(front) { (scene) throws in
            let piece = (0..<250_000).map { "\($0)\n" }.joined()
            try scene.sandbox.write("site/big", piece)
            let origin = try scene.origin { _, reply in
                try reply.head(200, ["Transfer-Encoding": "chunked"])
                for start in stride(from: 0, to: 250_000, by: 1000) {
                    try reply.chunk((start..<start + 1000).map { "\($0)\n" }.joined())
                }
                try reply.endChunks()
            }
            let body = """
                root \(scene.sandbox.path)/site; gzip_types text/plain;
                location /app { proxy_pass http://\(origin.address); proxy_http_version 1.1; proxy_max_temp_file_size 1m;
                    proxy_buffers 4 8k; }
                location /off { proxy_pass http://\(origin.address); proxy_http_version 1.1; proxy_buffering off; }
                location /copied { alias \(scene.sandbox.path)/site/big; sendfile off; }
                location /zipped { alias \(scene.sandbox.path)/site/big; gzip on; default_type text/plain; }
                """
            let server = try scene.start(try SecureScene.configuration(scene, body))
            let secure = SecureScene(scene: scene, certificates: try TestCertificates.shared(), server: server)
            let said = try secure.python(
                """
                expected = "".join("%d\\n" % n for n in range(250000)).encode()
                for target in ("/big", "/app", "/off", "/copied", "/zipped"):
                    raw = socket.socket()
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
                    raw.settimeout(20)
                    raw.connect(("127.0.0.1", \(secure.port)))
                    s = secure(raw)
                    s.sendall(("GET %s HTTP/1.1\\r\\nHost: example.com\\r\\nAccept-Encoding: gzip\\r\\n\\r\\n" % target).encode())
                    response = http.client.HTTPResponse(s)
                    response.begin()
                    data = b""
                    time.sleep(0.05)
                    while True:
                        part = response.read(7777)
                        if not part: break
                        data += part
                    if response.getheader("Content-Encoding") == "gzip": data = zlib.decompress(data, 47)
                    print(target, "right" if data == expected else "wrong", len(data))
                """)
            #expect(said.split(separator: "\n").filter { $0.contains("right") }.count == 5, "\(said)")
        }
    }

    /// What was on its way to a client that is gone must not reach the next one.
    @Test(arguments: Front.allAvailable)
    func aResetConcernsNobodyElse(_ front: Front) throws {
        try SecureScene.play(front, "return 200 a;") { (secure) throws in
            let said = try secure.python(
                """
                for n in range(30):
                    s = secure()
                    if n % 3 == 0:
                        s.sendall(b"GET / HTTP/1.1\\r\\nHost: example.com\\r\\n\\r\\n")
                        print(answer(s)[-1:].decode(), end="")
                    # With something unread, or told so, the end is a reset.
                    if n % 2: s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, 0, 0, 0, 0, 0, 0, 0]))
                    s.close()
                """)
            #expect(said == "aaaaaaaaaa", "\(said)")
        }
    }

    @Test(arguments: Front.allAvailable)
    func renegotiationIsRefused(_ front: Front) throws {
        try SecureScene.play(front, "return 200 a;") { (secure) throws in
            let said = try run(
                "/bin/sh",
                [
                    "-c", "(printf 'R\\n'; sleep 1) | \"$0\" s_client -tls1_2 -connect 127.0.0.1:\(secure.port)",
                    Peer.openssl.path ?? "openssl",
                ]
            ).output
            #expect(
                said.contains("no renegotiation") || said.contains("unexpected eof") || said.contains("write:errno"), "\(said)")
            #expect(try secure.fetch("/").hasSuffix("a"))
        }
    }
}
