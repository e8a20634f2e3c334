import Bytes
import Glibc
import Platform
import TLS
import TestSupport

/// A client and a server session at the two ends of a socket pair, driven in turn by the test's thread.
final class SessionPair {
    let client: TLSSession
    let server: TLSSession
    let clientSocket: SharedDescriptor
    let serverSocket: SharedDescriptor
    let scratch = TLSScratch()

    init(
        _ serverContext: TLSServerContext, _ clientContext: TLSClientContext, directory: (any TLSDirectory)? = nil,
        name: String? = "example.com", resuming: TLSResumption? = nil
    ) throws {
        var ends: (SharedDescriptor, SharedDescriptor)?
        try Socket.pair().split { ends = (SharedDescriptor($0), SharedDescriptor($1)) }
        guard let ends else { throw HarnessError("no socket pair") }
        (clientSocket, serverSocket) = ends
        Socket.setNonBlocking(clientSocket.rawValue)
        Socket.setNonBlocking(serverSocket.rawValue)
        server = try TLSSession(server: serverContext, directory: directory, socket: serverSocket.rawValue, scratch: scratch)
        client = try TLSSession(
            client: clientContext, serverName: name, peerName: name, resuming: resuming, socket: clientSocket.rawValue,
            scratch: scratch)
    }

    /// How the handshake came out on both sides: `done`, or a reason.
    @discardableResult
    func handshake() -> (client: String, server: String) {
        var client = ""
        var server = ""
        for _ in 0..<50 where client.isEmpty || server.isEmpty {
            if client.isEmpty { client = Self.word(self.client.handshake()) }
            if server.isEmpty { server = Self.word(self.server.handshake()) }
            // Who has failed goes away.
            if !["", "done", "waits"].contains(client) { Socket.shutdownWrite(clientSocket.rawValue) }
            if !["", "done", "waits"].contains(server) { Socket.shutdownWrite(serverSocket.rawValue) }
        }
        return (client, server)
    }

    static func word(_ progress: TLSSession.Progress) -> String {
        switch progress {
        case .done: "done"
        case .wantsRead, .wantsWrite: ""
        case .wantsDirectory: "waits"
        case .plain: "plain"
        case .closed: "closed"
        case .failed(let failure): failure.reason
        }
    }

    /// Sends all of `bytes` from one side to the other, as the sockets let it, and returns what arrived.
    static func transfer(_ bytes: [UInt8], from: TLSSession, to: TLSSession, room: Int = 70_000) -> [UInt8] {
        var sent = 0
        var got: [UInt8] = []
        let buffer = ByteBuffer(capacity: room)
        for _ in 0..<100_000 where got.count < bytes.count {
            if sent < bytes.count, case .done(let count) = from.send(bytes.span.extracting(sent..<bytes.count)) {
                sent += count
            }
            repeat {
                buffer.clear()
                if case .done = to.receive(into: buffer) { got += buffer.bytes.array }
            } while to.hasUnread
        }
        return got
    }
}

extension TLSSession {
    /// What there is to read now; nil at the end.
    func take(room: Int = 70_000) -> [UInt8]? {
        let buffer = ByteBuffer(capacity: room)
        switch receive(into: buffer) {
        case .done: return buffer.bytes.array
        case .wouldBlock: return []
        case .closed, .failed: return nil
        }
    }

    @discardableResult
    func put(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        if case .done(let count) = send(bytes.span) { return count }
        return nil
    }
}

/// Contexts as the tests want them.
enum Contexts {
    static func server(_ change: (inout TLSServerSettings) throws -> Void = { _ in }) throws -> TLSServerContext {
        var settings = TLSServerSettings()
        settings.identities = [try TestCertificates.shared().identity("ec")]
        settings.ticketKeys = try TLSTicketKeys(lifetime: 300)
        try change(&settings)
        return try TLSServerContext(settings)
    }

    /// Trusts the root of the tests.
    static func client(_ change: (inout TLSClientSettings) throws -> Void = { _ in }) throws -> TLSClientContext {
        var settings = TLSClientSettings()
        settings.verifies = true
        settings.depth = 5
        settings.trustedCAs = try TestCertificates.shared().certificates("ca")
        try change(&settings)
        return try TLSClientContext(settings)
    }
}

extension SessionPair {
    /// Whether a socket that connects has come through, or failed.
    static func isWritable(_ raw: Int32) -> Bool {
        var entry = pollfd(fd: raw, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&entry, 1, 0) == 1
    }
}
