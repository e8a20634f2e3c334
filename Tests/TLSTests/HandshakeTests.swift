import Bytes
import Platform
import TestSupport
import Testing

@testable import TLS

@Suite(.needs(.openssl)) struct HandshakeTests {
    @Test(arguments: [TLSProtocols.tls12, .tls13])
    func bothSidesAgreeAndTalk(_ version: TLSProtocols) throws {
        let pair = try SessionPair(Contexts.server { $0.protocols = version }, Contexts.client())
        #expect(pair.handshake() == ("done", "done"))
        #expect(pair.server.protocolName == (version == .tls12 ? "TLSv1.2" : "TLSv1.3"))
        #expect(pair.client.put("ping") == 4)
        #expect(pair.server.take() == Array("ping".utf8))
        #expect(pair.server.take() == [])
        #expect(pair.server.put("pong") == 4)
        #expect(pair.client.take() == Array("pong".utf8))
        guard case .done = pair.server.shutdown() else { return #expect(Bool(false), "close_notify is small") }
        #expect(pair.client.take() == nil)
        #expect(pair.client.receivedCloseNotify)
    }

    @Test func anEndWithoutCloseNotifyIsAnEndAndCanBeTold() throws {
        let pair = try SessionPair(Contexts.server(), Contexts.client())
        pair.handshake()
        Socket.shutdownWrite(pair.serverSocket.rawValue)
        #expect(pair.client.take() == [] || pair.client.take() == nil)
        #expect(pair.client.take() == nil)
        #expect(!pair.client.receivedCloseNotify)
        #expect(pair.client.failure == nil)
    }

    @Test func factsOfAConnection() throws {
        let pair = try SessionPair(Contexts.server(), Contexts.client { $0.applicationProtocols = ["h2", "http/1.1"] })
        #expect(pair.handshake() == ("done", "done"))
        let server = pair.server
        #expect(server.serverName == "example.com" && server.applicationProtocol == "http/1.1")
        #expect(server.cipherName == "TLS_AES_256_GCM_SHA384" && server.curve == "X25519")
        #expect(server.clientCiphers.contains("TLS_AES_128_GCM_SHA256:") && server.clientCiphers.contains("ECDHE-RSA-AES"))
        #expect(server.clientCurves.hasPrefix("X25519:prime256v1"))
        #expect(!server.isResumed && server.verification == .none)
        #expect(pair.client.verification == .success)
        #expect(pair.client.peerCertificate?.subject() == "CN=example.com")
    }

    @Test func aVersionThatIsNotWantedIsRefused() throws {
        let pair = try SessionPair(
            Contexts.server { $0.protocols = .tls13 }, Contexts.client { $0.protocols = .tls12 })
        let result = pair.handshake()
        #expect(result.server.contains("unsupported protocol"))
        #expect(result.client.contains("alert protocol version"))
        #expect(pair.server.failure?.isPeersDoing == true)
    }

    @Test func noCommonApplicationProtocolIsAnAlert() throws {
        let pair = try SessionPair(Contexts.server(), Contexts.client { $0.applicationProtocols = ["smtp"] })
        #expect(pair.handshake().client.contains("no application protocol"))
        let ignoring = try SessionPair(
            Contexts.server { $0.applicationProtocols = [] }, Contexts.client { $0.applicationProtocols = ["smtp"] })
        #expect(ignoring.handshake() == ("done", "done"))
        #expect(ignoring.server.applicationProtocol == nil)
    }

    @Test func theClientsAbilitiesChooseTheKindOfCertificate() throws {
        let pki = try TestCertificates.shared()
        let both = try Contexts.server {
            $0.identities = [try pki.identity("ec"), try pki.identity("rsa")]
            $0.protocols = .tls12
        }
        for (ciphers, kind) in [("ECDHE-ECDSA-AES128-GCM-SHA256", "EC 256"), ("ECDHE-RSA-AES128-GCM-SHA256", "RSA 2048")] {
            let pair = try SessionPair(both, Contexts.client { $0.ciphers = ciphers })
            #expect(pair.handshake() == ("done", "done"))
            #expect(pair.client.peerCertificate?.keyDescription == kind)
            #expect(pair.client.cipherName == ciphers)
        }
    }

    @Test func serverPreferenceAndCommandsAndParameters() throws {
        let pki = try TestCertificates.shared()
        func cipher(_ change: @escaping (inout TLSServerSettings) throws -> Void) throws -> String {
            let server = try Contexts.server {
                $0.identities = [try pki.identity("rsa")]
                $0.protocols = .tls12
                $0.ciphers = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256"
                try change(&$0)
            }
            let pair = try SessionPair(
                server, Contexts.client { $0.ciphers = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384" })
            #expect(pair.handshake() == ("done", "done"))
            return pair.client.cipherName
        }
        #expect(try cipher { _ in } == "ECDHE-RSA-AES128-GCM-SHA256")
        #expect(try cipher { $0.prefersServerCiphers = true } == "ECDHE-RSA-AES256-GCM-SHA384")
        #expect(
            try cipher {
                $0.prefersServerCiphers = true
                $0.commands = [TLSCommand(name: "Options", value: "-ServerPreference")]
            } == "ECDHE-RSA-AES128-GCM-SHA256")
        let dhe = try SessionPair(
            Contexts.server {
                $0.identities = [try pki.identity("rsa")]
                $0.dhParameters = pki.bytes("dh.pem")
            },
            Contexts.client {
                $0.ciphers = "DHE-RSA-AES128-GCM-SHA256"
                $0.protocols = .tls12
            })
        #expect(dhe.handshake() == ("done", "done"))
    }

    @Test func commandsThatNameFilesTakeWhatWasRead() throws {
        let pki = try TestCertificates.shared()
        #expect(TLSCommand.namesFile("Certificate") && !TLSCommand.namesFile("Options"))
        let server = try Contexts.server {
            $0.commands = [
                TLSCommand(name: "Certificate", value: "rsa.crt", content: pki.bytes("rsa.crt") + pki.bytes("middle.crt")),
                TLSCommand(name: "PrivateKey", value: "rsa.key", content: pki.bytes("rsa.key")),
                TLSCommand(name: "CipherString", value: "ECDHE-RSA-AES128-GCM-SHA256"),
            ]
        }
        let pair = try SessionPair(server, Contexts.client { $0.protocols = .tls12 })
        #expect(pair.handshake() == ("done", "done"))
        #expect(pair.client.peerCertificate?.keyDescription == "RSA 2048")
        for wrong in [
            TLSCommand(name: "Certificate", value: "x"), TLSCommand(name: "VerifyCAPath", value: "/etc"),
            TLSCommand(name: "NoSuch", value: "x"),
        ] {
            #expect(throws: TLSError.self) { try Contexts.server { $0.commands = [wrong] } }
        }
    }

    @Test func whatTheLibraryRefusesIsSaid() throws {
        let pki = try TestCertificates.shared()
        func reason(_ change: @escaping (inout TLSServerSettings) throws -> Void) -> String {
            do {
                _ = try Contexts.server(change)
                return "accepted"
            } catch { return "\(error)" }
        }
        #expect(reason { $0.ciphers = "NONSENSE" }.contains("no cipher match"))
        #expect(reason { $0.curves = "nonsense" }.contains("SSL_CTX_set1_curves_list(\"nonsense\")"))
        #expect(reason { $0.protocols = [] }.contains("no version"))
        #expect(reason { $0.dhParameters = Array("x".utf8) }.contains("DHparams"))
        #expect(
            reason {
                $0.verification.mode = .on
                $0.verification.revocations = Array("x".utf8)
            }.contains("CRL"))
        #expect(throws: TLSError.self) { try TLSIdentity(certificates: pki.certificates("ec"), key: pki.key("rsa")) }
        #expect(throws: TLSError.self) { try Certificate.all(inPEM: []) }
        #expect(throws: TLSError.self) { try Certificate.all(inPEM: pki.bytes("ec.key")) }
        #expect(throws: TLSError.self) { try PrivateKey(pem: pki.bytes("ec.crt")) }
    }

    @Test func passPhrasesAreTriedOneAfterTheOther() throws {
        let locked = try TestCertificates.shared().bytes("ec.locked.key")
        #expect(throws: TLSError.self) { try PrivateKey(pem: locked) }
        #expect(throws: TLSError.self) { try PrivateKey(pem: locked, passphrases: [Array("wrong".utf8)]) }
        let key = try PrivateKey(pem: locked, passphrases: [Array("wrong".utf8), Array("secret".utf8)])
        #expect(key.matches(try TestCertificates.shared().certificates("ec")[0]))
    }

    @Test func aStapledResponseIsHandedOut() throws {
        // Any bytes do: the client of the tests does not ask, the openssl program would not parse them.
        let server = try Contexts.server { $0.stapledResponse = [1, 2, 3] }
        let pair = try SessionPair(server, Contexts.client())
        #expect(pair.handshake() == ("done", "done"))
    }
}
