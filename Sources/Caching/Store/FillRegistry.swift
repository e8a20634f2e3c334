import Bytes
import Platform

/// The fills of a zone by the digest they will be stored under: one for each key where `proxy_cache_lock` is on, and the marks
/// of keys whose last response could not be stored.
package final class FillRegistry: Sendable {
    private struct State {
        var running: [Digest: Fill] = [:]
        /// Until when, in milliseconds of the monotonic clock.
        var refused: [Digest: Int64] = [:]
    }

    private static let mostMarks = 4096

    private let state = Lock(State())

    package init() {}

    package enum Join: Sendable {
        /// The caller starts the fetch that feeds this fill.
        case lead(Fill)
        /// The same, because the fetch that runs has taken longer than `proxy_cache_lock_age`: it goes on for those who
        /// follow it already.
        case takeOver(Fill)
        case follow(Fill)
        /// Fetch without a fill.
        case alone(CacheReason)
    }

    /// Joins the fill of a place, or becomes the one that starts it. `now` and `lockAge` are milliseconds, the first of the
    /// monotonic clock; without an age a fill is followed as long as it runs.
    package func join(
        _ key: CacheKey, _ place: CachePlace, now: Int64, lockAge: Int64? = nil, memoryLimit: Int = Fill.usualMemoryLimit
    ) -> Join {
        state.withLock { state in
            if let until = state.refused[place.digest] {
                if now < until { return .alone(.refusedRecently) }
                state.refused[place.digest] = nil
            }
            var isTooOld = false
            if let fill = state.running[place.digest], fill.key.bytes == key.bytes {
                isTooOld = lockAge.map { now - fill.startedAt >= $0 } ?? false
                if !isTooOld { return fill.acceptsReaders ? .follow(fill) : .alone(.noRoom) }
            }
            let fill = Fill(key: key, place: place, startedAt: now, memoryLimit: memoryLimit)
            state.running[place.digest] = fill
            return isTooOld ? .takeOver(fill) : .lead(fill)
        }
    }

    /// The fill that runs for a place, for who waits with a deadline of its own.
    package func running(_ place: CachePlace) -> Fill? { state.withLock { $0.running[place.digest] } }

    /// Takes a fill out: it is stored, has failed, or can take no new readers.
    package func remove(_ fill: Fill) {
        state.withLock { state in
            if state.running[fill.place.digest] === fill { state.running[fill.place.digest] = nil }
        }
    }

    /// Marks a key whose response was refused by nature, so that nobody queues behind the next one; takes its fill out.
    ///
    /// The mark holds for 5 s, or `lockAge` milliseconds.
    package func refuse(_ fill: Fill, now: Int64, lockAge: Int64? = nil) {
        state.withLock { state in
            if state.running[fill.place.digest] === fill { state.running[fill.place.digest] = nil }
            if state.refused.count >= FillRegistry.mostMarks { state.refused = state.refused.filter { now < $0.value } }
            guard state.refused.count < FillRegistry.mostMarks else { return }
            state.refused[fill.place.digest] = now + (lockAge ?? 5000)
        }
    }

    /// A storable response came after all.
    package func clearMark(_ digest: Digest) { state.withLock { $0.refused[digest] = nil } }

    package var count: Int { state.withLock { $0.running.count } }
}
