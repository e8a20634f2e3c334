import Bytes
import Platform
import TestSupport
import Testing

@testable import TLS

/// Peers that do not do as they should: each costs its own connection and nothing else.
@Suite(.needs(.openssl)) struct HostilePeerTests {
    /// A server session and the naked socket of its client.
    private final class Naked {
        let session: TLSSession
        let client: SharedDescriptor
        private let server: SharedDescriptor

        init(_ context: TLSServerContext, _ early: [UInt8]) throws {
            var ends: (SharedDescriptor, SharedDescriptor)?
            try Socket.pair().split { ends = (SharedDescriptor($0), SharedDescriptor($1)) }
            (client, server) = try #require(ends)
            Socket.setNonBlocking(client.rawValue)
            Socket.setNonBlocking(server.rawValue)
            session = try TLSSession(
                server: context, directory: TLSServerNames([]), socket: server.rawValue, scratch: TLSScratch(), early: early)
        }

        /// One step of the handshake, in a word; empty when it wants more.
        func step() -> String { SessionPair.word(session.handshake()) }

        /// What the server has sent.
        func received() -> [UInt8] {
            let buffer = ByteBuffer(capacity: 8192)
            _ = buffer.fill { span in
                if case .done(let count) = Socket.receive(client.rawValue, into: &span) { return count }
                return 0
            }
            return buffer.bytes.array
        }
    }

    private func naked(_ early: [UInt8] = [], _ context: TLSServerContext? = nil) throws -> Naked {
        try Naked(context ?? Contexts.server(), early)
    }

    private func send(_ bytes: [UInt8], _ socket: SharedDescriptor) { _ = Socket.send(socket.rawValue, bytes.span) }

    /// The first message of a client.
    private func hello() throws -> [UInt8] {
        let pair = try SessionPair(Contexts.server(), Contexts.client())
        _ = pair.client.handshake()
        let buffer = ByteBuffer(capacity: 4096)
        _ = buffer.fill { span in
            if case .done(let count) = Socket.receive(pair.serverSocket.rawValue, into: &span) { return count }
            return 0
        }
        return buffer.bytes.array
    }

    @Test func plainHTTPIsTold() throws {
        let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let peer = try naked()
        #expect(peer.step() == "")
        send(request, peer.client)
        #expect(peer.step() == "plain")
        #expect(peer.session.takePlainBytes() == request)
        let other = try naked(request)
        #expect(other.step() == "plain")
        #expect(other.session.takePlainBytes() == request)
    }

    @Test func garbageFailsWithAReason() throws {
        for garbage: [UInt8] in [
            [0x16, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0x16, 3, 1, 0xff, 0xff, 0, 0, 0, 0], [0x80, 1, 2, 3, 4, 5, 6, 7],
            [0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0], [0x16, 3, 1, 0, 0, 0x16, 3, 1, 0, 0],
        ] {
            let peer = try naked()
            send(garbage, peer.client)
            Socket.shutdownWrite(peer.client.rawValue)
            var word = peer.step()
            if word.isEmpty { word = peer.step() }
            #expect(word == "closed" || word.contains("SSL"), "\(garbage): \(word)")
            // Asked again, it says the same.
            #expect(["closed", word].contains(peer.step()))
        }
    }

    @Test func aHandshakeMayBeCutAnywhereAndMayComeByteByByte() throws {
        let hello = try hello()
        #expect(hello.count > 100)
        for length in stride(from: 0, to: hello.count, by: 7) {
            let peer = try naked()
            send(Array(hello[..<length]), peer.client)
            #expect(peer.step() == "")
            Socket.shutdownWrite(peer.client.rawValue)
            #expect(peer.step() == "closed")
        }
        let peer = try naked()
        for byte in hello {
            #expect(peer.step() == "")
            send([byte], peer.client)
        }
        #expect(peer.step() == "")
        let answer = peer.received()
        #expect(answer.count > 500 && answer[0] == 0x16)
    }

    @Test func bytesReadBeforeTLSBeginsCount() throws {
        let hello = try hello()
        for cut in [1, 5, 100, hello.count] {
            let peer = try naked(Array(hello[..<cut]))
            if cut < hello.count {
                #expect(peer.step() == "")
                send(Array(hello[cut...]), peer.client)
            }
            #expect(peer.step() == "")
            #expect(peer.received().count > 500)
        }
    }

    @Test func everyByteOfAHelloMayBeWrong() throws {
        let hello = try hello()
        let context = try Contexts.server()
        var numbers = Numbers(seed: 7)
        for _ in 0..<400 {
            var bytes = hello
            for _ in 0...numbers.next(below: 3) { bytes[numbers.next(below: bytes.count)] = UInt8(numbers.next(below: 256)) }
            let peer = try naked([], context)
            send(bytes, peer.client)
            Socket.shutdownWrite(peer.client.rawValue)
            for _ in 0..<3 { _ = peer.step() }
        }
    }

    @Test func aRecordThatWasChangedOnTheWayEndsTheConnection() throws {
        let pair = try SessionPair(Contexts.server(), Contexts.client())
        pair.handshake()
        _ = pair.client.take()
        send([0x17, 3, 3, 0, 30] + [UInt8](repeating: 7, count: 30), pair.clientSocket)
        #expect(pair.server.take() == nil)
        #expect(
            pair.server.failure?.reason.contains("bad") == true
                || pair.server.failure?.reason.contains("decryption failed") == true)
        #expect(pair.server.failure?.isPeersDoing == true)
        let byte: [UInt8] = [1]
        guard case .failed = pair.server.send(byte.span) else { return #expect(Bool(false), "nothing is sent after that") }
    }
}
