import CLinux
import Glibc

/// Options of a listening socket beyond address and backlog: the rest of nginx's `listen` parameters.
public struct ListenOptions: Sendable, Hashable {
    /// `so_keepalive`: whether the kernel probes idle connections; nil: the system's default.
    public var keepAlive: Bool?
    /// Seconds before the first probe, seconds between probes, number of probes; nil: the system's.
    public var keepAliveIdle: Int32?
    public var keepAliveInterval: Int32?
    public var keepAliveCount: Int32?
    /// Bytes.
    public var receiveBuffer: Int32?
    public var sendBuffer: Int32?
    /// `deferred`: a connection is accepted only when data has come.
    public var defersAccept = false
    /// `fastopen`: length of the queue of connections whose handshake is not over.
    public var fastOpenQueue: Int32?

    public init() {}

    /// Sets them on a socket; accepted connections inherit. Errors: what `setsockopt` says.
    public func apply(to raw: Int32) throws(SystemError) {
        if let keepAlive { try set(raw, SOL_SOCKET, SO_KEEPALIVE, keepAlive ? 1 : 0) }
        let tcp = Int32(IPPROTO_TCP)
        if let keepAliveIdle { try set(raw, tcp, TCP_KEEPIDLE, keepAliveIdle) }
        if let keepAliveInterval { try set(raw, tcp, TCP_KEEPINTVL, keepAliveInterval) }
        if let keepAliveCount { try set(raw, tcp, TCP_KEEPCNT, keepAliveCount) }
        if let receiveBuffer { try set(raw, SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
        if let sendBuffer { try set(raw, SOL_SOCKET, SO_SNDBUF, sendBuffer) }
        if defersAccept { try set(raw, tcp, TCP_DEFER_ACCEPT, 1) }
        if let fastOpenQueue { try set(raw, tcp, TCP_FASTOPEN, fastOpenQueue) }
    }

    private func set(_ raw: Int32, _ level: Int32, _ name: Int32, _ value: Int32) throws(SystemError) {
        var value = value
        // Sound: the kernel reads one Int32 during the call.
        if unsafe setsockopt(raw, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) != 0 { throw SystemError.current }
    }
}
