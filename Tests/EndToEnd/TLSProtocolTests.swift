import TestSupport
import Testing

/// Versions, ciphers, curves, sessions: what `ssl_…` says of the handshake.
@Suite(.needs(.curl, .openssl, .python3)) struct TLSProtocolTests {
    @Test(.proves("ssl_protocols"), arguments: Front.allAvailable)
    func versions(_ front: Front) throws {
        try SecureScene.play(front, "ssl_protocols TLSv1.2; return 200 $ssl_protocol;") { (secure) throws in
            #expect(try secure.fetch("/").hasSuffix("TLSv1.2"))
            #expect(try secure.fetch("/", ["--tlsv1.3"]).contains("alert protocol version"))
        }
        try SecureScene.play(front, "ssl_protocols TLSv1.3; return 200 $ssl_protocol;") { (secure) throws in
            #expect(try secure.fetch("/").hasSuffix("TLSv1.3"))
            #expect(try secure.fetch("/", ["--tls-max", "1.2"]).contains("alert protocol version"))
        }
    }

    @Test(.proves("ssl_ciphers", "ssl_prefer_server_ciphers"), arguments: Front.allAvailable)
    func ciphers(_ front: Front) throws {
        let list = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA"
        for prefers in [true, false] {
            let body = """
                ssl_protocols TLSv1.2; ssl_ciphers \(list); ssl_prefer_server_ciphers \(prefers ? "on" : "off");
                return 200 $ssl_cipher;
                """
            try SecureScene.play(front, body) { (secure) throws in
                let wish = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384"
                let expected = prefers ? "ECDHE-ECDSA-AES256-GCM-SHA384" : "ECDHE-ECDSA-CHACHA20-POLY1305"
                #expect(try secure.fetch("/", ["--ciphers", wish]).hasSuffix(expected))
                #expect(try secure.fetch("/", ["--ciphers", "ECDHE-ECDSA-AES128-SHA"]).hasSuffix("ECDHE-ECDSA-AES128-SHA"))
                #expect(try secure.fetch("/", ["--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"]).contains("handshake failure"))
            }
        }
    }

    @Test(.proves("ssl_ecdh_curve"), arguments: Front.allAvailable)
    func curves(_ front: Front) throws {
        let body = "ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve secp384r1:X25519; return 200 \"$ssl_curve of $ssl_curves\";"
        try SecureScene.play(front, body) { (secure) throws in
            #expect(try secure.fetch("/", ["--curves", "P-384"]).hasSuffix("secp384r1 of secp384r1"))
            #expect(try secure.fetch("/", ["--curves", "X25519:P-384"]).contains("of X25519:secp384r1"))
            #expect(try secure.fetch("/", ["--curves", "P-256"]).contains("handshake failure"))
        }
    }

    @Test(.proves("ssl_conf_command"), arguments: Front.allAvailable)
    func theLibrarysOwnLanguage(_ front: Front) throws {
        let body = """
            ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;
            ssl_conf_command Options -SessionTicket; return 200 $ssl_cipher;
            """
        try SecureScene.play(front, body) { (secure) throws in
            #expect(try secure.fetch("/").hasSuffix("TLS_CHACHA20_POLY1305_SHA256"))
            #expect(try secure.fetch("/", ["--tls13-ciphers", "TLS_AES_128_GCM_SHA256"]).contains("handshake failure"))
        }
    }

    @Test(.proves("ssl_conf_command"), arguments: Front.allAvailable)
    func anotherCertificateByTheLibrarysLanguage(_ front: Front) throws {
        let certificates = try TestCertificates.shared()
        let body = """
            ssl_conf_command Certificate \(certificates.path("other.chain.crt"));
            ssl_conf_command PrivateKey \(certificates.path("other.key")); return 200 a;
            """
        try SecureScene.play(front, body) { (secure) throws in
            #expect(try secure.inspect().contains("subject=CN = other.test"))
        }
    }

    @Test(.proves("ssl_dhparam"), arguments: Front.allAvailable)
    func oldClientsGetTheirParameters(_ front: Front) throws {
        let certificates = try TestCertificates.shared()
        let certificate = try SecureScene.certificate("rsa")
        for has in [true, false] {
            let body = """
                ssl_protocols TLSv1.2; ssl_ciphers DHE-RSA-AES256-GCM-SHA384; return 200 $ssl_cipher;
                \(has ? "ssl_dhparam \(certificates.path("dh.pem"));" : "")
                """
            try SecureScene.play(front, body, certificate: certificate) { (secure) throws in
                let answer = try secure.fetch("/")
                #expect(has ? answer.hasSuffix("DHE-RSA-AES256-GCM-SHA384") : answer.contains("handshake failure"))
            }
        }
    }

    @Test(.proves("ssl_buffer_size"), arguments: Front.allAvailable)
    func recordsAreNoLongerThanSaid(_ front: Front) throws {
        // -debug would tell; what Python's socket sees is enough: the lengths in the records' heads.
        let program = """
            s = connect()
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context.wrap_bio(incoming, outgoing, server_hostname="example.com")
            wire, done, sent = b"", False, False
            while True:
                try:
                    if not done:
                        tls.do_handshake(); done = True
                    if not sent:
                        tls.write(b"GET /big HTTP/1.1\\r\\nHost: example.com\\r\\nConnection: close\\r\\n\\r\\n"); sent = True
                        wire = b""
                    if not tls.read(65536): break
                    continue
                except ssl.SSLWantReadError: pass
                except ssl.SSLError: break
                if outgoing.pending: s.sendall(outgoing.read())
                part = s.recv(65536)
                if not part: break
                wire += part
                incoming.write(part)
            lengths, at = [], 0
            while at + 5 <= len(wire):
                length = int.from_bytes(wire[at+3:at+5], "big")
                if wire[at] == 23: lengths.append(length)
                at += 5 + length
            print("longest", max(lengths), "of", len(lengths) > 4)
            """
        for size in [2048, 16384] {
            let text = String(repeating: "x", count: 1000)
            try Scene.play(front) { (scene) throws in
                try scene.sandbox.write("site/big", String(repeating: text, count: 100))
                let body = "ssl_buffer_size \(size); root \(scene.sandbox.path)/site;"
                let server = try scene.start(try SecureScene.configuration(scene, body))
                let secure = SecureScene(scene: scene, certificates: try TestCertificates.shared(), server: server)
                let said = try secure.python(program)
                let words = said.split(separator: " ")
                let longest = words.count > 1 ? Int(words[1]) ?? 0 : 0
                // A record adds at most 256 bytes (RFC 8446 §5.2); nginx's first may hold the head alone.
                #expect(longest > size - 512 && longest <= size + 256, "\(said)")
            }
        }
    }

    // MARK: Sessions

    /// What s_client says of a second connection that brings the session of a first.
    private func resumes(
        _ secure: SecureScene, _ arguments: [String] = [], between: () throws -> Void = {}
    ) throws -> (wasResumed: Bool, answer: String) {
        let file = secure.scene.sandbox.path("session")
        secure.scene.sandbox.remove("session")
        _ = try secure.inspect(arguments + ["-sess_out", file])
        try between()
        let text = try secure.inspect(arguments + ["-sess_in", file])
        return (text.contains("Reused, TLS"), text)
    }

    private static let said = "ssl_protocols TLSv1.2 TLSv1.3; return 200 \"reused $ssl_session_reused $ssl_session_id.\";"

    @Test(.proves("ssl_session_tickets"), arguments: Front.allAvailable)
    func tickets(_ front: Front) throws {
        for isOn in [true, false] {
            let body = "ssl_session_tickets \(isOn ? "on" : "off"); ssl_session_cache none; \(Self.said)"
            try SecureScene.play(front, body) { (secure) throws in
                for version in ["-tls1_2", "-tls1_3"] {
                    let (wasResumed, answer) = try resumes(secure, [version])
                    #expect(wasResumed == isOn, "\(version) \(answer)")
                    #expect(answer.contains("reused \(isOn ? "r" : ".") "))
                }
            }
        }
    }

    @Test(.proves("ssl_session_cache"), arguments: Front.allAvailable)
    func sessionsByNumber(_ front: Front) throws {
        for cache in ["shared:S:1m", "builtin:100 shared:S:1m", "none", "off"] {
            let body = "ssl_session_tickets off; ssl_session_cache \(cache); \(Self.said)"
            try SecureScene.play(front, body) { (secure) throws in
                let isKept = cache.contains("shared")
                #expect(try resumes(secure, ["-tls1_2"]).wasResumed == isKept)
                #expect(try resumes(secure, ["-tls1_3"]).wasResumed == isKept)
            }
        }
    }

    @Test(.proves("ssl_session_timeout"), arguments: Front.allAvailable)
    func sessionsEnd(_ front: Front) throws {
        let body = "ssl_session_timeout 1h; \(Self.said)"
        try SecureScene.play(front, body) { (secure) throws in
            let text = try secure.inspect(["-tls1_3"])
            #expect(text.contains("TLS session ticket lifetime hint: 3600 (seconds)"), "\(text)")
        }
    }

    @Test(.proves("ssl_session_ticket_key"), arguments: Front.allAvailable)
    func ticketsOfAnotherMachine(_ front: Front) throws {
        let certificates = try TestCertificates.shared()
        func keys(_ names: String...) -> String {
            names.map { "ssl_session_ticket_key \(certificates.path($0)); " }.joined() + Self.said
        }
        try Scene.play(front) { (scene) throws in
            let server = try scene.start(try SecureScene.configuration(scene, keys("ticket.key")))
            let secure = SecureScene(scene: scene, certificates: certificates, server: server)
            func restart(_ body: String) throws {
                server.quit()
                _ = server.waitForExit()
                try scene.sandbox.write("server.conf", try SecureScene.configuration(scene, body))
                try server.start()
            }
            // The key that encrypted it only decrypts now.
            #expect(try resumes(secure) { try restart(keys("ticket2.key", "ticket.key")) }.wasResumed)
            #expect(try resumes(secure) { try restart(keys("short.key", "ticket2.key")) }.wasResumed)
            #expect(try resumes(secure) { try restart(keys("short.key")) }.wasResumed)
            #expect(try !resumes(secure) { try restart(keys("ticket.key")) }.wasResumed)
        }
    }
}
