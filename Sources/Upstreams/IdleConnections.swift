import Platform

/// `keepalive`, `keepalive_timeout`, `keepalive_requests` and `keepalive_time` of an upstream.
public struct KeepAlivePolicy: Sendable, Hashable {
    /// How many idle connections each loop keeps to the group, all its peers together; 0 keeps none.
    public var capacity: Int
    /// Milliseconds a connection may idle.
    public var timeout: Int64
    /// How many requests a connection may carry.
    public var requests: Int
    /// Milliseconds after its opening when a connection takes no further request.
    public var lifetime: Int64

    /// The defaults are nginx's for an upstream with `keepalive`.
    public init(capacity: Int, timeout: Int64 = 60_000, requests: Int = 1000, lifetime: Int64 = 3_600_000) {
        self.capacity = capacity
        self.timeout = timeout
        self.requests = requests
        self.lifetime = lifetime
    }

    /// Whether a connection that carried `served` requests and is `age` ms old may carry another.
    public func allows(served: Int, age: Int64) -> Bool {
        capacity > 0 && timeout > 0 && served < requests && age <= lifetime
    }
}

/// What connections must agree in to be exchanged for one another.
public struct IdleKey: Hashable, Sendable {
    /// `UpstreamGroup.id`: the capacity is the group's.
    public let group: Int
    public let address: SocketAddress
    /// Sets apart what must not be shared within a group: TLS from plain, one location's connections from another's.
    public let scope: Int

    public init(group: Int, address: SocketAddress, scope: Int = 0) {
        self.group = group
        self.address = address
        self.scope = scope
    }
}

/// The idle connections of one loop: last in, first out for each key, the longest idle one of a group gives way.
///
/// It only keeps order: it opens and closes nothing and sees no socket. What it returns as evicted or expired is the
/// caller's to close; what the peer closes meanwhile the caller takes out with `remove`. It belongs to its loop and is
/// not Sendable. A group's connections are few (its capacity), so they are one array in the order of their idleness; and so
/// are the groups that have any.
public final class IdleConnections<Connection: AnyObject> {
    private struct Entry {
        let key: IdleKey
        let connection: Connection
        /// Monotonic milliseconds.
        let deadline: Int64
    }

    private struct Group {
        let id: Int
        /// The longest idle first.
        var entries: [Entry] = []
    }

    /// Found by looking at each: few groups have had idle connections lately.
    private var groups: [Group] = []
    /// How many connections are idle, all groups together.
    public private(set) var count = 0

    public init() {}

    public func count(group: Int) -> Int { place(group).map { groups[$0].entries.count } ?? 0 }

    private func place(_ group: Int) -> Int? {
        for index in groups.indices where groups[index].id == group { return index }
        return nil
    }

    /// The place of a group that may be new. Groups that keep nothing stay for a while, with their memory; not for ever, for a
    /// reload may have taken them away.
    private func placeOrNew(_ group: Int) -> Int {
        if let place = place(group) { return place }
        if groups.count(where: { $0.entries.isEmpty }) >= 8 { groups.removeAll { $0.entries.isEmpty } }
        groups.append(Group(id: group))
        return groups.count - 1
    }

    /// The connection of `key` that became idle last; it is no longer kept. One past its time is not given out (it waits
    /// for `expired`).
    public func take(_ key: IdleKey, now: Int64) -> Connection? {
        guard let group = place(key.group) else { return nil }
        var index = groups[group].entries.count - 1
        while index >= 0, groups[group].entries[index].deadline <= now || groups[group].entries[index].key != key { index -= 1 }
        guard index >= 0 else { return nil }
        count -= 1
        return groups[group].entries.remove(at: index).connection
    }

    /// Keeps `connection`, from now until the policy's time-out.
    ///
    /// - Parameters:
    ///   - served: how many requests it has carried.
    ///   - age: milliseconds since it was opened.
    ///   - now: monotonic milliseconds.
    /// - Returns: the connection to close instead: the group's longest idle one when it is full, `connection` itself when
    ///   the policy lets it go no further, or nil.
    public func give(
        _ key: IdleKey, _ connection: Connection, served: Int, age: Int64, policy: KeepAlivePolicy, now: Int64
    ) -> Connection? {
        guard policy.allows(served: served, age: age) else { return connection }
        let (sum, overflow) = now.addingReportingOverflow(policy.timeout)
        let group = placeOrNew(key.group)
        groups[group].entries.append(Entry(key: key, connection: connection, deadline: overflow ? .max : sum))
        count += 1
        return groups[group].entries.count > policy.capacity ? takeOldest(of: group) : nil
    }

    /// Takes out a connection that is kept under `key`, for instance since its peer has closed it.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    public func remove(_ connection: Connection, _ key: IdleKey) -> Bool {
        guard let group = place(key.group),
            let index = groups[group].entries.lastIndex(where: { $0.connection === connection })
        else { return false }
        groups[group].entries.remove(at: index)
        count -= 1
        return true
    }

    /// Takes out all connections whose time is over at `now`, the longest idle of each group first.
    public func expired(now: Int64) -> [Connection] {
        takeAll { $0.deadline <= now }
    }

    /// When the first connection's time is over, monotonic milliseconds; nil when none is kept.
    public var nextDeadline: Int64? {
        groups.lazy.flatMap(\.entries).map(\.deadline).min()
    }

    /// Takes out all connections of `key`.
    public func removeAll(_ key: IdleKey) -> [Connection] {
        takeAll { $0.key == key }
    }

    /// Takes out all connections of a group: it is gone, or this loop ends.
    public func removeAll(group: Int) -> [Connection] {
        takeAll { $0.key.group == group }
    }

    /// Takes out everything.
    public func removeAll() -> [Connection] {
        takeAll { _ in true }
    }

    /// Takes out what a group keeps beyond `capacity`, the longest idle first: its definition has changed.
    public func trim(group: Int, to capacity: Int) -> [Connection] {
        guard let group = place(group) else { return [] }
        var taken: [Connection] = []
        while groups[group].entries.count > max(capacity, 0) { taken.append(takeOldest(of: group)) }
        return taken
    }

    /// From the group at this place, which is not empty.
    private func takeOldest(of group: Int) -> Connection {
        count -= 1
        return groups[group].entries.removeFirst().connection
    }

    private func takeAll(_ isTaken: (Entry) -> Bool) -> [Connection] {
        var taken: [Connection] = []
        for index in groups.indices where groups[index].entries.contains(where: isTaken) {
            taken.append(contentsOf: groups[index].entries.filter(isTaken).map(\.connection))
            groups[index].entries.removeAll(where: isTaken)
        }
        count -= taken.count
        return taken
    }
}
