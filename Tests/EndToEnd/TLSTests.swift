import Foundation
import TestSupport
import Testing

/// HTTPS as clients see it: certificates by name, what is refused, what a request knows of its connection.
@Suite(.needs(.curl, .openssl, .python3)) struct TLSTests {
    @Test(.proves("ssl_certificate", "ssl_certificate_key"), arguments: Front.allAvailable)
    func aRequestKnowsHowItCame(_ front: Front) throws {
        let body = """
            ssl_protocols TLSv1.2 TLSv1.3;
            location /facts { return 200 "$scheme|$https|$ssl_server_name|$ssl_session_reused|$ssl_protocol|$ssl_curve|$ssl_client_verify|$ssl_alpn_protocol\\n"; }
            location /ciphers { return 200 "$ssl_cipher in $ssl_ciphers\\n"; }
            location /moved { return 301 /x; }
            """
        try SecureScene.play(front, body) { (secure) throws in
            let facts = try secure.fetch("/facts", ["--curves", "X25519", "--tlsv1.3"])
            #expect(facts.contains("https|on|example.com|.|TLSv1.3|X25519|NONE|http/1.1\n"), "\(facts)")
            #expect(try secure.fetch("/ciphers", ["--tls-max", "1.2"]).contains("ECDHE-ECDSA-AES256-GCM-SHA384 in ECDHE-"))
            #expect(try secure.fetch("/moved").contains("Location: https://example.com:\(secure.port)/x\r\n"))
        }
    }

    @Test(.proves("listen"), arguments: Front.allAvailable)
    func plainHTTPIsTurnedAwayWithAWord(_ front: Front) throws {
        try SecureScene.play(front, "return 200 secret;") { (secure) throws in
            let answer = try secure.scene.get("/a")
            #expect(answer.status == 400)
            #expect(answer.text.contains("The plain HTTP request was sent to HTTPS port"))
            #expect(answer["Connection"] == "close")
            let text = "client sent plain HTTP request to HTTPS port"
            #expect(eventually { secure.server.errorLog.contains(text) })
            #expect(try secure.server.lines(1)[0].contains("\"GET /a HTTP/1.1\" 400"))
        }
        // What certbot's readers write.
        try SecureScene.play(front, "error_page 497 =307 https://$host$request_uri; return 200 secret;") { (secure) throws in
            let answer = try secure.scene.get("/a?b")
            #expect(answer.status == 307)
            #expect(answer["Location"] == "https://127.0.0.1/a?b")
        }
    }

    @Test(arguments: Front.allAvailable)
    func theNameDecides(_ front: Front) throws {
        let more = try """
        server { listen @ ssl; server_name *.example.org; \(SecureScene.certificate("rsa")) return 200 wildcard; }
        server { listen @ ssl; server_name other.test www.example.org; \(SecureScene.certificate("other")) return 200 other; }
        server { listen @ ssl; server_name ~^r[0-9]+[.]test$; \(SecureScene.certificate("other")) return 200 regex; }
        server { listen @ ssl; server_name inherits.test; return 200 inherits; }
        """
        try SecureScene.play(front, "return 200 default;", more: more) { (secure) throws in
            func shown(_ name: String) throws -> String {
                let text = try secure.inspect(host: name)
                let key = text.contains("Peer signature type: RSA-PSS") ? "rsa" : "ec"
                let subject = text.split(separator: "\n").first { $0.hasPrefix("subject=") } ?? ""
                return "\(key) \(subject)"
            }
            #expect(try shown("example.com") == "ec subject=CN = example.com")
            #expect(try shown("a.b.example.org") == "rsa subject=CN = example.com")
            #expect(try shown("WWW.Example.ORG") == "ec subject=CN = other.test")
            #expect(try shown("r12.test") == "ec subject=CN = other.test")
            #expect(try shown("nobody.test") == "ec subject=CN = example.com")
            #expect(try shown("inherits.test") == "ec subject=CN = example.com")
            #expect(try shown("") == "ec subject=CN = example.com")
            // Who answers is told by the request, whatever the handshake was for.
            #expect(try secure.fetch("/", host: "other.test").hasSuffix("other"))
            #expect(try secure.fetch("/", ["-H", "Host: other.test"]).hasSuffix("other"))
            #expect(try secure.fetch("/", host: "r3.test", ["-k"]).hasSuffix("regex"))
            #expect(try secure.fetch("/", host: "nobody.test", ["-k"]).hasSuffix("default"))
        }
    }

    @Test(.proves("ssl_certificate"), arguments: Front.allAvailable)
    func clientsGetTheKindOfCertificateTheyUnderstand(_ front: Front) throws {
        let both = try SecureScene.certificate("ec") + SecureScene.certificate("rsa")
        try SecureScene.play(front, "return 200 a;", certificate: both) { (secure) throws in
            #expect(try secure.inspect(["-sigalgs", "RSA-PSS+SHA256"]).contains("Peer signature type: RSA-PSS"))
            #expect(try secure.inspect(["-sigalgs", "ECDSA+SHA256"]).contains("Peer signature type: ECDSA"))
        }
    }

    @Test(.proves("ssl_certificate", "ssl_certificate_key"), arguments: Front.only(.zendan))
    func aCertificateMayStandInTheConfiguration(_ front: Front) throws {
        let certificates = try TestCertificates.shared()
        func text(_ name: String) -> String { String(decoding: certificates.bytes(name), as: UTF8.self) }
        let inline = "ssl_certificate \"data:\(text("ec.chain.crt"))\"; ssl_certificate_key \"data:\(text("ec.key"))\";"
        try SecureScene.play(front, "return 200 inline;", certificate: inline) { (secure) throws in
            #expect(try secure.fetch("/").hasSuffix("inline"))
        }
    }

    @Test(.proves("ssl_password_file"), arguments: Front.allAvailable)
    func aLockedKeyIsOpened(_ front: Front) throws {
        let certificates = try TestCertificates.shared()
        let locked = """
            ssl_certificate \(certificates.path("ec.chain.crt")); ssl_certificate_key \(certificates.path("ec.locked.key"));
            ssl_password_file \(certificates.path("passphrases"));
            """
        try SecureScene.play(front, "return 200 opened;", certificate: locked) { (secure) throws in
            #expect(try secure.fetch("/").hasSuffix("opened"))
        }
    }

    @Test(.proves("ssl_reject_handshake"), arguments: Front.allAvailable)
    func namesOfNobodyAreRefused(_ front: Front) throws {
        let more = try "server { listen @ ssl; server_name other.test; \(SecureScene.certificate("other")) return 200 other; }"
        try SecureScene.play(front, "ssl_reject_handshake on; return 200 a;", certificate: "", more: more) { (secure) throws in
            #expect(try secure.fetch("/").contains("unrecognized name"))
            #expect(try secure.fetch("/", host: "other.test").hasSuffix("other"))
            // The name of the handshake was another's: what it was agreed on with is the other's certificate.
            #expect(try secure.inspect(host: "").contains("unrecognized name"))
        }
    }

    @Test(.proves("ssl_stapling_file"), arguments: Front.allAvailable)
    func aStatementIsHandedOn(_ front: Front) throws {
        let certificates = try TestCertificates.shared()
        // Any bytes will do for who does not look into them.
        let file = try certificates.sandbox.write("statement-\(front)", bytes: [0x30, 0x03, 0x0a, 0x01, 0x06])
        try SecureScene.play(front, "ssl_stapling on; ssl_stapling_file \(file); return 200 a;") { (secure) throws in
            let text = try secure.inspect(["-status"])
            #expect(text.contains("OCSP Response Status: unauthorized (0x6)"), "\(text)")
            #expect(try !secure.inspect().contains("OCSP Response Status"))
        }
    }

    @Test(arguments: Front.allAvailable)
    func plainAndEncryptedOfOneServer(_ front: Front) throws {
        try Scene.play(front) { (scene) throws in
            let plain = try scene.anotherSocket()
            let body = """
                listen \(plain); add_header X-Scheme $scheme; root \(scene.sandbox.path)/site;
                location /moved { return 301 /x; }
                """
            try scene.sandbox.write("site/a.txt", "hello")
            let text = try SecureScene.configuration(scene, body)
            let server = try scene.start(text)
            let secure = SecureScene(scene: scene, certificates: try TestCertificates.shared(), server: server)
            // One after the other, within a second: heads that are kept for the next request must not be the other's.
            for _ in 0..<3 {
                #expect(try secure.fetch("/a.txt").contains("X-Scheme: https\r\n"))
                #expect(try plain.endpoint.get("/a.txt")["X-Scheme"] == "http")
                #expect(try secure.fetch("/moved").contains("Location: https://"))
                #expect(try plain.endpoint.get("/moved")["Location"]?.hasPrefix("http://") == true)
            }
        }
    }
}
