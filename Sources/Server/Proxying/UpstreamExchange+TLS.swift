import EventLoops
import Observability
import Platform
import TLS

/// TLS on the way to an upstream: the handshake, whom it has to be with, and what the log says where it is not.
extension UpstreamExchange {
    /// Agrees on TLS on the connection that has just been made. It may take as long as connecting.
    func shakeHands(_ identity: UpstreamIdentity) async -> ConnectResult {
        guard let connection, let session = beginSession(connection, identity) else {
            dropConnection()
            return .failed(.error)
        }
        let deadline = loop.now + plan.options.connectTimeout
        while true {
            connection.readiness = []
            switch session.handshake() {
            case .done:
                connection.want([.readable, .peerClosed])
                connection.keepResumption()
                return .done
            case .wantsRead: connection.want([.readable, .peerClosed])
            case .wantsWrite: connection.want([.writable, .peerClosed])
            case .failed(let failure): return refuse(connection, explain(failure, identity))
            case .closed, .plain, .wantsDirectory:
                return refuse(connection, "peer closed connection in SSL handshake")
            }
            _ = await owner.park(until: deadline)
            if isAbandoned {
                dropConnection()
                return .gone
            }
            // Also where something comes all the time.
            if loop.now >= deadline {
                logFailure("upstream timed out", .timedOut, .handshaking)
                dropConnection()
                return .failed(.timeout)
            }
        }
    }

    private func beginSession(_ connection: UpstreamConnection, _ identity: UpstreamIdentity) -> TLSSession? {
        guard let security = plan.options.security, let context = security.context.context else {
            logSecurity("a file that \"proxy_ssl_…\" names could not be used when the configuration was read")
            return nil
        }
        if context.verifies, identity.name.isEmpty {
            logSecurity(UpstreamExchange.mismatch(identity))
            return nil
        }
        do throws(TLSError) {
            let session = try TLSSession(
                client: context, serverName: security.sendsName ? identity.name : nil, peerName: identity.name,
                resuming: security.reusesSessions ? serving.resumptions.find(connection.key) : nil,
                socket: connection.transport.rawValue, scratch: serving.tlsScratch)
            connection.transport.session = session
            connection.identity = identity
            if security.reusesSessions { connection.resumptions = serving.resumptions }
            return session
        } catch {
            logSecurity(error.reason)
            return nil
        }
    }

    /// The handshake has failed: whatever was to be resumed is not tried again.
    private func refuse(_ connection: UpstreamConnection, _ reason: String) -> ConnectResult {
        serving.resumptions.forget(connection.key)
        logSecurity(reason)
        dropConnection()
        return .failed(.error)
    }

    private static func mismatch(_ identity: UpstreamIdentity) -> String {
        "upstream SSL certificate does not match \"\(identity.name)\""
    }

    /// nginx's words where it has any.
    private func explain(_ failure: TLSFailure, _ identity: UpstreamIdentity) -> String {
        let reason = failure.reason
        guard reason.hasPrefix("certificate verify error") else { return reason }
        // The certificate is somebody else's.
        if reason.contains("(62:") || reason.contains("(64:") { return UpstreamExchange.mismatch(identity) }
        return "upstream SSL \(reason)"
    }

    private func logSecurity(_ reason: String) { logFailure(text: reason, .handshaking) }

    /// Why nothing can be read any more: TLS knows more than the socket.
    func logReceiveFailure(_ connection: UpstreamConnection, _ error: SystemError, _ phase: Phase) {
        if let failure = connection.transport.session?.failure {
            logFailure(text: failure.reason, phase)
        } else {
            logFailure("recv() failed", error, phase)
        }
    }
}
