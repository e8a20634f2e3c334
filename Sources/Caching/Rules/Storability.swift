import HTTP

/// What the rules ask of the request that caused a response.
public struct RequestFacts: Sendable {
    public var method: Method
    public var hasAuthorization: Bool

    public init(method: Method, hasAuthorization: Bool) {
        self.method = method
        self.hasAuthorization = hasAuthorization
    }

    public init(_ request: RequestHead) {
        method = request.method
        hasAuthorization = request.first(.authorization) != nil
    }
}

/// Whether a response may be stored, and for how long it is fresh: RFC 9111 §3 with nginx's directives over it.
public enum Storability {
    public enum Judgement: Sendable, Equatable {
        /// May be stored; the reason says where the lifetime comes from.
        case store(Lifetime, Vary, CacheReason)
        case refuse(CacheReason)
    }

    /// Judges a response received at `now`, `delaySeconds` after it was asked for.
    public static func judge(
        _ facts: ResponseFacts, _ request: RequestFacts, _ settings: CacheSettings, now: WallTime, delaySeconds: Int = 0
    ) -> Judgement {
        guard settings.methods.contains(request.method) else { return .refuse(.method) }
        if let reason = refusalByNature(facts, settings) { return .refuse(reason) }
        guard let vary = vary(facts, settings) else { return .refuse(.varyStar) }
        if request.hasAuthorization, !isSharedDespiteAuthorization(facts, settings) { return .refuse(.authorization) }
        switch freshness(facts, settings, now: now, delaySeconds: delaySeconds) {
        case .refused(let reason): return .refuse(reason)
        case .until(let moment, let age, let reason):
            var lifetime = Lifetime(
                responseTime: now, freshUntil: moment, date: facts.date ?? now.seconds, ageAtReceipt: age)
            extend(&lifetime, facts, settings)
            return .store(lifetime, vary, reason)
        }
    }

    /// What forbids storing whatever lifetime the response has.
    private static func refusalByNature(_ facts: ResponseFacts, _ settings: CacheSettings) -> CacheReason? {
        if facts.status < 200 || facts.status == 304 { return .notModified }
        if facts.status == 206, !settings.validity.names(206) { return .partialContent }
        if facts.hasSetCookie, !settings.ignored.contains(.setCookie) { return .setCookie }
        if facts.hasAcceleratedRedirect, !settings.ignored.contains(.xAccelRedirect) { return .xAccelRedirect }
        if facts.refusesBuffering, !settings.ignored.contains(.xAccelBuffering) { return .xAccelBuffering }
        return nil
    }

    private static func vary(_ facts: ResponseFacts, _ settings: CacheSettings) -> Vary? {
        settings.ignored.contains(.vary) ? Vary.none : Vary.parse(facts.varyLines)
    }

    /// RFC 9111 §3.5.
    private static func isSharedDespiteAuthorization(_ facts: ResponseFacts, _ settings: CacheSettings) -> Bool {
        guard !settings.ignored.contains(.cacheControl) else { return false }
        return !facts.control.flags.isDisjoint(with: [.public, .mustRevalidate]) || facts.control.sharedMaxAge != nil
    }

    private enum Freshness {
        case until(WallTime, age: Int, CacheReason)
        case refused(CacheReason)
    }

    /// X-Accel-Expires before Cache-Control before Expires, in whatever order they came; `proxy_cache_valid` only for a
    /// response that names no lifetime of its own.
    private static func freshness(
        _ facts: ResponseFacts, _ settings: CacheSettings, now: WallTime, delaySeconds: Int
    ) -> Freshness {
        if let accelerated = facts.accelerated, !settings.ignored.contains(.xAccelExpires) {
            switch accelerated {
            case .seconds(0): return .refused(.xAccelExpiresZero)
            case .seconds(let seconds): return .until(now.advanced(bySeconds: seconds), age: 0, .xAccelExpires)
            case .until(let moment): return .until(WallTime(seconds: moment), age: 0, .xAccelExpires)
            }
        }
        let age = Age.initial(age: facts.age, date: facts.date, now: now, delaySeconds: delaySeconds)
        if !settings.ignored.contains(.cacheControl) {
            if let reason = refusal(by: facts.control) { return .refused(reason) }
            if let seconds = facts.control.sharedMaxAge { return fresh(for: seconds, age: age, now, .sMaxAge) }
            if let seconds = facts.control.maxAge { return fresh(for: seconds, age: age, now, .maxAge) }
        }
        if case .at(let moment) = facts.expires, !settings.ignored.contains(.expires) {
            guard let moment, moment > (facts.date ?? now.seconds) else { return .refused(.expiresPast) }
            return fresh(for: moment - (facts.date ?? now.seconds), age: age, now, .expires)
        }
        guard let seconds = settings.validity.seconds(for: facts.status), seconds > 0 else { return .refused(.noLifetime) }
        return .until(now.advanced(bySeconds: seconds), age: age, .cacheValid)
    }

    private static func refusal(by control: CacheControl) -> CacheReason? {
        // A directive that names fields is taken for the whole response, as RFC 9111 §5.2.2.4 allows and nginx does.
        if control.contains(.noStore) { return .noStore }
        if !control.flags.isDisjoint(with: [.private, .privateFields]) { return .isPrivate }
        if !control.flags.isDisjoint(with: [.noCache, .noCacheFields]) { return .noCache }
        if control.contains(.invalidFreshness) { return .cacheControlInvalid }
        if let seconds = control.sharedMaxAge ?? control.maxAge, seconds == 0 { return .maxAgeZero }
        return nil
    }

    private static func fresh(for seconds: Int, age: Int, _ now: WallTime, _ reason: CacheReason) -> Freshness {
        guard seconds > age else { return .refused(.ageExceedsLifetime) }
        return .until(now.advanced(bySeconds: seconds - age), age: age, reason)
    }

    /// The extensions of RFC 5861, which hold whatever gave the lifetime, and what forbids stale use.
    ///
    /// As in nginx, stale-while-revalidate covers errors of the origin too. s-maxage forbids stale use (RFC 9111 §5.2.2.10)
    /// unless the same response allows it by one of the extensions.
    private static func extend(_ lifetime: inout Lifetime, _ facts: ResponseFacts, _ settings: CacheSettings) {
        guard !settings.ignored.contains(.cacheControl) else { return }
        let control = facts.control
        lifetime.staleWhileRevalidate = control.staleWhileRevalidate ?? 0
        lifetime.staleIfError = control.staleIfError ?? control.staleWhileRevalidate ?? 0
        let isExtended = control.staleWhileRevalidate != nil || control.staleIfError != nil
        lifetime.mustRevalidate =
            !control.flags.isDisjoint(with: [.mustRevalidate, .proxyRevalidate])
            || (control.sharedMaxAge != nil && !isExtended)
    }
}
