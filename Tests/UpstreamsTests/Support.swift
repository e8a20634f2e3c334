import Platform

@testable import Upstreams

/// A peer of the tests: 127.0.0.1 with a port that tells it apart.
func peer(
    _ port: UInt16, weight: Int = 1, maxFails: Int = 1, failTimeout: Int64 = 10_000, backup: Bool = false,
    down: Bool = false, maxConnections: Int = 0
) -> PeerDefinition {
    PeerDefinition(
        .v4(.loopback, port: port), weight: weight, maxFails: maxFails, failTimeout: failTimeout, isBackup: backup,
        isDown: down, maxConnections: maxConnections)
}

/// A group, and a clock that stands still unless moved.
final class Bench {
    let group: UpstreamGroup
    var now: Int64 = 1_000
    /// Ports that do not answer.
    var broken: Set<UInt16> = []

    init(_ peers: [PeerDefinition]) {
        group = UpstreamGroup(name: "app", peers: peers)
    }

    /// One request that goes on after failures; the ports it asked, in order, and 0 if there was none left to ask.
    func request() -> [UInt16] {
        var tried = TriedSet()
        var asked: [UInt16] = []
        let limit = group.triesAvailable
        while true {
            guard case .peer(let peer) = group.select(&tried, now: now) else { return asked + [0] }
            let port = peer.address.port ?? 0
            asked.append(port)
            let isBroken = broken.contains(port)
            group.report(peer, isBroken ? .failure : .success, now: now)
            if !isBroken || asked.count >= limit { return asked }
        }
    }

    /// `count` requests, written as nginx's `$upstream_addr` would have it: "1 9,1 3".
    func requests(_ count: Int) -> String {
        (0..<count).map { _ in request().map(String.init).joined(separator: ",") }.joined(separator: " ")
    }

    func resting() -> [UInt16] {
        group.status(now: now).filter(\.isResting).compactMap(\.definition.address.port)
    }
}

/// A small generator with a seed, so that a failing property can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &+ 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
