import HTTP
import Platform
import TLS

/// What a request may know of the connection it came on; copied into the request, because a request may outlive it.
public struct ConnectionFacts {
    /// Counts connections of this process (`$connection`).
    public var number: UInt64 = 0
    /// Requests on this connection so far, this one included (`$connection_requests`).
    public var requests = 0
    /// The client: who connected, or whom a trusted proxy has named (`set_real_ip_from`).
    public var peer = SocketAddress.unix(path: "")
    public var local = SocketAddress.unix(path: "")
    /// Milliseconds since 1970.
    public var startedAt: Int64 = 0
    /// The client's descriptor, for `$tcpinfo_*`; -1: there is no client.
    public var descriptor: Int32 = -1
    /// `peer` is not who connected, but whom a trusted proxy has named.
    public private(set) var isForwarded = false
    /// What stands behind `peer`; nil for nearly every request.
    public private(set) var origin: ConnectionOrigin?

    /// How the request came.
    public enum Security: UInt8, Sendable {
        case plain, encrypted
        /// Without TLS where TLS is spoken: the request is refused (497).
        case missing
    }

    public var security = Security.plain
    /// What TLS knows of the connection, while the request lasts.
    public var session: TLSSession?

    public init() {}

    /// A new request of a connection: nobody has been believed yet.
    mutating func begin(_ peer: SocketAddress, _ origin: ConnectionOrigin?) {
        self.peer = peer
        self.origin = origin
        isForwarded = false
    }

    /// Takes the word of a trusted proxy for who the client is, for this request.
    public mutating func believe(_ client: SocketAddress) {
        if origin == nil { origin = ConnectionOrigin(peer: peer, proxyHeader: nil) }
        peer = client
        isForwarded = true
    }

    /// Who connected, whomever they have named (`$realip_remote_addr`).
    public var acceptedPeer: SocketAddress { origin?.peer ?? peer }
}

/// Who connected, where that is not all there is to say of a client.
public final class ConnectionOrigin: Sendable {
    /// The other end of the connection.
    public let peer: SocketAddress
    /// What it sent ahead of all else (`listen … proxy_protocol`).
    public let proxyHeader: ProxyHeader?

    public init(peer: SocketAddress, proxyHeader: ProxyHeader?) {
        self.peer = peer
        self.proxyHeader = proxyHeader
    }
}
