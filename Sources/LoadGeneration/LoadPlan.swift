import Platform

/// Everything that is settled before a load starts. Times are in nanoseconds.
package struct LoadPlan: Sendable {
    package var address: SocketAddress
    /// What the Host field says.
    package var host: String
    package var workload: Workload
    package var pace = Pace.closed
    /// Clients at the same time, over all loops.
    package var clients = 10
    package var loops = 1
    package var warmup: Int64 = 0
    package var duration: Int64 = 10_000_000_000
    package var maximumUnits = Int.max
    /// Longest wait for a connection, and for a whole answer.
    package var timeout: Int64 = 10_000_000_000
    package var apdexThreshold = 500_000_000
    package var seed: UInt64 = 1

    package init(address: SocketAddress, host: String, workload: Workload) {
        self.address = address
        self.host = host
        self.workload = workload
    }
}
