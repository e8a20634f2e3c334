import Bytes
import Platform

/// Keeps a zone within its bounds, in steps that a background thread takes: removes what was not asked for in `inactive`, and
/// what was used longest ago while `max_size` is exceeded, less than `min_free` is left on the file system, or memory ran out.
public enum CacheManager {
    /// Milliseconds between two steps when nothing presses.
    private static let idle = 10_000

    /// One step: at most `manager_files` removals and about `manager_threshold` milliseconds. Returns the milliseconds after
    /// which the next one is due.
    public static func step(_ zone: CacheZone, now: WallTime) -> Int {
        let definition = zone.definition
        var effort = Effort(definition)
        let next = removeInactive(zone, definition, now: now, &effort)
        var isOver = isOverBounds(zone, definition)
        while isOver, effort.mayGoOn, zone.evictOldest() {
            effort.removals += 1
            isOver = isOverBounds(zone, definition)
        }
        if !zone.isOverWatermark { zone.watermark.store(Int.max, ordering: .relaxed) }
        // More is due when a bound stopped the step, and not when there is nothing left to remove.
        guard let next, !(isOver && !effort.mayGoOn) else { return max(1, definition.managerSleep) }
        return min(idle, max(next, definition.managerSleep))
    }

    /// What one step may still do.
    private struct Effort {
        var removals = 0
        private let most: Int
        private let deadline: Int64

        init(_ definition: CacheZoneDefinition) {
            most = max(1, definition.managerFiles)
            deadline = Clock.monotonicMilliseconds() + Int64(max(1, definition.managerThreshold))
        }

        var mayGoOn: Bool { removals < most && Clock.monotonicMilliseconds() < deadline }
    }

    /// Removes what was inactive for too long; returns the milliseconds until the next is, or nil when more is due now.
    private static func removeInactive(
        _ zone: CacheZone, _ definition: CacheZoneDefinition, now: WallTime, _ effort: inout Effort
    ) -> Int? {
        while true {
            guard let oldest = zone.oldest() else { return idle }
            let due = oldest.lastUse + definition.inactive - now.seconds
            if due > 0 { return min(due, idle / 1000) * 1000 }
            guard effort.mayGoOn else { return nil }
            zone.remove(oldest.digest)
            effort.removals += 1
        }
    }

    private static func isOverBounds(_ zone: CacheZone, _ definition: CacheZoneDefinition) -> Bool {
        if zone.disk.isOverMaxSize && zone.disk.used > 0 || zone.isOverWatermark { return true }
        guard definition.minFree > 0, let free = try? File.freeSpace(definition.path) else { return false }
        return free < definition.minFree
    }
}

extension CacheZone {
    var isOverWatermark: Bool {
        let watermark = watermark.load(ordering: .relaxed)
        return watermark != Int.max && entryCount > watermark
    }

    /// The entry that was used longest ago, in whatever shard.
    func oldest() -> (digest: Digest, lastUse: Int)? {
        var found: (digest: Digest, lastUse: Int)?
        for lock in shards {
            let candidate: (digest: Digest, lastUse: Int)? = lock.withLock { shard in
                let oldest = shard.nodes.oldest
                return oldest == IndexNode.none ? nil : (shard.nodes[oldest].digest, shard.nodes[oldest].lastUse)
            }
            if let candidate, found.map({ candidate.lastUse < $0.lastUse }) ?? true { found = candidate }
        }
        return found
    }
}
