import TestSupport
import Testing

/// Clients that show certificates: who gets in, what is said to whom does not, what a request knows of them.
@Suite(.needs(.curl, .openssl)) struct ClientCertificateTests {
    private static let facts = """
        return 200 "$ssl_client_verify|$ssl_client_s_dn|$ssl_client_i_dn_legacy|";
        """

    private func demands(_ mode: String, _ more: String = "") throws -> String {
        let certificates = try TestCertificates.shared()
        return "ssl_verify_client \(mode); ssl_client_certificate \(certificates.path("ca.crt")); \(more)"
    }

    private func shows(_ name: String) throws -> [String] {
        ["--cert", try TestCertificates.shared().path(name + ".pem")]
    }

    @Test(.proves("ssl_verify_client", "ssl_client_certificate"), arguments: Front.allAvailable)
    func whoShowsNoneIsRefused(_ front: Front) throws {
        try SecureScene.play(front, try demands("on") + Self.facts) { (secure) throws in
            #expect(try secure.fetch("/", shows("client")).contains("\r\n\r\nSUCCESS|CN=alice,O=Clients|/O=Test/CN=Root|"))
            let none = try secure.fetch("/")
            #expect(none.hasPrefix("HTTP/1.1 400 Bad Request\r\n") && none.contains("No required SSL certificate was sent"))
            let stranger = try secure.fetch("/", shows("stranger"))
            #expect(stranger.hasPrefix("HTTP/1.1 400 ") && stranger.contains("The SSL certificate error"))
            #expect(eventually { secure.server.errorLog.contains("client sent no required SSL certificate") })
            #expect(eventually { secure.server.errorLog.contains("client SSL certificate verify error: (18:self") })
            // Clients are told whose certificates count.
            #expect(try secure.inspect().contains("Acceptable client certificate CA names\nO = Test, CN = Root"))
        }
    }

    @Test(.proves("ssl_verify_client"), arguments: Front.allAvailable)
    func whoMayShowOne(_ front: Front) throws {
        try SecureScene.play(front, try demands("optional") + Self.facts) { (secure) throws in
            #expect(try secure.fetch("/").hasSuffix("NONE|||"))
            #expect(try secure.fetch("/", shows("client")).contains("SUCCESS|"))
            #expect(try secure.fetch("/", shows("stranger")).contains("The SSL certificate error"))
        }
        let pages =
            "error_page 495 496 = @login; location @login { return 403 \"login $ssl_client_verify\"; } location / { return 200 in; }"
        try SecureScene.play(front, try demands("on", pages)) { (secure) throws in
            #expect(try secure.fetch("/").hasSuffix("login NONE"))
            #expect(try secure.fetch("/", shows("stranger")).hasSuffix("login FAILED:self-signed certificate"))
            #expect(try secure.fetch("/", shows("client")).hasSuffix("in"))
        }
        try SecureScene.play(front, "ssl_verify_client optional_no_ca; \(Self.facts)") { (secure) throws in
            #expect(try secure.fetch("/", shows("stranger")).contains("FAILED:self-signed certificate|CN=stranger|"))
            #expect(try secure.fetch("/").hasSuffix("NONE|||"))
        }
    }

    @Test(.proves("ssl_verify_depth"), arguments: Front.allAvailable)
    func chains(_ front: Front) throws {
        for depth in [0, 1] {
            try SecureScene.play(front, try demands("on", "ssl_verify_depth \(depth);") + Self.facts) { (secure) throws in
                let answer = try secure.fetch("/", shows("deep"))
                #expect(answer.contains(depth == 1 ? "SUCCESS|" : "The SSL certificate error"), "\(answer)")
            }
        }
    }

    @Test(.proves("ssl_trusted_certificate"), arguments: Front.allAvailable)
    func whoIsTrustedAndNotNamed(_ front: Front) throws {
        let certificates = try TestCertificates.shared()
        let body = """
            ssl_verify_client on; ssl_client_certificate \(certificates.path("stranger.crt"));
            ssl_trusted_certificate \(certificates.path("ca.crt")); \(Self.facts)
            """
        try SecureScene.play(front, body) { (secure) throws in
            #expect(try secure.fetch("/", shows("client")).contains("SUCCESS|CN=alice"))
            let said = try secure.inspect()
            #expect(said.contains("CA names\nCN = stranger\n") && !said.contains("O = Test, CN = Root\nRequested"))
        }
    }

    @Test(.proves("ssl_crl"), arguments: Front.allAvailable)
    func whatWasTakenBack(_ front: Front) throws {
        let certificates = try TestCertificates.shared()
        let list = "ssl_crl \(certificates.path("ca.crl"));"
        try SecureScene.play(front, try demands("on", list) + Self.facts) { (secure) throws in
            #expect(try secure.fetch("/", shows("client")).contains("SUCCESS|"))
            #expect(try secure.fetch("/", shows("revoked")).contains("The SSL certificate error"))
            #expect(eventually { secure.server.errorLog.contains("(23:certificate revoked)") })
        }
    }

    @Test(arguments: Front.allAvailable)
    func theWholeCertificate(_ front: Front) throws {
        let body = """
            location /escaped { return 200 $ssl_client_escaped_cert; }
            location /rest { return 200 "$ssl_client_serial|$ssl_client_fingerprint|$ssl_client_v_start|$ssl_client_v_end|$ssl_client_v_remain|"; }
            location /raw { return 200 $ssl_client_raw_cert; }
            location /folded { return 200 $ssl_client_cert; }
            """
        try SecureScene.play(front, try demands("on", body)) { (secure) throws in
            let pem = String(decoding: secure.certificates.bytes("client.crt"), as: UTF8.self)
            let begin = try #require(pem.firstRange(of: "-----BEGIN CERT"))
            let shown = String(pem[begin.lowerBound...])
            func body(_ target: String) throws -> String {
                let answer = try secure.fetch(target, shows("client"))
                let end = try #require(answer.firstRange(of: "\r\n\r\n"))
                return String(answer[end.upperBound...])
            }
            #expect(try body("/raw") == shown)
            #expect(try body("/folded") == shown.dropLast().replacing("\n", with: "\n\t"))
            #expect(try body("/escaped").hasPrefix("-----BEGIN%20CERTIFICATE-----%0AMII"))
            let openssl = Peer.openssl.path ?? "openssl"
            let facts = try run(
                openssl, ["x509", "-in", secure.certificates.path("client.crt"), "-noout", "-serial", "-fingerprint", "-dates"]
            ).output.split(separator: "\n").map { String($0.split(separator: "=").last ?? "") }
            let digest = facts[1].replacing(":", with: "").lowercased()
            #expect(try body("/rest") == "\(facts[0])|\(digest)|\(facts[2])|\(facts[3])|364|")
        }
    }

    @Test(.proves("ssl_verify_client"), arguments: Front.allAvailable)
    func aHandshakeForOneServerOpensNoOther(_ front: Front) throws {
        let other = try SecureScene.certificate("other")
        let more = try "server { listen @ ssl; server_name other.test; \(other) \(demands("on")) return 200 secret; }"
        try SecureScene.play(front, "return 200 open;", more: more) { (secure) throws in
            let moved = try secure.fetch("/", ["-H", "Host: other.test"] + shows("client"))
            #expect(moved.hasPrefix("HTTP/1.1 421 "), "\(moved)")
            #expect(
                eventually { secure.server.errorLog.contains("the server name different from the one that was negotiated") })
            #expect(try secure.fetch("/", host: "other.test", shows("client")).hasSuffix("secret"))
            // Without a name in the handshake the default server's demands were made: none.
            let nameless = try secure.inspect(host: "", request: "GET / HTTP/1.0\\r\\nHost: other.test\\r\\n\\r\\n")
            #expect(nameless.contains("No required SSL certificate was sent"), "\(nameless)")
        }
    }
}
