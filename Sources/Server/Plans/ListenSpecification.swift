import Configuration
import Platform

/// One `listen` of one server.
public struct ListenSpecification: Sendable, Hashable {
    public var address: SocketAddress
    public var isDefaultServer = false
    /// TLS is spoken here.
    public var isEncrypted = false
    /// Connections begin with a header of the PROXY protocol. One statement of an address says it for all.
    public var expectsProxyHeader = false
    public var reusesPort = false
    public var ipv6Only = true
    /// nil: the default (511).
    public var backlog: Int?
    /// Whether the statement sets options of the socket; only one statement per address may.
    public var setsOptions = false
    /// The rest of what the statement sets.
    public var options = ListenOptions()
    public var location: SourceLocation

    public init(address: SocketAddress, location: SourceLocation) {
        self.address = address
        self.location = location
    }
}
