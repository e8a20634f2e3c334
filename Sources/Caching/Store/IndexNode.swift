import Bytes
import Platform

/// What the index knows of one digest: some 80 bytes for each stored response, and for each key that `min_uses` counts.
struct IndexNode {
    /// No node.
    static let none: Int32 = -1

    var digest = Digest(high: 0, low: 0)
    /// Bytes of disk its file takes; 0 when no file is known.
    var size = 0
    /// Seconds since 1970.
    var lastUse = 0
    /// The entry in the RAM tier.
    var entry: Entry?
    /// The next node in the same bucket, or in the list of free ones.
    var next = IndexNode.none
    /// Neighbours in the order of use.
    var newer = IndexNode.none
    var older = IndexNode.none
    /// Neighbours in the queue of the RAM tier.
    var ramNewer = IndexNode.none
    var ramOlder = IndexNode.none
    /// Changes with every file put in place under this digest.
    var stamp: UInt32 = 0
    var uses: UInt16 = 0
    var hasFile = false
    /// Milliseconds of the monotonic clock until which somebody is taken to be refreshing it; 0: nobody is.
    var updatingUntil: Int64 = 0

    /// A mark that its maker failed to take away holds for this long, not for ever.
    static let longestUpdate: Int64 = 120_000

    var isUpdating: Bool { updatingUntil != 0 && Clock.monotonicMilliseconds() < updatingUntil }
}
