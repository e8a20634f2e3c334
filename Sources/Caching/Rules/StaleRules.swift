/// When a response that is no longer fresh may be served all the same (RFC 9111 §4.2.4, `proxy_cache_use_stale`, RFC 5861).
public enum StaleRules {
    /// What to do with a stale response before the origin has been asked.
    public enum Decision: Sendable, Equatable {
        /// Serve it, and start a refresh in the background.
        case serveAndRefresh(CacheReason)
        /// Serve it: somebody else is refreshing it.
        case serve(CacheReason)
        /// Ask the origin.
        case refresh
    }

    /// The decision on a stale response; `isBeingUpdated` says that another request is refreshing it.
    public static func decide(
        _ lifetime: Lifetime, isBeingUpdated: Bool, settings: CacheSettings, at now: WallTime
    ) -> Decision {
        guard let reason = whileUpdating(lifetime, settings: settings, at: now) else { return .refresh }
        if isBeingUpdated { return .serve(reason) }
        return settings.updatesInBackground ? .serveAndRefresh(reason) : .refresh
    }

    /// Why it may be served while it is refreshed, or nil when it may not.
    public static func whileUpdating(_ lifetime: Lifetime, settings: CacheSettings, at now: WallTime) -> CacheReason? {
        if lifetime.mustRevalidate { return nil }
        if lifetime.mayServeWhileRevalidating(at: now) { return .staleWhileRevalidate }
        return settings.useStale.contains(.updating) ? .staleUpdating : nil
    }

    /// Why it may be served after the origin failed so, or nil when it may not. stale-if-error answers for an origin that
    /// gives no usable response; a response with status 5xx takes its condition of `proxy_cache_use_stale`, as in nginx.
    public static func afterFailure(
        _ failure: StaleConditions, _ lifetime: Lifetime, settings: CacheSettings, at now: WallTime
    ) -> CacheReason? {
        if lifetime.mustRevalidate { return nil }
        if !settings.useStale.isDisjoint(with: failure) { return .staleUseStale }
        let noResponse: StaleConditions = [.error, .timeout, .invalidHeader]
        guard !failure.isDisjoint(with: noResponse) else { return nil }
        return lifetime.mayServeOnError(at: now) ? .staleIfError : nil
    }
}
