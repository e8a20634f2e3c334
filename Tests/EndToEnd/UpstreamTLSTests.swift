import Foundation
import TestSupport
import Testing

/// TLS towards upstreams. The upstream is a second server of the same front, on a socket of its own.
@Suite(.needs(.openssl)) struct UpstreamTLSTests {
    /// A front with `body`, and behind it a server that speaks TLS; `@` in both is its address, `CERTS` the directory of the
    /// test certificates.
    private func play(
        _ front: Front, _ body: String, upstream: String, certificate: String = "ec", http: String = "",
        workers: Int? = nil, _ test: (Scene, ServerUnderTest, TestCertificates) throws -> Void
    ) throws {
        try Scene.play(front) { (scene) throws in
            let back = try scene.anotherSocket()
            let certificates = try TestCertificates.shared()
            func filled(_ text: String) -> String {
                text.replacing("@", with: back.address).replacing("CERTS", with: certificates.sandbox.path)
            }
            let origin = "server { listen \(back) ssl; \(try SecureScene.certificate(certificate)) \(filled(upstream)) }"
            let server = try scene.serve(filled(body), http: origin + "\n" + filled(http), workers: workers)
            try test(scene, server, certificates)
        }
    }

    private static let facts = """
        ssl_protocols TLSv1.2 TLSv1.3;
        location / { return 200 "$ssl_protocol|$ssl_cipher|$ssl_server_name|$ssl_client_s_dn|$host|$request_uri"; }
        location /reused { return 200 "$ssl_session_reused"; }
        """

    @Test(
        .proves(
            "proxy_ssl_server_name", "proxy_ssl_name", "proxy_ssl_protocols", "proxy_ssl_ciphers", "proxy_ssl_conf_command"),
        arguments: Front.allAvailable)
    func whatIsSpoken(_ front: Front) throws {
        let body = """
            proxy_ssl_server_name on;
            proxy_ssl_protocols TLSv1.2 TLSv1.3;
            proxy_ssl_session_reuse off;
            location /plain { proxy_pass https://@; }
            location /named/ { proxy_pass https://@/x/; proxy_ssl_name example.com; }
            location /silent { proxy_pass https://@; proxy_ssl_name example.com; proxy_ssl_server_name off; }
            location /variable { proxy_pass $arg_scheme://@; proxy_ssl_name $arg_name:8443; }
            location /old { proxy_pass https://@; proxy_ssl_protocols TLSv1.2; proxy_ssl_ciphers ECDHE-ECDSA-CHACHA20-POLY1305; }
            location /new { proxy_pass https://@; proxy_ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256; }
            location /group { proxy_pass https://group.test; }
            """
        let group = "upstream group.test { server @; }"
        try play(front, body, upstream: Self.facts, http: group) { (scene, server, _) throws in
            func parts(_ target: String) throws -> [String] {
                try scene.get(target).text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            }
            let plain = try parts("/plain?a")
            #expect(plain[0] == "TLSv1.3" && plain[2] == "" && plain[4] == "127.0.0.1" && plain[5] == "/plain?a")
            let named = try parts("/named/y")
            #expect(named[2] == "example.com" && named[4] == "127.0.0.1" && named[5] == "/x/y")
            #expect(try parts("/silent")[2] == "")
            #expect(try parts("/variable?scheme=https&name=b.example.org")[2] == "b.example.org")
            #expect(try scene.get("/variable?scheme=http&name=b").status == 400)
            #expect(try scene.get("/variable?scheme=ftp&name=b").status == 500)
            let old = try parts("/old")
            #expect(old[0] == "TLSv1.2" && old[1] == "ECDHE-ECDSA-CHACHA20-POLY1305")
            #expect(try parts("/new")[1] == "TLS_CHACHA20_POLY1305_SHA256")
            #expect(try parts("/group")[2] == "group.test")
        }
    }

    @Test(.proves("proxy_ssl_session_reuse"), arguments: Front.allAvailable)
    func sessionsAreResumed(_ front: Front) throws {
        let body = """
            location /reused { proxy_pass https://@; proxy_ssl_session_reuse on; }
            location /reused/old { proxy_pass https://@; proxy_ssl_protocols TLSv1.2; }
            location /reused/never { proxy_pass https://@; proxy_ssl_session_reuse off; }
            """
        try play(front, body, upstream: Self.facts, workers: 1) { (scene, _, _) throws in
            #expect(try scene.get("/reused").text == ".")
            // nginx offers the session that it has of the server, whatever the location says of TLS.
            if front == .zendan { #expect(try scene.get("/reused/old").text == ".") }
            for path in ["/reused", "/reused/old"] {
                #expect(try scene.get(path).text == "r")
                #expect(try scene.get(path).text == "r")
            }
            for _ in 0..<3 { #expect(try scene.get("/reused/never").text == ".") }
        }
    }

    // MARK: Who answers

    @Test(
        .proves("proxy_ssl_verify", "proxy_ssl_trusted_certificate", "proxy_ssl_verify_depth", "proxy_ssl_name"),
        arguments: Front.allAvailable)
    func whoAnswersIsChecked(_ front: Front) throws {
        let body = """
            proxy_ssl_verify on;
            proxy_ssl_trusted_certificate CERTS/ca.crt;
            proxy_ssl_name example.com;
            proxy_ssl_session_reuse off;
            location /good { proxy_pass https://@; }
            location /wildcard { proxy_pass https://@; proxy_ssl_name www.example.org:443; }
            location /wrong { proxy_pass https://@; proxy_ssl_name wrong.test; }
            location /nameless { proxy_pass https://@; proxy_ssl_name $arg_none; }
            location /shallow { proxy_pass https://@; proxy_ssl_verify_depth 0; }
            location /stranger { proxy_pass https://@; proxy_ssl_trusted_certificate CERTS/stranger.crt; }
            location /unchecked { proxy_pass https://@; proxy_ssl_verify off; proxy_ssl_name wrong.test; }
            location /expired { proxy_pass https://unix:SOCKET:/expired; }
            location /next { proxy_pass https://several; }
            """
        try Scene.play(front) { (scene) throws in
            let (back, old) = (try scene.anotherSocket(), try scene.anotherSocket(unix: "old.socket"))
            let certificates = try TestCertificates.shared()
            func filled(_ text: String) -> String {
                text.replacing("@", with: back.address).replacing("CERTS", with: certificates.sandbox.path)
                    .replacing("SOCKET", with: scene.sandbox.path("old.socket"))
            }
            let server = try scene.serve(
                filled(body),
                http: """
                    server { listen \(back) ssl; \(try SecureScene.certificate("ec")) return 200 "good"; }
                    server { listen \(old) ssl; \(try SecureScene.certificate("old")) return 200 "old"; }
                    upstream several { server unix:\(scene.sandbox.path("old.socket")); server \(back); }
                    """)
            for path in ["/good", "/wildcard", "/unchecked", "/next", "/next"] {
                let answer = try scene.get(path)
                #expect(answer.status == 200 && answer.text == "good", "\(path)")
            }
            let failures = [
                "/wrong": "upstream SSL certificate does not match \"wrong.test\"",
                "/nameless": "upstream SSL certificate does not match \"\"",
                "/shallow": "upstream SSL certificate verify error: (2",
                "/stranger": "upstream SSL certificate verify error: (20:",
                "/expired": "upstream SSL certificate verify error: (10:certificate has expired)",
            ]
            for (path, words) in failures {
                #expect(try scene.get(path).status == 502, "\(path)")
                #expect(eventually { server.errorLog.contains(words) }, "\(path): \(server.errorLog)")
            }
            let lines = server.errorLog.split(separator: "\n").filter { $0.contains("wrong.test") }
            #expect(lines.count == 1)
            #expect(lines.first?.contains(" while SSL handshaking to upstream, client: 127.0.0.1, server: ") == true)
            #expect(lines.first?.contains("upstream: \"https://\(back.address)/wrong\"") == true)
            #expect(lines.first?.contains("[error]") == true)
        }
    }

    @Test(.proves("proxy_ssl_crl"), arguments: Front.allAvailable)
    func certificatesThatWereTakenBack(_ front: Front) throws {
        let certificates = try TestCertificates.shared()
        let lists = try Sandbox()
        defer { lists.remove() }
        try lists.write(
            "make.sh",
            """
            set -e
            cd "$1"
            touch index.txt root.txt
            echo 01 > number
            conf() { printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=%s\\ndefault_md=sha256\\ndefault_crl_days=30\\ncrlnumber=number\\n' $1; }
            conf index.txt > middle.conf
            conf root.txt > root.conf
            openssl ca -config root.conf -cert "$2/ca.crt" -keyfile "$2/ca.key" -gencrl -out root.crl
            openssl ca -config middle.conf -cert "$2/middle.crt" -keyfile "$2/middle.key" -gencrl -out none.crl
            openssl ca -config middle.conf -cert "$2/middle.crt" -keyfile "$2/middle.key" -revoke "$2/ec.crt"
            openssl ca -config middle.conf -cert "$2/middle.crt" -keyfile "$2/middle.key" -gencrl -out one.crl
            cat root.crl none.crl > kept.crl
            cat root.crl one.crl > revoked.crl
            """)
        let made = try run("/bin/sh", [lists.path("make.sh"), lists.path, certificates.sandbox.path])
        #expect(made.status == .exited(0), "\(made.output)")
        let body = """
            proxy_ssl_verify on;
            proxy_ssl_trusted_certificate CERTS/ca.crt;
            proxy_ssl_name example.com;
            proxy_ssl_session_reuse off;
            location /kept { proxy_pass https://@; proxy_ssl_crl \(lists.path("kept.crl")); }
            location /revoked { proxy_pass https://@; proxy_ssl_crl \(lists.path("revoked.crl")); }
            """
        try play(front, body, upstream: "return 200 good;") { (scene, server, _) throws in
            #expect(try scene.get("/kept").text == "good")
            #expect(try scene.get("/revoked").status == 502)
            let words = "upstream SSL certificate verify error: (23:certificate revoked) while SSL handshaking to upstream"
            #expect(eventually { server.errorLog.contains(words) })
        }
    }

    @Test(
        .proves("proxy_ssl_certificate", "proxy_ssl_certificate_key", "proxy_ssl_password_file"), arguments: Front.allAvailable)
    func theFrontShowsACertificate(_ front: Front) throws {
        let body = """
            proxy_ssl_certificate CERTS/client.crt;
            proxy_ssl_certificate_key CERTS/client.key;
            proxy_ssl_session_reuse off;
            location /known { proxy_pass https://@; }
            NOBODY
            location /locked {
                proxy_pass https://@;
                proxy_ssl_certificate CERTS/ec.chain.crt;
                proxy_ssl_certificate_key CERTS/ec.locked.key;
                proxy_ssl_password_file CERTS/passphrases;
            }
            """
        let upstream = """
            ssl_verify_client optional_no_ca; ssl_client_certificate CERTS/ca.crt; ssl_verify_depth 3;
            return 200 "$ssl_client_verify $ssl_client_s_dn";
            """
        // nginx has taken an empty value since 1.25.
        let nobody = front == .zendan ? "location /nobody { proxy_pass https://@; proxy_ssl_certificate \"\"; }" : ""
        let shown = body.replacing("NOBODY", with: nobody)
        try play(front, shown, upstream: upstream) { (scene, _, _) throws in
            #expect(try scene.get("/known").text == "SUCCESS CN=alice,O=Clients")
            #expect(try scene.get("/locked").text.hasSuffix("CN=example.com"))
            if front == .zendan { #expect(try scene.get("/nobody").text == "NONE ") }
        }
    }

    // MARK: Bodies and failures

    @Test(.proves("proxy_pass"), arguments: Front.allAvailable)
    func bodiesGoThroughWhole(_ front: Front) throws {
        let body = """
            client_max_body_size 20m;
            location / { proxy_pass https://@; }
            location /streamed { proxy_pass https://@; proxy_request_buffering off; proxy_buffering off; proxy_http_version 1.1; }
            location /kept { proxy_pass https://kept; proxy_http_version 1.1; proxy_set_header Connection ""; }
            """
        try Scene.play(front) { (scene) throws in
            let origin = try scene.origin { request, reply in
                try reply.respond(200, ["X-Length": "\(request.body.count)"], bytes: request.body.reversed())
            }
            let back = try scene.anotherSocket()
            try scene.serve(
                body.replacing("@", with: back.address),
                http: """
                    upstream kept { server \(back); keepalive 4; }
                    server {
                        listen \(back) ssl; \(try SecureScene.certificate("rsa")) client_max_body_size 20m;
                        location / { proxy_pass http://\(origin.address); }
                        location /kept/number { return 200 "$connection"; }
                    }
                    """,
                // Each loop keeps its own.
                workers: 1)
            let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 9) }
            for path in ["/", "/streamed", "/kept"] {
                for count in [0, 1, 16384, 70_001, 3_000_000] {
                    let answer = try scene.endpoint.request("POST", path, body: Array(bytes[..<count]))
                    #expect(answer.status == 200 && answer.body == bytes[..<count].reversed(), "\(path) \(count)")
                }
            }
            // A kept connection carries the next request.
            let first = try scene.get("/kept/number").text
            for _ in 0..<5 { #expect(try scene.get("/kept/number").text == first) }
        }
    }

    @Test(.proves("proxy_connect_timeout"), arguments: Front.allAvailable)
    func handshakesThatFail(_ front: Front) throws {
        try Scene.play(front) { (scene) throws in
            let plain = try scene.anotherSocket()
            let silent = try ListeningSocket()
            let server = try scene.serve(
                """
                proxy_connect_timeout 1s;
                location /plain { proxy_pass https://\(plain.address); }
                location /silent { proxy_pass https://\(silent); }
                """,
                http: "server { listen \(plain); return 200 plain; }")
            #expect(try scene.get("/plain").status == 502)
            #expect(eventually { server.errorLog.contains("wrong version number) while SSL handshaking to upstream") })
            #expect(try scene.get("/silent").status == 504)
            let words = "upstream timed out (110: Connection timed out) while SSL handshaking to upstream"
            #expect(eventually { server.errorLog.contains(words) })
        }
    }

    /// What was agreed on with one name is not used for another, though the address is the same.
    @Test(arguments: Front.only(.zendan))
    func keptConnectionsBelongToANameEach(_ front: Front) throws {
        let body = """
            proxy_ssl_verify on;
            proxy_ssl_trusted_certificate CERTS/ca.crt;
            proxy_ssl_server_name on;
            location / { proxy_pass https://kept; proxy_ssl_name $arg_name; }
            location /unchecked { proxy_pass https://kept; proxy_ssl_verify off; proxy_ssl_name $arg_name; }
            """
        let upstream = "return 200 \"$connection $ssl_server_name\";"
        try play(front, body, upstream: upstream, http: "upstream kept { server @; }", workers: 1) { (scene, _, _) throws in
            func number(_ target: String) throws -> String { try scene.get(target).text }
            let unchecked = try number("/unchecked?name=wrong.test")
            #expect(try number("/unchecked?name=wrong.test") == unchecked)
            #expect(try scene.get("/?name=wrong.test").status == 502)
            let first = try number("/?name=a.example.org")
            let second = try number("/?name=example.com")
            #expect(first.hasSuffix(" a.example.org") && second.hasSuffix(" example.com") && first != second)
            for _ in 0..<3 {
                #expect(try number("/?name=a.example.org") == first)
                #expect(try number("/?name=example.com") == second)
            }
            #expect(try number("/unchecked?name=example.com") != second)
        }
    }

    /// Nor is a session that was agreed on without a check, or with another, resumed.
    @Test(arguments: Front.only(.zendan))
    func aResumedSessionWasCheckedAsWell(_ front: Front) throws {
        let body = """
            proxy_ssl_verify on;
            proxy_ssl_trusted_certificate CERTS/ca.crt;
            location /unchecked { proxy_pass https://@; proxy_ssl_verify off; proxy_ssl_name wrong.test; }
            location /checked { proxy_pass https://@; proxy_ssl_name $arg_name; }
            location /stranger { proxy_pass https://@; proxy_ssl_trusted_certificate CERTS/stranger.crt; }
            """
        try play(front, body, upstream: "return 200 $ssl_session_reused;", workers: 1) { (scene, _, _) throws in
            for _ in 0..<2 { #expect(try scene.get("/unchecked").status == 200) }
            #expect(try scene.get("/checked?name=wrong.test").status == 502)
            for state in [".", "r", "r"] { #expect(try scene.get("/checked?name=127.0.0.1").text == state) }
            #expect(try scene.get("/checked?name=wrong.test").status == 502)
            #expect(try scene.get("/checked?name=127.0.0.2").status == 502)
            #expect(try scene.get("/checked?name=%5B::1%5D:443").status == 502)
            #expect(try scene.get("/checked?name=[::1]:443").text == ".")
            #expect(try scene.get("/stranger").status == 502)
            #expect(try scene.get("/checked?name=127.0.0.1").text == "r")
        }
    }

    // MARK: What -t says

    private func check(_ front: Front, _ location: String) throws -> (status: TestSupport.ExitStatus, output: String) {
        let location = location.replacing("CERTS", with: try TestCertificates.shared().sandbox.path)
        return try ConfigurationTrial.run(front, "server { listen 127.0.0.1:8099; location / { \(location) } }")
    }

    @Test(arguments: Front.allAvailable)
    func settingsThatContradict(_ front: Front) throws {
        let refusals = [
            "proxy_pass https://127.0.0.1; proxy_ssl_verify on;": "proxy_ssl_trusted_certificate",
            "proxy_pass https://127.0.0.1; proxy_ssl_certificate CERTS/client.crt;": "proxy_ssl_certificate_key",
            "proxy_pass https://127.0.0.1; proxy_ssl_ciphers NONSENSE;": "NONSENSE",
            "proxy_pass https://127.0.0.1; proxy_ssl_conf_command Nonsense x;": "Nonsense",
            "proxy_pass https://127.0.0.1; proxy_ssl_verify on; proxy_ssl_trusted_certificate CERTS/none.crt;": "none.crt",
            "proxy_pass https://127.0.0.1; proxy_ssl_certificate CERTS/client.crt; proxy_ssl_certificate_key CERTS/ec.key;":
                "key values mismatch",
            "proxy_pass htps://127.0.0.1;": "invalid URL prefix",
        ]
        for (location, words) in refusals {
            let (status, output) = try check(front, location)
            #expect(status == .exited(1) && output.contains(words), "\(location): \(output)")
        }
    }

    @Test(arguments: Front.only(.zendan))
    func whoIsNotCheckedIsSaidAloud(_ front: Front) throws {
        let words = "is not verified"
        for (location, isSaid) in [
            "proxy_pass https://192.0.2.1;": true, "proxy_pass https://127.0.0.1;": false,
            "proxy_pass https://unix:/nowhere;": false, "proxy_pass http://192.0.2.1;": false,
            "proxy_pass https://$host;": true,
            "proxy_pass https://192.0.2.1; proxy_ssl_verify on; proxy_ssl_trusted_certificate CERTS/ca.crt;": false,
        ] {
            let (status, output) = try check(front, location)
            #expect(status == .exited(0) && output.contains(words) == isSaid, "\(location): \(output)")
        }
    }

    /// A file that is missing stops nothing but what needs it.
    @Test(arguments: Front.only(.zendan))
    func aMissingFileCostsItsLocationOnly(_ front: Front) throws {
        let body = """
            location /good { proxy_pass https://@; }
            location /faulty { proxy_pass https://@; proxy_ssl_verify on; proxy_ssl_trusted_certificate CERTS/none.crt; }
            """
        try play(front, body, upstream: "return 200 good;") { (scene, server, _) throws in
            #expect(try scene.get("/good").text == "good")
            #expect(try scene.get("/faulty").status == 502)
            #expect(eventually { server.errorLog.contains("could not be used when the configuration was read") })
            #expect(server.errorLog.contains("none.crt"))
        }
    }

    /// What is asked of an upstream after a reload is asked of it at once: nothing from before stands in for it. A key that only
    /// its owner may read is used by workers that may not.
    @Test(arguments: Front.only(.zendan))
    func aReloadAsksAnew(_ front: Front) throws {
        try Scene.play(front) { (scene) throws in
            let back = try scene.anotherSocket()
            let certificates = try TestCertificates.shared()
            let key = try scene.sandbox.write("client.key", bytes: certificates.bytes("client.key"))
            _ = unsafe chmod(key, 0o600)
            func text(_ settings: String) throws -> String {
                try scene.configuration(
                    "location / { proxy_pass https://kept; proxy_ssl_name wrong.test; \(settings) }",
                    http: """
                        upstream kept { server \(back); }
                        server {
                            listen \(back) ssl; \(try SecureScene.certificate("ec"))
                            ssl_verify_client optional; ssl_client_certificate \(certificates.path("ca.crt"));
                            return 200 "$ssl_client_verify";
                        }
                        """)
            }
            let server = try scene.start(try text(""))
            for _ in 0..<2 { #expect(try scene.get("/").text == "NONE") }
            try server.reload(
                try text("proxy_ssl_certificate \(certificates.path("client.crt")); proxy_ssl_certificate_key \(key);"))
            #expect(try eventually { try scene.get("/").text == "SUCCESS" })
            try server.reload(
                try text("proxy_ssl_verify on; proxy_ssl_trusted_certificate \(certificates.path("ca.crt"));"))
            #expect(try eventually { try scene.get("/").status == 502 })
            #expect(eventually { server.errorLog.contains("upstream SSL certificate does not match \"wrong.test\"") })
            // The file goes, what it held stays.
            let good = "proxy_ssl_certificate \(certificates.path("client.crt")); proxy_ssl_certificate_key \(key);"
            try server.reload(try text(good))
            #expect(try eventually { try scene.get("/").text == "SUCCESS" })
            scene.sandbox.remove("client.key")
            try server.reload()
            #expect(eventually { server.errorLog.contains("cannot load the certificate key") })
            for _ in 0..<3 { #expect(try scene.get("/").text == "SUCCESS") }
        }
    }
}
