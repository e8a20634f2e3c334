import Bytes
import TestSupport
import Testing

@testable import TLS

@Suite(.needs(.openssl)) struct VerificationTests {
    /// What the server finds of a client that shows `name`.
    private func found(
        _ name: String?, mode: ClientVerification.Mode = .on, revocations: Bool = false, depth: Int = 1,
        version: TLSProtocols = .tls13
    ) throws -> TLSSession.Verification {
        let pki = try TestCertificates.shared()
        let server = try Contexts.server {
            $0.verification.mode = mode
            $0.verification.depth = depth
            $0.verification.clientCAs = try pki.certificates("ca")
            if revocations { $0.verification.revocations = pki.bytes("ca.crl") }
        }
        let client = try Contexts.client {
            $0.protocols = version
            if let name { $0.identity = try pki.identity(name, chain: []) }
        }
        let pair = try SessionPair(server, client)
        #expect(pair.handshake() == ("done", "done"))
        // With TLS 1.3 the client's certificate comes with its last flight.
        _ = pair.client.put("x")
        #expect(pair.server.take() == [120])
        return pair.server.verification
    }

    @Test(arguments: [TLSProtocols.tls12, .tls13])
    func aClientsCertificateIsJudgedAndTheHandshakeGoesOn(_ version: TLSProtocols) throws {
        #expect(try found("client", version: version) == .success)
        #expect(try found(nil, version: version) == .none)
        #expect(try found("client", mode: .off, version: version) == .none)
        let stranger = try found("stranger", mode: .optionalWithoutCA, version: version)
        #expect(stranger.description == "FAILED:self-signed certificate" && stranger.isOnlyUnvouched)
    }

    @Test func revocationIsLookedUp() throws {
        #expect(try found("client", revocations: true) == .success)
        let revoked = try found("revoked", revocations: true)
        #expect(revoked.description == "FAILED:certificate revoked" && !revoked.isOnlyUnvouched)
        #expect(try found("revoked") == .success)
    }

    @Test func variablesOfAClientsCertificate() throws {
        let certificate = try TestCertificates.shared().certificates("client")[0]
        #expect(certificate.subject() == "CN=alice,O=Clients" && certificate.subject(.legacy) == "/O=Clients/CN=alice")
        #expect(certificate.issuer() == "CN=Root,O=Test" && certificate.issuer(.legacy) == "/O=Test/CN=Root")
        let path = try TestCertificates.shared().path("client.crt")
        func tool(_ arguments: String...) throws -> String {
            let output = try run("/usr/bin/openssl", ["x509", "-in", path, "-noout"] + arguments).output
            return output.split(separator: "=").last.map { String($0.filter { $0 != "\n" }) } ?? ""
        }
        #expect(try certificate.serial == tool("-serial"))
        #expect(
            try certificate.fingerprint() == tool("-fingerprint", "-sha1").filter { $0 != ":" }.lowercased())
        #expect(try certificate.validFromText == tool("-startdate") && certificate.validUntilText == tool("-enddate"))
        let pem = certificate.pem
        #expect(pem.hasPrefix("-----BEGIN CERTIFICATE-----\n") && pem.hasSuffix("-----END CERTIFICATE-----\n"))
        #expect(certificate.foldedVariable.contains("-----\n\t") && !certificate.foldedVariable.hasSuffix("\n"))
        #expect(certificate.escapedVariable.hasPrefix("-----BEGIN%20CERTIFICATE-----%0A"))
        #expect(try Certificate.all(inPEM: Array(pem.utf8))[0].der == certificate.der)
        let now = TLSTicketKeys.clock()
        #expect(
            [364, 365].contains(certificate.remainingDays(now: now)) && certificate.remainingDays(now: now + 400 * 86_400) == 0)
    }

    // MARK: Upstreams

    private func upstream(
        _ name: String, shows identity: String = "ec", chain: [String] = ["middle"],
        _ change: (inout TLSClientSettings) throws -> Void = { _ in }
    ) throws -> String {
        let server = try Contexts.server {
            $0.identities = [try TestCertificates.shared().identity(identity, chain: chain)]
        }
        let pair = try SessionPair(server, Contexts.client(change), name: name)
        let result = pair.handshake()
        if result.client != "done" { #expect(pair.client.failure?.reason == result.client) }
        return result.client
    }

    @Test func anUpstreamsCertificateIsChecked() throws {
        #expect(try upstream("example.com") == "done")
        #expect(try upstream("www.example.org") == "done")
        #expect(try upstream("127.0.0.1") == "done" && upstream("::1") == "done")
        #expect(try upstream("wrong.test") == "certificate verify error: (62:hostname mismatch)")
        #expect(try upstream("127.0.0.2") == "certificate verify error: (64:IP address mismatch)")
        #expect(try upstream("example.com", shows: "old") == "certificate verify error: (10:certificate has expired)")
        #expect(
            try upstream("example.com", chain: []) == "certificate verify error: (20:unable to get local issuer certificate)")
        #expect(
            try upstream("stranger", shows: "stranger", chain: [])
                == "certificate verify error: (18:self-signed certificate)")
        #expect(
            try upstream("example.com") { $0.depth = 0 } == "certificate verify error: (22:certificate chain too long)")
        #expect(try upstream("wrong.test", shows: "stranger", chain: []) { $0.verifies = false } == "done")
    }

    @Test func anAddressIsNoServerName() throws {
        let pair = try SessionPair(Contexts.server(), Contexts.client(), name: "127.0.0.1")
        #expect(pair.handshake() == ("done", "done"))
        #expect(pair.server.serverName == nil)
    }

    // MARK: Inspection

    @Test func whatIsWrongWithACertificateIsFound() throws {
        let pki = try TestCertificates.shared()
        let now = TLSTicketKeys.clock() + 2
        func findings(_ files: [String], key: String? = nil, names: [String] = [], at time: Int = now) throws
            -> [CertificateInspection.Finding]
        {
            let all = try Certificate.all(inPEM: files.flatMap { pki.bytes($0 + ".crt") })
            return try CertificateInspection(all, key: key.map(pki.key), serverNames: names, now: time).findings
        }
        #expect(try findings(["ec", "middle"], key: "ec", names: ["example.com", "a.example.org", "~x", "*.y"]) == [])
        #expect(try findings(["ec", "middle"], key: "rsa") == [.keyMismatch])
        #expect(try findings(["ec", "middle"], names: ["example.net"]) == [.nameNotCovered("example.net")])
        #expect(try findings(["old", "middle"]) == [.expired(daysAgo: 1)])
        #expect(try findings(["ec", "middle"], at: now + 360 * 86_400) == [.expiresSoon(days: 4)])
        #expect(try findings(["ec", "ca"]) == [.chainOutOfOrder(position: 2)])
        #expect(try findings(["ec"]) == [.chainIncomplete(issuer: "CN=Middle,O=Test")])
        #expect(try findings(["ec", "middle", "ca"]) == [.rootInChain])
        #expect(try findings(["stranger"]) == [])
        let all = try CertificateInspection(pki.certificates("ec", "middle"), key: nil, now: now)
        #expect(all.names == ["example.com", "*.example.org", "127.0.0.1", "::1"] && all.key == "EC 256")
        #expect(all.chain == ["CN=Middle,O=Test"] && all.subject == "CN=example.com")
        #expect(CertificateInspection.Finding.keyMismatch.isFatal && !CertificateInspection.Finding.rootInChain.isFatal)
    }
}
