import Bytes
import Platform

/// The fills of a zone by the digest they will be stored under: one for each key where `proxy_cache_lock` is on, and the marks
/// of keys whose last response could not be stored, or did not come.
public final class FillRegistry: Sendable {
    private struct State {
        var running: [Digest: Fill] = [:]
        var marks: [Digest: Mark] = [:]
    }

    private struct Mark {
        /// Milliseconds of the monotonic clock.
        let until: Int64
        /// Of the failure; nil: the response was refused by nature.
        var status: Int?
    }

    private static let mostMarks = 4096
    /// How long a failure answers those who come after it, in milliseconds. An origin that refuses connections is asked twice
    /// a second and not once for each request: where a failure comes at once, nobody is waiting for it yet.
    private static let failureLasts: Int64 = 500

    private let state = Lock(State())

    public init() {}

    public enum Join: Sendable {
        /// The caller starts the fetch that feeds this fill.
        case lead(Fill)
        /// The same, because the fetch that runs has taken longer than `proxy_cache_lock_age`: it goes on for those who
        /// follow it already.
        case takeOver(Fill)
        case follow(Fill)
        /// Fetch without a fill.
        case alone(CacheReason)
        /// The origin gave no response a moment ago: it is not asked again yet.
        case failed(status: Int)
    }

    /// Joins the fill of a place, or becomes the one that starts it. `now` and `lockAge` are milliseconds, the first of the
    /// monotonic clock; without an age a fill is followed as long as it runs.
    public func join(
        _ key: CacheKey, _ place: CachePlace, now: Int64, lockAge: Int64? = nil, memoryLimit: Int = Fill.usualMemoryLimit
    ) -> Join {
        state.withLock { state in
            if let mark = state.marks[place.digest] {
                if now < mark.until { return mark.status.map { .failed(status: $0) } ?? .alone(.refusedRecently) }
                state.marks[place.digest] = nil
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
    public func running(_ place: CachePlace) -> Fill? { state.withLock { $0.running[place.digest] } }

    /// Takes a fill out: it is stored, has failed, or can take no new readers.
    public func remove(_ fill: Fill) {
        state.withLock { state in
            if state.running[fill.place.digest] === fill { state.running[fill.place.digest] = nil }
        }
    }

    /// Marks a key whose response was refused by nature, so that nobody queues behind the next one; takes its fill out.
    ///
    /// The mark holds for 5 s, or `lockAge` milliseconds.
    public func refuse(_ fill: Fill, now: Int64, lockAge: Int64? = nil) {
        mark(fill, Mark(until: now + (lockAge ?? 5000)), now)
    }

    /// Marks a key whose origin gave no response at all; takes its fill out.
    public func fail(_ fill: Fill, status: Int, now: Int64) {
        mark(fill, Mark(until: now + FillRegistry.failureLasts, status: status), now)
    }

    private func mark(_ fill: Fill, _ mark: Mark, _ now: Int64) {
        state.withLock { state in
            if state.running[fill.place.digest] === fill { state.running[fill.place.digest] = nil }
            if state.marks.count >= FillRegistry.mostMarks { state.marks = state.marks.filter { now < $0.value.until } }
            guard state.marks.count < FillRegistry.mostMarks else { return }
            state.marks[fill.place.digest] = mark
        }
    }

    /// A storable response came after all.
    public func clearMark(_ digest: Digest) { state.withLock { $0.marks[digest] = nil } }

    public var count: Int { state.withLock { $0.running.count } }
}
