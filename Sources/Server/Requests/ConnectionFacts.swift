import Platform

/// What a request may know of the connection it came on; copied into the request, because a request may outlive it.
package struct ConnectionFacts {
    /// Counts connections of this process (`$connection`).
    package var number: UInt64 = 0
    /// Requests on this connection so far, this one included (`$connection_requests`).
    package var requests = 0
    package var peer = SocketAddress.unix(path: "")
    package var local = SocketAddress.unix(path: "")
    /// Milliseconds since 1970.
    package var startedAt: Int64 = 0
    /// The client's descriptor, for `$tcpinfo_*`; -1: there is no client.
    package var descriptor: Int32 = -1

    package init() {}
}
