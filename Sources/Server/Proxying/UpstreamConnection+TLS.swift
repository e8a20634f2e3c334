import Bytes
import EventLoops
import Platform
import TLS

/// TLS on a connection to an upstream.
extension UpstreamConnection {
    /// Whether the connection may carry a request that wants to reach `wanted`. (One without TLS never meets a connection with
    /// it: their keys differ.)
    func isFor(_ wanted: UpstreamIdentity) -> Bool {
        identity === wanted || identity?.name == wanted.name
    }

    /// After each read: what a session has decrypted already waits for nobody's readiness.
    @inline(__always)
    func noteUnread() {
        if transport.hasUnread { readiness.insert(.readable) }
    }

    /// Keeps what the upstream has offered for the next connection to it.
    func keepResumption() {
        guard let resumptions, let offer = transport.session?.takeResumption() else { return }
        resumptions.keep(offer, for: key)
    }

    /// Says farewell, where both sides still understand each other.
    func endEncryption() {
        keepResumption()
        if let session = transport.session, session.failure == nil { _ = session.shutdown() }
    }

    /// Something has come while the connection idles. Of TLS it may be a message of the protocol itself, which is no reason to
    /// part: an offer to resume, other keys.
    func goesOnIdling(_ readiness: Readiness) -> Bool {
        guard let session = transport.session, readiness == .readable else { return false }
        guard case .wouldBlock = session.receive(into: ByteBuffer(capacity: 1)), !session.hasUnread else { return false }
        keepResumption()
        return true
    }
}
