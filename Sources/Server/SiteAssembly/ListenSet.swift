import Configuration
import Platform

/// The sockets that a configuration listens on, for whoever opens them.
public struct ListenSet: Sendable {
    /// One per address; statements of several servers for one address are merged.
    public var sockets: [ListenSpecification] = []

    public init() {}

    public var addresses: [SocketAddress] { sockets.map(\.address) }
}

extension ListenSpecification {
    /// Listens on the address, with all that the statement says of the socket. Errors: what `bind`, `listen` say.
    public func open() throws(SystemError) -> FileDescriptor {
        let backlog = Int32(clamping: self.backlog ?? ListenSpecification.defaultBacklog)
        let descriptor = try Socket.listen(on: address, backlog: backlog, reusePort: reusesPort, ipv6Only: ipv6Only)
        try options.apply(to: descriptor.rawValue)
        return descriptor
    }

    /// As nginx on Linux.
    public static let defaultBacklog = 511
}
