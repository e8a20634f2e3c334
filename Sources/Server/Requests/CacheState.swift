import Caching

/// What a request knows of the cache: the trace for `$upstream_cache_status` and `$cache_reason`.
package final class CacheState {
    /// `$upstream_cache_status`.
    package enum Status: String {
        case none = ""
        case miss = "MISS"
        case bypass = "BYPASS"
        case expired = "EXPIRED"
        case stale = "STALE"
        case updating = "UPDATING"
        case revalidated = "REVALIDATED"
        case hit = "HIT"
    }

    package var status = Status.none
    package var reason: CacheReason?
    package var key: CacheKey?
    /// The stored response that is served or revalidated.
    package var entry: Entry?

    package init() {}

    /// Forgets everything.
    func reset() {
        status = .none
        reason = nil
        key = nil
        entry = nil
    }
}
