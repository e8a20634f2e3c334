import Caching

/// What a request knows of the cache: the trace for `$upstream_cache_status` and `$cache_reason`.
public final class CacheState {
    /// `$upstream_cache_status`.
    public enum Status: String {
        case none = ""
        case miss = "MISS"
        case bypass = "BYPASS"
        case expired = "EXPIRED"
        case stale = "STALE"
        case updating = "UPDATING"
        case revalidated = "REVALIDATED"
        case hit = "HIT"
    }

    public var status = Status.none
    public var reason: CacheReason?
    public var key: CacheKey?
    /// The stored response that is served or revalidated.
    public var entry: Entry? { kept ?? slot?.entry }
    /// The same as this loop has it at hand: a reference that no other loop counts.
    var slot: HotSlot?
    private var kept: Entry?

    func keep(_ entry: Entry) { kept = entry }

    public init() {}

    /// Forgets everything.
    func reset() {
        status = .none
        reason = nil
        key = nil
        slot = nil
        kept = nil
    }
}
