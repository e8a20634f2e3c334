/// The peers that one request has asked. A request has one set per upstream group, empty at first.
public struct TriedSet: Sendable {
    private var first: UInt64 = 0
    /// Bits from 64 on; stays empty in groups of ordinary size.
    private var others: [UInt64] = []
    /// The definition of the group that the bits belong to.
    private var revision = 0
    /// Once the primaries were found wanting, a request stays with the backups.
    var isOnBackups = false

    public init() {}

    func contains(_ index: Int) -> Bool {
        if index < 64 { return first & (1 << UInt64(index)) != 0 }
        let word = index / 64 - 1
        return word < others.count && others[word] & (1 << UInt64(index % 64)) != 0
    }

    mutating func insert(_ index: Int) {
        if index < 64 {
            first |= 1 << UInt64(index)
            return
        }
        let word = index / 64 - 1
        while others.count <= word { others.append(0) }
        others[word] |= 1 << UInt64(index % 64)
    }

    /// Forgets all when the group was defined anew since: its peers have other places. What just failed is still known by
    /// its health, which goes with the address, and the number of attempts is bounded anyway.
    mutating func adopt(revision: Int) {
        guard revision != self.revision else { return }
        first = 0
        others = []
        isOnBackups = false
        self.revision = revision
    }
}
