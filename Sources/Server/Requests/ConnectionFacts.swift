import Platform
import TLS

/// What a request may know of the connection it came on; copied into the request, because a request may outlive it.
public struct ConnectionFacts {
    /// Counts connections of this process (`$connection`).
    public var number: UInt64 = 0
    /// Requests on this connection so far, this one included (`$connection_requests`).
    public var requests = 0
    public var peer = SocketAddress.unix(path: "")
    public var local = SocketAddress.unix(path: "")
    /// Milliseconds since 1970.
    public var startedAt: Int64 = 0
    /// The client's descriptor, for `$tcpinfo_*`; -1: there is no client.
    public var descriptor: Int32 = -1

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
}
