import Platform

/// One address of an upstream group with what its `server` line says of it.
public struct PeerDefinition: Sendable, Hashable {
    /// Where to connect. A name with several addresses gives as many peers.
    public var address: SocketAddress
    /// The server as it was written, for logs.
    public var name: String
    /// Its share of requests, at least 1.
    public var weight: Int
    /// How many failures within `failTimeout` make it unavailable; 0 never does.
    public var maxFails: Int
    /// Milliseconds: both the time in which failures are counted and that for which it is then left alone.
    public var failTimeout: Int64
    /// Asked only when no other peer can be.
    public var isBackup: Bool
    /// Never asked.
    public var isDown: Bool
    /// How many requests it may have at a time; 0 for no limit.
    public var maxConnections: Int

    /// The defaults are nginx's: `weight=1 max_fails=1 fail_timeout=10s max_conns=0`.
    public init(
        _ address: SocketAddress, name: String? = nil, weight: Int = 1, maxFails: Int = 1, failTimeout: Int64 = 10_000,
        isBackup: Bool = false, isDown: Bool = false, maxConnections: Int = 0
    ) {
        self.address = address
        self.name = name ?? address.description
        // Bounded, so that sums of weights cannot overflow.
        self.weight = min(max(weight, 1), Int(Int32.max))
        self.maxFails = max(maxFails, 0)
        self.failTimeout = max(failTimeout, 0)
        self.isBackup = isBackup
        self.isDown = isDown
        self.maxConnections = max(maxConnections, 0)
    }
}

/// A peer as a request holds it, from `select` to `report`. It never changes: what does (health, load) is the group's.
public final class Peer: Sendable {
    public let definition: PeerDefinition
    /// Its place in the group that made it, primaries first.
    let index: Int
    /// Tells two `server` lines with one address apart: 0 for the first.
    let occurrence: Int
    /// The address as logs show it.
    public let addressText: String

    init(_ definition: PeerDefinition, index: Int, occurrence: Int) {
        self.definition = definition
        self.index = index
        self.occurrence = occurrence
        addressText = definition.address.description
    }

    public var address: SocketAddress { definition.address }
    public var name: String { definition.name }

    /// Whether health may go on from `other`: the same address at the same place among its equals.
    func isSuccessor(of other: Peer) -> Bool {
        occurrence == other.occurrence && definition.isBackup == other.definition.isBackup
            && definition.address == other.definition.address
    }
}
