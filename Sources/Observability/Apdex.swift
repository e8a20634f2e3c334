/// The Application Performance Index: how content a site's visitors are, from 0 to 1 (Apdex Technical Specification 1.1).
///
/// A request that takes at most T satisfies, one that takes at most 4T is tolerated and counts half, a slower or failed one
/// frustrates and counts nothing.
public struct Apdex: Sendable, Equatable {
    /// T, in the unit of the recorded durations.
    public let threshold: Int
    public private(set) var satisfied = 0
    public private(set) var tolerating = 0
    public private(set) var frustrated = 0

    /// An empty index for the threshold T, which must be positive (and at most a quarter of `Int.max`).
    public init(threshold: Int) {
        precondition(threshold > 0 && threshold <= Int.max / 4)
        self.threshold = threshold
    }

    public var count: Int { satisfied + tolerating + frustrated }

    /// The index, or nil when nothing was recorded.
    public var score: Double? {
        guard count > 0 else { return nil }
        return (Double(satisfied) + Double(tolerating) / 2) / Double(count)
    }

    /// Counts a request that was answered after `duration`.
    public mutating func record(_ duration: Int) {
        if duration <= threshold {
            satisfied += 1
        } else if duration <= 4 * threshold {
            tolerating += 1
        } else {
            frustrated += 1
        }
    }

    /// Counts a request that failed, whatever time that took.
    public mutating func recordFailure() {
        frustrated += 1
    }

    /// Adds the counts of `other`, which must have the same T.
    public mutating func merge(_ other: Apdex) {
        precondition(threshold == other.threshold)
        satisfied += other.satisfied
        tolerating += other.tolerating
        frustrated += other.frustrated
    }
}
