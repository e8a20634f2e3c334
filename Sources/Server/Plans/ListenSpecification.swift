import Configuration
import Platform

/// One `listen` of one server.
package struct ListenSpecification: Sendable, Hashable {
    package var address: SocketAddress
    package var isDefaultServer = false
    package var reusesPort = false
    package var ipv6Only = true
    /// nil: the default (511).
    package var backlog: Int?
    /// Whether the statement sets options of the socket; only one statement per address may.
    package var setsOptions = false
    /// The rest of what the statement sets.
    package var options = ListenOptions()
    package var location: SourceLocation

    package init(address: SocketAddress, location: SourceLocation) {
        self.address = address
        self.location = location
    }
}
