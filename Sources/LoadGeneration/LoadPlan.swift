import Platform

/// Everything that is settled before a load starts. Times are in nanoseconds.
public struct LoadPlan: Sendable {
    public var address: SocketAddress
    /// What the Host field says.
    public var host: String
    public var workload: Workload
    public var pace = Pace.closed
    /// Clients at the same time, over all loops.
    public var clients = 10
    public var loops = 1
    public var warmup: Int64 = 0
    public var duration: Int64 = 10_000_000_000
    public var maximumUnits = Int.max
    /// Longest wait for a connection, and for a whole answer.
    public var timeout: Int64 = 10_000_000_000
    public var apdexThreshold = 500_000_000
    public var seed: UInt64 = 1

    public init(address: SocketAddress, host: String, workload: Workload) {
        self.address = address
        self.host = host
        self.workload = workload
    }
}
