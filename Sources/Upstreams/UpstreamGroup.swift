import Platform
import Synchronization

/// A group of peers that share requests: an `upstream` block, or the addresses of a `proxy_pass` to a host.
///
/// A group is named state: all loops share it and it outlives a reload, which gives it its new definition by `apply`. Every
/// call is one short critical section; a choice costs a few additions per peer.
public final class UpstreamGroup: Sendable {
    /// What `select` found.
    public enum Selection: Sendable {
        /// Ask this peer, then `report` what became of it, exactly once.
        case peer(Peer)
        /// No peer can be asked: "no live upstreams", 502.
        case none
    }

    /// A peer's state for logs, metrics and tests.
    public struct Status: Sendable {
        public let definition: PeerDefinition
        /// Requests there now.
        public let connections: Int
        /// Failures that count now.
        public let fails: Int
        /// Whether failures keep requests away from it.
        public let isResting: Bool
    }

    private struct State: Sendable {
        /// Primaries first.
        var entries: [RoundRobin.Entry] = []
        var primaryCount = 0
        /// Raised by each `apply`; a new `TriedSet` has 0.
        var revision = 0

        /// One peer and no backup. Nothing could be asked in its place, so its failures are not counted, as in nginx.
        var isSingle: Bool { entries.count == 1 && primaryCount == 1 }
    }

    private static let ids = Atomic<Int>(0)

    /// The upstream's name, for `$proxy_host` and logs.
    public let name: String
    /// Tells groups apart in this process, also those of one name that came after another.
    public let id: Int
    private let state: Lock<State>

    public init(name: String, peers: [PeerDefinition]) {
        self.name = name
        id = Self.ids.add(1, ordering: .relaxed).newValue
        state = Lock(State())
        apply(peers)
    }

    /// Where its peers are, in their order.
    public var addresses: [SocketAddress] { state.withLock { $0.entries.map(\.peer.address) } }

    /// Takes a new definition. A peer whose address stays keeps its failures and its requests, and its account unless its
    /// weight changed; with `down` gone it is asked again at once.
    public func apply(_ peers: [PeerDefinition]) {
        let ordered = peers.filter { !$0.isBackup } + peers.filter(\.isBackup)
        state.withLock { state in
            var entries: [RoundRobin.Entry] = []
            for (index, definition) in ordered.enumerated() {
                let occurrence = entries.count {
                    $0.peer.address == definition.address && $0.peer.definition.isBackup == definition.isBackup
                }
                var entry = RoundRobin.Entry(Peer(definition, index: index, occurrence: occurrence))
                if let old = state.entries.first(where: { entry.peer.isSuccessor(of: $0.peer) }) {
                    entry.health = old.health
                    if old.peer.definition.weight == definition.weight {
                        entry.effectiveWeight = old.effectiveWeight
                        entry.currentWeight = old.currentWeight
                    }
                }
                entries.append(entry)
            }
            state.entries = entries
            state.primaryCount = ordered.count { !$0.isBackup }
            state.revision += 1
        }
    }

    /// How many peers one request may ask: those that are not `down`, backups too. Bounds `RetryPolicy`.
    public var triesAvailable: Int {
        state.withLock { state in state.entries.count { !$0.peer.definition.isDown } }
    }

    /// Chooses the peer for the next attempt of a request and counts the request there.
    ///
    /// A peer in `tried` is not chosen again; the chosen one is added. Backups are asked when no primary can be.
    ///
    /// - Parameter now: monotonic milliseconds.
    public func select(_ tried: inout TriedSet, now: Int64) -> Selection {
        let peer: Peer? = state.withLock { state in
            tried.adopt(revision: state.revision)
            let single = state.isSingle
            guard let index = single ? Self.single(&state, now: now) : Self.choose(&state, &tried, now: now) else { return nil }
            tried.insert(index)
            let peer = state.entries[index].peer
            state.entries[index].health.begin(peer.definition, now: now)
            return peer
        }
        if let peer { return .peer(peer) }
        return .none
    }

    private static func choose(_ state: inout State, _ tried: inout TriedSet, now: Int64) -> Int? {
        if !tried.isOnBackups {
            let primaries = 0..<state.primaryCount
            if let index = RoundRobin.choose(&state.entries, in: primaries, except: tried, now: now) { return index }
            tried.isOnBackups = state.primaryCount < state.entries.count
        }
        guard tried.isOnBackups else { return nil }
        let backups = state.primaryCount..<state.entries.count
        return RoundRobin.choose(&state.entries, in: backups, except: tried, now: now)
    }

    /// The only peer, asked whatever became of it before: neither failures nor an earlier attempt keep a request from it.
    private static func single(_ state: inout State, now: Int64) -> Int? {
        let entry = state.entries[0]
        return entry.peer.definition.isDown || entry.health.isFull(entry.peer.definition) ? nil : 0
    }

    /// Says what became of a request at a peer that `select` gave; the request is no longer counted there.
    ///
    /// - Parameter now: monotonic milliseconds.
    /// - Returns: true when this failure made the peer unavailable ("upstream server temporarily disabled", a warning).
    @discardableResult
    public func report(_ peer: Peer, _ outcome: PeerOutcome, now: Int64) -> Bool {
        state.withLock { state in
            guard let index = Self.place(of: peer, in: state) else { return false }
            if state.entries[index].health.connections > 0 { state.entries[index].health.connections -= 1 }
            guard !state.isSingle else { return false }
            switch outcome {
            case .abandoned: return false
            case .success:
                state.entries[index].health.succeed()
                return false
            case .failure:
                state.entries[index].penalise()
                let definition = state.entries[index].peer.definition
                return state.entries[index].health.fail(definition, now: now)
            }
        }
    }

    /// Where a peer stands now: at its own place, or, after a reload, where its address went; nil if it is gone.
    private static func place(of peer: Peer, in state: State) -> Int? {
        if peer.index < state.entries.count, state.entries[peer.index].peer === peer { return peer.index }
        return state.entries.firstIndex { $0.peer.isSuccessor(of: peer) }
    }

    /// The peers' state at `now`, primaries first.
    public func status(now: Int64) -> [Status] {
        state.withLock { state in
            let isSingle = state.isSingle
            return state.entries.map { entry in
                Status(
                    definition: entry.peer.definition, connections: entry.health.connections, fails: entry.health.fails,
                    isResting: !isSingle && entry.health.isResting(entry.peer.definition, now: now))
            }
        }
    }
}
