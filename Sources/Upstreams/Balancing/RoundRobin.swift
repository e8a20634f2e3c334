/// Smooth weighted round robin: the peer whose turn is most overdue goes next.
///
/// At each choice every eligible peer earns its effective weight and the chosen one pays the sum, so that weights 5, 1, 1
/// give a a b a c a a and not five of a in a row. Failures lower the effective weight, and each later choice gives one back:
/// a peer that comes back is not flooded.
enum RoundRobin {
    /// A peer and its account.
    struct Entry: Sendable {
        let peer: Peer
        var health = PeerHealth()
        /// What it has earned and not yet paid.
        var currentWeight = 0
        /// What it earns a choice, 0 to its weight.
        var effectiveWeight: Int

        init(_ peer: Peer) {
            self.peer = peer
            effectiveWeight = peer.definition.weight
        }

        /// A failure costs so much that `maxFails` of them leave nothing.
        mutating func penalise() {
            let definition = peer.definition
            guard definition.maxFails > 0 else { return }
            effectiveWeight = max(effectiveWeight - definition.weight / definition.maxFails, 0)
        }
    }

    /// The place of the peer to ask next among `entries[range]`, or nil if none can be.
    static func choose(_ entries: inout [Entry], in range: Range<Int>, except tried: TriedSet, now: Int64) -> Int? {
        var total = 0
        var best: Int?
        var bestWeight = 0
        for index in range where !tried.contains(index) {
            let definition = entries[index].peer.definition
            if definition.isDown || entries[index].health.isResting(definition, now: now) { continue }
            if entries[index].health.isFull(definition) { continue }
            let effective = entries[index].effectiveWeight
            let current = entries[index].currentWeight + effective
            entries[index].currentWeight = current
            total += effective
            if effective < definition.weight { entries[index].effectiveWeight = effective + 1 }
            if best == nil || current > bestWeight {
                best = index
                bestWeight = current
            }
        }
        if let best { entries[best].currentWeight -= total }
        return best
    }
}
