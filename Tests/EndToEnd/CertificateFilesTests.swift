import Foundation
import TestSupport
import Testing

/// Certificates as files: who reads them, what a test and a start make of broken ones, what survives a reload.
@Suite(.needs(.curl, .openssl, .python3)) struct CertificateFilesTests {
    /// A scene whose certificate lies at `site.crt` and `site.key` in the sandbox, to be replaced.
    private func play(
        _ front: Front, _ body: String = "return 200 $ssl_server_name;", starting name: String? = "ec",
        _ test: (SecureScene, Files) throws -> Void
    ) throws {
        try Scene.play(front) { (scene) throws in
            let files = Files(scene)
            if let name { try files.put(name) }
            let server = try scene.start(try SecureScene.configuration(scene, body, certificate: files.lines))
            try test(SecureScene(scene: scene, certificates: try TestCertificates.shared(), server: server), files)
        }
    }

    struct Files {
        let scene: Scene
        init(_ scene: Scene) { self.scene = scene }

        var lines: String {
            "ssl_certificate \(scene.sandbox.path("site.crt")); ssl_certificate_key \(scene.sandbox.path("site.key"));"
        }

        /// Puts one of the test certificates there; the key for root alone.
        func put(_ name: String, key: String? = nil) throws {
            let certificates = try TestCertificates.shared()
            try scene.sandbox.write("site.crt", bytes: certificates.bytes(name + ".chain.crt"))
            try scene.sandbox.write("site.key.new", bytes: certificates.bytes((key ?? name) + ".key"))
            let (new, place) = (scene.sandbox.path("site.key.new"), scene.sandbox.path("site.key"))
            _ = unsafe chmod(new, 0o600)
            _ = unsafe rename(new, place)
        }
    }

    private func check(_ scene: Scene, _ arguments: [String] = []) throws -> (status: TestSupport.ExitStatus, output: String) {
        try run(
            scene.front.binary ?? "",
            ["-t", "-p", scene.sandbox.path + "/", "-c", scene.sandbox.path("server.conf")] + arguments)
    }

    @Test(.proves("ssl_certificate", "ssl_certificate_key"), arguments: Front.only(.zendan))
    func aTestSaysWhatIsWrong(_ front: Front) throws {
        try play(front) { (secure, files) throws in
            let scene = secure.scene
            #expect(try check(scene).status == .exited(0))
            try files.put("ec", key: "rsa")
            let mismatch = try check(scene)
            #expect(mismatch.status == .exited(1))
            #expect(mismatch.output.contains("the key \"\(scene.sandbox.path("site.key"))\" does not belong to certificate"))
            #expect(mismatch.output.contains("server.conf:") && mismatch.output.contains("test failed"))
            scene.sandbox.remove("site.key")
            let missing = try check(scene)
            #expect(missing.status == .exited(1))
            #expect(
                missing.output.contains("cannot load the certificate key \"\(scene.sandbox.path("site.key"))\" (No such file"))
            try files.put("old")
            let expired = try check(scene)
            #expect(expired.status == .exited(0))
            #expect(expired.output.contains("the certificate has expired"), "\(expired.output)")
            #expect(try check(scene, ["--strict"]).status == .exited(1))
            try files.put("other")
            #expect(try check(scene).output.contains("the certificate is not for \"example.com\""))
        }
    }

    @Test(.proves("ssl_certificate", "ssl_certificate_key"), arguments: Front.only(.zendan))
    func aServerWithoutItsKeyRefusesAndTheOthersServe(_ front: Front) throws {
        try Scene.play(front) { (scene) throws in
            let files = Files(scene)
            let plain = try scene.anotherSocket()
            let more = try """
            server { listen @ ssl; server_name other.test; \(SecureScene.certificate("other")) return 200 other; }
            server { listen \(plain); return 200 plain; }
            """
            let text = try SecureScene.configuration(scene, "return 200 here;", certificate: files.lines, more: more)
            let server = try scene.start(text)
            let secure = SecureScene(scene: scene, certificates: try TestCertificates.shared(), server: server)
            #expect(try secure.fetch("/").contains("unrecognized name"))
            #expect(try secure.fetch("/", host: "other.test").hasSuffix("other"))
            #expect(try plain.endpoint.get("/").text == "plain")
            #expect(server.errorLog.contains("cannot load the certificate"))
            #expect(eventually { server.errorLog.contains("no usable certificate") })
            // Once the files are there, a reload is all it takes.
            try files.put("ec")
            try server.reload()
            #expect(try eventually { try secure.fetch("/").hasSuffix("here") })
            // What breaks later breaks nothing.
            try files.put("other", key: "rsa")
            try server.reload()
            #expect(
                eventually { server.errorLog.contains("what \"\(scene.sandbox.path("site.key"))\" was before stays in use") })
            #expect(try secure.fetch("/").hasSuffix("here"))
            // Not for a worker that is started anew either.
            let worker = try #require(server.workers.first)
            _ = kill(worker, SIGKILL)
            #expect(eventually { server.workers.first.map { $0 != worker } ?? false })
            #expect(try secure.fetch("/").hasSuffix("here"))
            scene.sandbox.remove("site.key")
            try server.reload()
            #expect(eventually { server.errorLog.contains("cannot load the certificate key") })
            #expect(try secure.fetch("/").hasSuffix("here"))
            try files.put("rsa")
            try server.reload()
            #expect(try eventually { try secure.inspect().contains("Peer signature type: RSA") })
        }
    }

    @Test(arguments: Front.only(.zendan))
    func aWorkerCannotReadTheKey(_ front: Front) throws {
        try play(front) { (secure, _) throws in
            #expect(try secure.fetch("/").hasSuffix("example.com"))
            // It has the key in memory and no file that leads there.
            for worker in secure.server.workers {
                for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(worker)/fd") {
                    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(worker)/fd/\(name)")
                    #expect(target?.hasPrefix(secure.scene.sandbox.path("site.key")) != true)
                }
                let status = try String(contentsOfFile: "/proc/\(worker)/status", encoding: .utf8)
                if geteuid() == 0 { #expect(!status.contains("Uid:\t0\t")) }
            }
        }
    }

    /// Certificates renewed again and again while clients come: none is refused, and tickets from before lead in afterwards.
    @Test(arguments: Front.only(.zendan))
    func renewalsAreNotNoticed(_ front: Front) throws {
        try play(front, "ssl_session_cache shared:S:1m; return 200 \"$ssl_session_reused\";") { (secure, files) throws in
            let tickets = secure.scene.sandbox.path("ticket")
            let numbers = secure.scene.sandbox.path("number")
            _ = try secure.inspect(["-tls1_3", "-sess_out", tickets])
            _ = try secure.inspect(["-tls1_2", "-no_ticket", "-sess_out", numbers])
            let program = try secure.write(
                python: """
                    good = bad = 0
                    while not os.path.exists("\(secure.scene.sandbox.path("enough"))"):
                        try:
                            s = secure()
                            s.sendall(b"GET / HTTP/1.0\\r\\nHost: example.com\\r\\n\\r\\n")
                            if answer(s).startswith(b"HTTP/1.1 200"): good += 1
                            else: bad += 1
                            s.close()
                        except Exception as error:
                            bad += 1
                            print(error)
                    print("bad", bad, "some" if good > 20 else "few")
                    """)
            let clients = Background { try run(Peer.python3.path ?? "python3", [program], within: .seconds(60)).output }
            for round in 1...12 {
                try files.put(round % 2 == 0 ? "ec" : "rsa")
                try secure.server.reload()
                #expect(
                    eventually {
                        secure.server.errorLog.components(separatedBy: "uses the new configuration").count > round
                    })
            }
            try secure.scene.sandbox.write("enough", "")
            let said = try clients.wait()
            #expect(said == "bad 0 some\n", "\(said)")
            #expect(try secure.inspect(["-tls1_3", "-sess_in", tickets]).contains("Reused, TLSv1.3"))
            #expect(try secure.inspect(["-tls1_2", "-no_ticket", "-sess_in", numbers]).contains("Reused, TLSv1.2"))
            // A worker's death takes the sessions by number along, but no ticket.
            let worker = try #require(secure.server.workers.first)
            _ = kill(worker, SIGKILL)
            #expect(eventually { secure.server.workers.first.map { $0 != worker } ?? false })
            #expect(try secure.inspect(["-tls1_3", "-sess_in", tickets]).contains("Reused, TLSv1.3"))
        }
    }

    @Test(.proves("ssl_stapling", "ssl_early_data", "ssl_ocsp", "listen"), arguments: Front.only(.zendan))
    func whatIsNotThereIsSaid(_ front: Front) throws {
        let certificates = try TestCertificates.shared()
        let asking =
            "ssl_certificate \(certificates.path("asking.crt")); ssl_certificate_key \(certificates.path("asking.key"));"
        try Scene.play(front) { (scene) throws in
            func said(_ body: String, certificate: String? = nil, listen: String = "ssl") throws -> (
                TestSupport.ExitStatus, String
            ) {
                let text = try SecureScene.configuration(scene, body, certificate: certificate, listen: listen)
                try scene.sandbox.write("server.conf", text)
                let result = try check(scene)
                return (result.status, result.output)
            }
            let http2 = "clients are offered HTTP/1.1"
            for (status, output) in try [said("http2 on;"), said("", listen: "ssl http2")] {
                #expect(status == .exited(0) && output.contains(http2), "\(output)")
            }
            let harmless = try said("ssl_stapling on; ssl_stapling_verify on;")
            #expect(harmless.0 == .exited(0) && harmless.1.contains("the certificate names no OCSP responder"))
            let stapling = try said("ssl_stapling on;", certificate: asking)
            #expect(stapling.0 == .exited(1) && stapling.1.contains("\"ssl_stapling on\" is not supported yet"))
            let early = try said("ssl_early_data on;")
            #expect(early.0 == .exited(1) && early.1.contains("can send it again"))
            #expect(try said("ssl_early_data off; ssl_ocsp off;").0 == .exited(0))
            #expect(try said("ssl_ocsp on;").0 == .exited(1))
            let variable = try said("", certificate: "ssl_certificate /etc/$ssl_server_name.crt; ssl_certificate_key /etc/k;")
            #expect(variable.0 == .exited(1) && variable.1.contains("certificates named by variables"))
            let none = try said("", certificate: "")
            #expect(none.0 == .exited(1) && none.1.contains("no \"ssl_certificate\" is defined for the \"listen … ssl\""))
            let keyless = try said("", certificate: "ssl_certificate \(certificates.path("ec.crt"));")
            #expect(keyless.0 == .exited(1) && keyless.1.contains("no \"ssl_certificate_key\" is defined for certificate"))
            let ciphers = try said("ssl_ciphers NOSUCH;")
            #expect(ciphers.0 == .exited(1) && ciphers.1.contains("no cipher match"), "\(ciphers.1)")
            #expect(try said("ssl_verify_client on;").1.contains("no \"ssl_client_certificate\""))
            #expect(try said("ssl_session_cache shared:S:1k;").1.contains("too small"))
        }
    }
}
