import Bytes
import Platform

/// One configuration, as one loop serves it: immutable. Requests in flight keep the one they began with.
public final class Site: Sendable {
    public let hosts: [SocketAddress: VirtualHosts]
    /// By number: how many slots a request's variables need, and how they get their values.
    public let variables: [VariableComputation?]
    /// Counts configurations of this process: 1 at start, one more with each reload.
    public let generation: Int
    /// How many location plans there are; each has a number below.
    public let planCount: Int
    public let workerConnections: Int
    /// Heads of responses may be kept from one request for the next (`PreparedHead`): no variable looks at their fields.
    public let preparesHeads: Bool
    /// Wildcard sockets whose connections may have come to an address that is configured by itself.
    public let sharedListeners: Set<SocketAddress>

    public init(
        hosts: [SocketAddress: VirtualHosts], variables: [VariableComputation?], generation: Int, planCount: Int,
        workerConnections: Int, sharedListeners: Set<SocketAddress> = [], preparesHeads: Bool = true
    ) {
        self.hosts = hosts
        self.variables = variables
        self.generation = generation
        self.planCount = planCount
        self.workerConnections = workerConnections
        self.preparesHeads = preparesHeads
        self.sharedListeners = sharedListeners
    }

    /// The configured address that a connection accepted at `listener` came to; the kernel is asked only where it matters.
    public func address(of descriptor: Int32, listener: SocketAddress) -> SocketAddress {
        guard sharedListeners.contains(listener), let local = Socket.localAddress(descriptor), hosts[local] != nil else {
            return listener
        }
        return local
    }

    /// The servers for a connection that the socket at `listener` has accepted. `local`, the address the client came to, is
    /// asked for only where it matters.
    public func hosts(listener: SocketAddress, local: () -> SocketAddress?) -> VirtualHosts? {
        if sharedListeners.contains(listener), let address = local(), let found = hosts[address] { return found }
        return hosts[listener]
    }
}
