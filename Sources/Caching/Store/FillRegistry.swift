import Bytes
import Platform

/// The fills of a zone by the digest they will be stored under: one for each key where `proxy_cache_lock` is on, and the marks
/// of keys whose last response could not be stored.
package final class FillRegistry: Sendable {
    private struct State {
        var running: [Digest: Fill] = [:]
        var refused: [Digest: WallTime] = [:]
    }

    private static let mostMarks = 4096

    private let state = Lock(State())

    package init() {}

    package enum Join: Sendable {
        /// The caller starts the fetch that feeds this fill.
        case lead(Fill)
        case follow(Fill)
        /// Fetch without a fill.
        case alone(CacheReason)
    }

    /// Joins the fill of a place, or becomes the one that starts it.
    package func join(_ key: CacheKey, _ place: CachePlace, now: WallTime, memoryLimit: Int = Fill.usualMemoryLimit) -> Join {
        state.withLock { state in
            if let until = state.refused[place.digest] {
                if now < until { return .alone(.refusedRecently) }
                state.refused[place.digest] = nil
            }
            if let fill = state.running[place.digest], fill.key.bytes == key.bytes {
                return fill.acceptsReaders ? .follow(fill) : .alone(.noRoom)
            }
            let fill = Fill(key: key, place: place, startedAt: now, memoryLimit: memoryLimit)
            state.running[place.digest] = fill
            return .lead(fill)
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
    package func refuse(_ fill: Fill, now: WallTime, seconds: Int = 5) {
        state.withLock { state in
            if state.running[fill.place.digest] === fill { state.running[fill.place.digest] = nil }
            if state.refused.count >= FillRegistry.mostMarks { state.refused = state.refused.filter { now < $0.value } }
            guard state.refused.count < FillRegistry.mostMarks else { return }
            state.refused[fill.place.digest] = now.advanced(bySeconds: seconds)
        }
    }

    /// A storable response came after all.
    package func clearMark(_ digest: Digest) { state.withLock { $0.refused[digest] = nil } }

    package var count: Int { state.withLock { $0.running.count } }
}
