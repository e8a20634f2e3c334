import Bytes
import TestSupport
import Testing

@testable import TLS

/// Answers as the test tells it.
private final class Answering: TLSDirectory {
    var server: TLSServerChoice = .standard
    var identity: TLSIdentityChoice = .none
    var asked: [[UInt8]] = []

    func server(for name: [UInt8]) -> TLSServerChoice {
        asked.append(name)
        return server
    }

    func identities(for session: TLSSession) -> TLSIdentityChoice { identity }
}

@Suite(.needs(.openssl)) struct NameTests {
    private func other(_ change: (inout TLSServerSettings) throws -> Void = { _ in }) throws -> TLSServerContext {
        try Contexts.server {
            $0.identities = [try TestCertificates.shared().identity("other")]
            try change(&$0)
        }
    }

    @Test func theNameChoosesTheServerAsServerNameDoes() throws {
        let contexts = try (0..<5).map { _ in try Contexts.server() }
        let names = TLSServerNames(
            [
                ("example.com", contexts[0]), ("*.example.com", contexts[1]), ("*.deep.example.com", contexts[2]),
                ("www.example.*", contexts[3]), (".dot.test", contexts[4]),
            ], other: { $0 == Array("regex.test".utf8) ? contexts[0] : nil })
        func found(_ name: String) -> Int? {
            guard case .server(let context) = names.server(for: Array(name.utf8)) else { return nil }
            return contexts.firstIndex { $0 === context }
        }
        #expect(found("example.com") == 0 && found("a.example.com") == 1 && found("a.b.example.com") == 1)
        #expect(found("x.deep.example.com") == 2 && found("www.example.net") == 3 && found("www.example.co.uk") == 3)
        #expect(found("dot.test") == 4 && found("a.dot.test") == 4 && found("regex.test") == 0)
        #expect(found("unknown.test") == nil && found(".example.com") == nil && found("xdot.test") == nil)
    }

    @Test(arguments: [TLSProtocols.tls12, .tls13])
    func aNamedServerShowsItsOwnCertificate(_ version: TLSProtocols) throws {
        let names = TLSServerNames([("other.test", try other())])
        let client = try Contexts.client { $0.protocols = version }
        let pair = try SessionPair(Contexts.server(), client, directory: names, name: "other.test")
        #expect(pair.handshake() == ("done", "done"))
        #expect(pair.client.peerCertificate?.names == ["other.test"])
        #expect(pair.server.serverName == "other.test")
        let unknown = try SessionPair(Contexts.server(), client, directory: names, name: "example.com")
        #expect(unknown.handshake() == ("done", "done"))
    }

    @Test func theNamedServersProtocolsCount() throws {
        let names = TLSServerNames([("other.test", try other { $0.protocols = .tls13 })])
        let pair = try SessionPair(
            Contexts.server { $0.protocols = .tls12 }, Contexts.client(), directory: names, name: "other.test")
        #expect(pair.handshake() == ("done", "done"))
        #expect(pair.server.protocolName == "TLSv1.3")
    }

    @Test func aServerMayRefuse() throws {
        let rejecting = try TLSServerContext(TLSServerSettings())
        #expect(rejecting.rejectsHandshake)
        let names = TLSServerNames([("other.test", try other())])
        let refused = try SessionPair(rejecting, Contexts.client(), directory: names)
        let result = refused.handshake()
        #expect(result.client.contains("unrecognized name") && result.server.contains("refuses handshakes"))
        let known = try SessionPair(rejecting, Contexts.client(), directory: names, name: "other.test")
        #expect(known.handshake() == ("done", "done"))
        let directory = Answering()
        directory.server = .reject
        let asked = try SessionPair(Contexts.server(), Contexts.client(), directory: directory)
        #expect(asked.handshake().client.contains("unrecognized name"))
    }

    @Test func theDirectoryMayTakeItsTime() throws {
        let directory = Answering()
        directory.server = .wait
        let pair = try SessionPair(
            Contexts.server {
                $0.identities = []
                $0.asksForIdentities = true
            }, Contexts.client(), directory: directory)
        #expect(pair.handshake().server == "waits")
        #expect(directory.asked.last == Array("example.com".utf8))
        directory.server = .standard
        directory.identity = .wait
        #expect(SessionPair.word(pair.server.handshake()) == "waits")
        directory.identity = .identities([try TestCertificates.shared().identity("ec")])
        #expect(pair.handshake() == ("done", "done"))
        #expect(pair.client.put("x") == 1 && pair.server.take() == [120])
    }

    @Test func noCertificateForAVariableFailsTheHandshake() throws {
        let pair = try SessionPair(
            Contexts.server {
                $0.identities = []
                $0.asksForIdentities = true
            }, Contexts.client(), directory: Answering())
        let result = pair.handshake()
        #expect(result.server.contains("no usable certificate") && result.client.contains("alert"))
    }

    @Test func theExtensionIsReadWithCare() {
        func name(_ bytes: [UInt8]) -> String? {
            ServerCallbacks.parseServerName(bytes.span).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(name([0, 6, 0, 0, 3, 65, 46, 66]) == "a.b")
        #expect(name([0, 5, 0, 0, 2, 65, 46]) == "a")
        #expect(name([0, 4, 0, 0, 1, 46]) == nil)
        #expect(name([]) == nil && name([0, 1, 0]) == nil && name([0, 6, 0, 0, 9, 65, 66, 67]) == nil)
        #expect(name([0, 5, 0, 0, 2, 65, 0]) == nil)
        #expect(name([0, 5, 1, 0, 2, 65, 66]) == nil && name([0, 9, 0, 0, 2, 65, 66]) == nil)
    }

    @Test func applicationProtocolsAreChosenByOurPreference() {
        func choice(_ own: [UInt8], _ offered: [UInt8]) -> Range<Int>? { ServerCallbacks.choose(own.span, offered.span) }
        #expect(choice([1, 97, 1, 98], [1, 98, 1, 97]) == 3..<4)
        #expect(choice([1, 97], [2, 97, 97]) == nil && choice([1, 97], [9, 97]) == nil && choice([1, 97], [0, 97]) == nil)
        #expect(choice([], [1, 97]) == nil && choice([1, 97], []) == nil)
    }
}
