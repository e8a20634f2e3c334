/// What became of a request at a peer.
public enum PeerOutcome: Sendable, Equatable {
    /// The peer answered.
    case success
    /// It did not, or with an answer that `proxy_next_upstream` names.
    case failure
    /// Nothing was learnt of the peer: the client left, or a kept connection was closed under the request.
    case abandoned
}

/// The changing state of one peer: failures in time, and the request count. Times are milliseconds of a monotonic clock.
///
/// As nginx: a peer with `maxFails` failures is left alone for `failTimeout`; then one request in each such span tries it,
/// and one that succeeds clears the failures.
struct PeerHealth: Sendable, Equatable {
    /// Failures that count.
    var fails = 0
    /// When the last failure was seen.
    var accessed: Int64 = .min / 2
    /// When the current span began: the last failure, or the first request after a quiet `failTimeout`.
    var checked: Int64 = .min / 2
    /// Requests at the peer now.
    var connections = 0

    /// Whether failures keep requests away from the peer at `now`.
    func isResting(_ definition: PeerDefinition, now: Int64) -> Bool {
        definition.maxFails > 0 && fails >= definition.maxFails && now - checked <= definition.failTimeout
    }

    /// Whether the peer has as many requests as it may.
    func isFull(_ definition: PeerDefinition) -> Bool {
        definition.maxConnections > 0 && connections >= definition.maxConnections
    }

    /// A request goes to the peer.
    mutating func begin(_ definition: PeerDefinition, now: Int64) {
        connections += 1
        if now - checked > definition.failTimeout { checked = now }
    }

    /// A request has ended well. Failures are forgotten if a new span has begun since the last of them.
    mutating func succeed() {
        if accessed < checked { fails = 0 }
    }

    /// A request has failed. True when this failure made the peer unavailable.
    mutating func fail(_ definition: PeerDefinition, now: Int64) -> Bool {
        // Saturates: under max_fails=0 nothing ever clears the count.
        if fails < Int(Int32.max) { fails += 1 }
        accessed = now
        checked = now
        return definition.maxFails > 0 && fails >= definition.maxFails
    }
}
