import Bytes
import EventLoops
import HTTP
import Observability
import Platform
import TLS

/// TLS on a client's connection: the handshake, what is different about reading, and the end.
extension HTTP1Connection {
    // MARK: Handshake

    /// Goes on with the handshake. The session begins when the client's first record is whole: who never sends one costs the
    /// bytes that have come.
    func shakeHands() {
        if transport.session == nil {
            guard let greeting = takeGreeting() else { return }
            transport.session = beginSession(greeting)
        }
        guard let session = transport.session else { return close() }
        switch session.handshake() {
        case .done: established()
        case .wantsRead: want(HTTP1Connection.restInterest)
        case .wantsWrite: want([.writable, .peerClosed])
        // No directory here makes anybody wait.
        case .wantsDirectory: close()
        case .plain: speakPlainly(session.takePlainBytes())
        case .closed:
            logHandshake(.info, "peer closed connection in SSL handshake")
            close()
        case .failed(let failure):
            logHandshake(failure.isPeersDoing ? .info : .crit, failure.reason)
            close()
        }
    }

    /// The first bytes, once a record is whole, or they are too many to wait for, or no record at all; nil: there is more to
    /// come, or nothing ever will.
    private func takeGreeting() -> [UInt8]? {
        let block = serving.heads.take()
        defer { serving.heads.give(block) }
        if let pipelined { block.append(pipelined.bytes) }
        switch transport.receive(into: block) {
        case .done: break
        case .wouldBlock: return nil
        case .closed, .failed:
            logHandshake(.info, "peer closed connection in SSL handshake")
            close()
            return nil
        }
        let bytes = block.bytes
        if HTTP1Connection.needsMore(bytes), block.room > 0 {
            let kept = ByteBuffer(capacity: bytes.count)
            kept.append(bytes)
            pipelined = kept
            return nil
        }
        pipelined = nil
        var greeting: [UInt8] = []
        greeting.append(bytes)
        return greeting
    }

    /// A record of a handshake (RFC 8446 §5.1) that is not whole, and may become so.
    private static func needsMore(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 0, bytes[0] == 0x16, bytes.count < 2 || bytes[1] == 3 else { return false }
        if bytes.count < 5 { return true }
        let length = Int(bytes[3]) << 8 | Int(bytes[4])
        return length <= 16384 && bytes.count < 5 + length
    }

    private func beginSession(_ greeting: [UInt8]) -> TLSSession? {
        // A reload may have taken TLS, or the whole address, away.
        guard let hosts, let context = hosts.tls else { return nil }
        do throws(TLSError) {
            return try TLSSession(
                server: context, directory: hosts, socket: transport.rawValue, scratch: serving.tlsScratch, early: greeting)
        } catch {
            logHandshake(.crit, error.reason)
            return nil
        }
    }

    private func established() {
        guard let hosts else { return close() }
        phase = .idle
        want(HTTP1Connection.restInterest)
        setDeadline(.head, after: hosts.defaultServer.options.clientHeaderTimeout)
        // The request has mostly come with the last message of the handshake.
        readHead()
        if phase == .idle || phase == .reading { listen(for: HTTP1Connection.restInterest) }
    }

    /// The client has sent a request without TLS. It is read, for its answer depends on what it asks for, and refused (497).
    private func speakPlainly(_ bytes: [UInt8]) {
        transport.session = nil
        isMissingTLS = true
        guard let hosts else { return close() }
        let context = makeContext(hosts)
        if context.head.buffer.room < bytes.count { context.head.buffer = ByteBuffer(capacity: bytes.count) }
        context.head.buffer.append(bytes.span)
        self.context = context
        phase = .reading
        want(HTTP1Connection.restInterest)
        decode(context, hosts)
    }

    /// As nginx's: what happened, `while SSL handshaking`, who with.
    func logHandshake(_ level: LogLevel, _ what: String) { logTLS(level, what, " while SSL handshaking") }

    private func logTLS(_ level: LogLevel, _ what: String, _ action: StaticString) {
        let log = hosts?.defaultServer.fallback.core.errorLog ?? serving.errorLog
        guard log.takes(level) else { return }
        var record = log.record(level, now: loop.wallNow / 1000, connection: number)
        record.append(what)
        record.append(action)
        record.append(client: Array(peer.host.utf8).span)
        record.append(server: Array(listenAddress.description.utf8).span)
        log.write(record)
    }

    // MARK: Reading

    /// Waits for the socket; where the session has more to give without it, the end of the turn goes on with that.
    func listen(for interest: Readiness) {
        want(interest)
        if transport.hasUnread, interest.contains(.readable) { loop.atEndOfTurn(self) }
    }

    func readUnread() {
        switch phase {
        case .idle, .reading: readHead()
        case .exchanging: if interest.contains(.readable) { readBody() }
        case .discarding, .lingering: throwAway()
        case .proxyHeader, .handshaking, .closed: break
        }
    }

    /// Tells the request how it came. A context is used again: what it held of another connection goes.
    func prepareSecurity(_ context: RequestContext) {
        context.connection.session = transport.session
        context.connection.security = isMissingTLS ? .missing : transport.isEncrypted ? .encrypted : .plain
    }

    // MARK: The end

    /// Says farewell, unless something is missing: a client must not take a part for the whole.
    func endEncryption() {
        guard let session = transport.session else { return }
        if let failure = session.failure, phase != .handshaking {
            logTLS(failure.isPeersDoing ? .info : .crit, failure.reason, " on a connection")
        }
        if !isCutShort { _ = session.shutdown() }
    }
}
