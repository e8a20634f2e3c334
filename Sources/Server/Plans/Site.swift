import Bytes
import Platform

/// One configuration, as one loop serves it: immutable. Requests in flight keep the one they began with.
package final class Site: Sendable {
    package let hosts: [SocketAddress: VirtualHosts]
    /// By number: how many slots a request's variables need, and how they get their values.
    package let variables: [VariableComputation?]
    /// Counts configurations of this process: 1 at start, one more with each reload.
    package let generation: Int
    /// How many location plans there are; each has a number below.
    package let planCount: Int
    package let workerConnections: Int

    package init(
        hosts: [SocketAddress: VirtualHosts], variables: [VariableComputation?], generation: Int, planCount: Int,
        workerConnections: Int
    ) {
        self.hosts = hosts
        self.variables = variables
        self.generation = generation
        self.planCount = planCount
        self.workerConnections = workerConnections
    }
}
