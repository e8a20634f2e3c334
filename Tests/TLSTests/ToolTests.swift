import Bytes
import Glibc
import Platform
import TestSupport
import Testing

@testable import TLS

/// Against the openssl program as client and as server, over TCP.
@Suite(.needs(.openssl)) struct ToolTests {
    /// Serves one connection: answers the first bytes with `pong`, then reads to the end. Returns what was read.
    private func serve(_ listener: Int32, _ context: TLSServerContext) throws -> (progress: String, text: String) {
        var accepted: SharedDescriptor?
        _ = eventually {
            if case .connection(let descriptor, _) = Socket.accept(listener) { accepted = SharedDescriptor(descriptor) }
            return accepted != nil
        }
        let socket = try #require(accepted)
        let session = try TLSSession(server: context, socket: socket.rawValue, scratch: TLSScratch())
        var word = ""
        _ = eventually {
            word = SessionPair.word(session.handshake())
            return !word.isEmpty
        }
        guard word == "done" else { return (word, "") }
        var text = ""
        _ = eventually {
            guard let part = session.take() else { return true }
            if !part.isEmpty, text.isEmpty {
                session.put("pong\n")
                _ = session.shutdown()
                Socket.shutdownWrite(socket.rawValue)
            }
            text += String(decoding: part, as: UTF8.self)
            return false
        }
        return (word, text)
    }

    private func client(_ context: TLSServerContext, _ options: String, input: String = "ping") throws
        -> (output: String, server: (progress: String, text: String))
    {
        let listener = SharedDescriptor(
            try Socket.listen(on: .v4(.loopback, port: 0), backlog: 4, reusePort: false, ipv6Only: true))
        let port = try #require(Socket.localAddress(listener.rawValue)?.port)
        let server = Background { try serve(listener.rawValue, context) }
        let ca = try TestCertificates.shared().path("ca.crt")
        // The program's input stays open until it ends by itself.
        let command =
            "mkfifo in && exec 3<>in && printf '\(input)\\n' >&3 && "
            + "openssl s_client -connect 127.0.0.1:\(port) -CAfile \(ca) \(options) <in 2>&1"
        let sandbox = try Sandbox()
        let output = try run("/bin/sh", ["-c", command], directory: sandbox.path).output
        return (output, try server.wait())
    }

    @Test func theProgramIsServed() throws {
        for version in ["-tls1_2", "-tls1_3"] {
            let result = try client(Contexts.server(), "\(version) -servername example.com -verify_hostname example.com")
            #expect(result.output.contains("Verify return code: 0 (ok)") && result.output.contains("pong"))
            #expect(result.server.progress == "done" && result.server.text == "ping\n")
        }
    }

    @Test func renegotiationIsRefused() throws {
        let result = try client(Contexts.server(), "-tls1_2", input: "R")
        #expect(result.output.contains("RENEGOTIATING"))
        #expect(result.output.contains("no renegotiation"))
    }

    @Test func anOldVersionAndASmallCipherAreRefused() throws {
        let old = try client(Contexts.server(), "-tls1_1 -cipher DEFAULT@SECLEVEL=0")
        #expect(old.server.progress.contains("unsupported protocol"))
        let small = try client(Contexts.server(), "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA")
        #expect(small.server.progress.contains("no shared cipher"))
    }

    @Test func aStapledResponseIsSeen() throws {
        // Not a response that means anything: the program prints that there was one.
        let result = try client(Contexts.server { $0.stapledResponse = [0x30, 0x03, 0x0a, 0x01, 0x06] }, "-status")
        #expect(result.output.contains("OCSP response:") && !result.output.contains("no response sent"))
    }

    @Test func theProgramAsAnUpstream() throws {
        let pki = try TestCertificates.shared()
        let listener = SharedDescriptor(
            try Socket.listen(on: .v4(.loopback, port: 0), backlog: 4, reusePort: false, ipv6Only: true))
        let port = try #require(Socket.localAddress(listener.rawValue)?.port)
        // The program cannot take over a socket: the port is given back right before it takes it.
        _ = shutdown(listener.rawValue, Int32(SHUT_RDWR))
        let server = try ChildProcess(
            "/usr/bin/openssl",
            [
                "s_server", "-accept", "127.0.0.1:\(port)", "-cert", pki.path("ec.crt"), "-key", pki.path("ec.key"),
                "-cert_chain", pki.path("middle.crt"), "-CAfile", pki.path("ca.crt"), "-Verify", "3", "-www",
            ], output: pki.path("s_server.log"))
        defer { server.end() }
        var socket: SharedDescriptor?
        _ = eventually {
            guard let made = try? Socket.stream(AF_INET) else { return false }
            let shared = SharedDescriptor(made)
            Socket.setNonBlocking(shared.rawValue)
            guard (try? Socket.connect(shared.rawValue, to: .v4(.loopback, port: port))) != nil else { return false }
            let isUp = eventually(within: .milliseconds(300)) { SessionPair.isWritable(shared.rawValue) }
            guard isUp, Socket.takeError(shared.rawValue) == nil else { return false }
            socket = shared
            return true
        }
        let raw = try #require(socket).rawValue
        let context = try Contexts.client { $0.identity = try pki.identity("client", chain: []) }
        let session = try TLSSession(
            client: context, serverName: "example.com", peerName: "example.com", socket: raw, scratch: TLSScratch())
        var word = ""
        #expect(
            eventually {
                word = SessionPair.word(session.handshake())
                return !word.isEmpty
            })
        #expect(word == "done")
        session.put("GET / HTTP/1.0\r\n\r\n")
        var text = ""
        _ = eventually {
            guard let part = session.take() else { return true }
            text += String(decoding: part, as: UTF8.self)
            return false
        }
        #expect(text.hasPrefix("HTTP/1.0 200 ok") && server.output.contains("CN = alice"))
        #expect(session.takeResumption() != nil)
    }
}
