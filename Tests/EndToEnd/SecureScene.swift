import TestSupport

/// A scene whose socket speaks TLS, with real clients: curl, openssl s_client, Python's ssl.
struct SecureScene {
    let scene: Scene
    let certificates: TestCertificates
    let server: ServerUnderTest

    var port: UInt16 { scene.socket.port }

    /// `ssl_certificate …; ssl_certificate_key …;` for one of the test certificates, its chain included.
    static func certificate(_ name: String) throws -> String {
        let certificates = try TestCertificates.shared()
        return
            "ssl_certificate \(certificates.path(name + ".chain.crt")); ssl_certificate_key \(certificates.path(name + ".key"));"
    }

    /// Starts a server with `body` that shows `example.com`'s certificate; `more`: further servers, `@` in them being the address.
    static func play(
        _ front: Front, _ body: String, certificate: String? = nil, more: String = "", http: String = "",
        listen: String = "ssl",
        _ test: (SecureScene) throws -> Void
    ) throws {
        try Scene.play(front) { (scene) throws in
            let text = try configuration(scene, body, certificate: certificate, more: more, http: http, listen: listen)
            let server = try scene.start(text)
            try test(SecureScene(scene: scene, certificates: try TestCertificates.shared(), server: server))
        }
    }

    static func configuration(
        _ scene: Scene, _ body: String, certificate: String? = nil, more: String = "", http: String = "", listen: String = "ssl"
    ) throws -> String {
        let shown = try certificate ?? self.certificate("ec")
        return try ServerConfiguration.complete(
            for: scene.front, in: scene.sandbox,
            http: """
                \(http)
                server { listen \(scene.socket) \(listen); server_name example.com; \(shown) \(body) }
                \(more.replacing("@", with: scene.socket.address))
                """)
    }

    // MARK: Clients

    /// curl's output for `https://HOST:PORT/target`: the answer with its head (or why there is none).
    func fetch(_ target: String, host: String = "example.com", scheme: String = "https", _ arguments: [String] = []) throws
        -> String
    {
        let result = try run(
            Peer.curl.path ?? "curl",
            [
                "-sS", "-i", "--http1.1", "--max-time", "20", "--noproxy", "*", "--cacert", certificates.path("ca.crt"),
                "--resolve", "\(host):\(port):127.0.0.1",
            ] + arguments + ["\(scheme)://\(host):\(port)\(target)"])
        return result.output
    }

    /// What openssl s_client says of a connection on which it sends `request`.
    func inspect(
        host: String = "example.com", _ arguments: [String] = [], request: String = "GET / HTTP/1.0\\r\\n\\r\\n"
    ) throws -> String {
        let command = "printf '\(request)' | exec \"$0\" s_client -connect 127.0.0.1:\(port) -ign_eof \"$@\""
        let name = host.isEmpty ? ["-noservername"] : ["-servername", host]
        return try run(
            "/bin/sh",
            ["-c", command, Peer.openssl.path ?? "openssl", "-CAfile", certificates.path("ca.crt")] + name + arguments
        ).output
    }

    /// Runs a Python program with `connect(**options)` at hand, which gives a plain socket, and `secure(socket)`, which goes on
    /// with TLS. What it prints.
    func python(_ program: String) throws -> String {
        try run(Peer.python3.path ?? "python3", [write(python: program)]).output
    }

    /// The file of such a program.
    func write(python program: String) throws -> String {
        let prelude = """
            for name in ("http.client", "os", "socket", "ssl", "time", "zlib"): globals()[name.split(".")[0]] = __import__(name)
            def connect():
                return socket.create_connection(("127.0.0.1", \(port)), timeout=20)
            context = ssl.create_default_context(cafile="\(certificates.path("ca.crt"))")
            context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
            def secure(s=None, name="example.com", **options):
                return context.wrap_socket(s or connect(), server_hostname=name, **options)
            def answer(s):
                data = b""
                while b"\\r\\n\\r\\n" not in data:
                    part = s.recv(65536)
                    if not part: return data
                    data += part
                head, body = data.split(b"\\r\\n\\r\\n", 1)
                length = [int(l.split(b":")[1]) for l in head.split(b"\\r\\n") if l.lower().startswith(b"content-length:")]
                while length and len(body) < length[0]:
                    part = s.recv(65536)
                    if not part: break
                    body += part
                return head + b"\\r\\n\\r\\n" + body

            """
        return try scene.sandbox.write("client.py", prelude + program)
    }
}
