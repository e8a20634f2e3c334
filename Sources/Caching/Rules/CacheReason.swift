/// Why the cache decided as it did: one code for every decision, the same in `$cache_reason`, in the counters and in
/// Cache-Status (RFC 9211).
public enum CacheReason: UInt8, Sendable, CaseIterable {
    // What was served.
    case hit, revalidated, joined
    case staleUseStale, staleUpdating, staleWhileRevalidate, staleIfError
    // Why the cache was not asked, or had nothing to give.
    case miss, expired, bypass, method, minUses, rangeOffset, unbuffered, streamingBody
    case lockTimeout, lockAge, refusedRecently, otherVariant, mustRevalidate
    // What gave a stored response its lifetime.
    case xAccelExpires, sMaxAge, maxAge, expires, cacheValid
    // Why a response was not stored.
    case proxyNoCache, setCookie, isPrivate, noStore, noCache, maxAgeZero, cacheControlInvalid, expiresPast, ageExceedsLifetime
    case xAccelExpiresZero, xAccelRedirect, xAccelBuffering, varyStar, authorization, noLifetime, partialContent, notModified
    case tooLarge, incomplete, diskUnavailable, noRoom, originError

    /// The code as a token (RFC 9110 §5.6.2).
    public var token: StaticString {
        switch self {
        case .hit: "hit"
        case .revalidated: "revalidated"
        case .joined: "joined"
        case .staleUseStale: "stale-use-stale"
        case .staleUpdating: "stale-updating"
        case .staleWhileRevalidate: "stale-while-revalidate"
        case .staleIfError: "stale-if-error"
        case .miss: "miss"
        case .expired: "expired"
        case .bypass: "bypass"
        case .method: "method"
        case .minUses: "min-uses"
        case .rangeOffset: "range-offset"
        case .unbuffered: "unbuffered"
        case .streamingBody: "streaming-body"
        case .lockTimeout: "lock-timeout"
        case .lockAge: "lock-age"
        case .refusedRecently: "refused-recently"
        case .otherVariant: "other-variant"
        case .mustRevalidate: "must-revalidate"
        default: storingToken
        }
    }

    private var storingToken: StaticString {
        switch self {
        case .xAccelExpires: "x-accel-expires"
        case .sMaxAge: "s-maxage"
        case .maxAge: "max-age"
        case .expires: "expires"
        case .cacheValid: "cache-valid"
        case .proxyNoCache: "proxy-no-cache"
        case .setCookie: "set-cookie"
        case .isPrivate: "private"
        case .noStore: "no-store"
        case .noCache: "no-cache"
        case .maxAgeZero: "max-age-0"
        case .cacheControlInvalid: "cache-control-invalid"
        case .expiresPast: "expires-past"
        case .ageExceedsLifetime: "age-exceeds-lifetime"
        case .xAccelExpiresZero: "x-accel-expires-0"
        case .xAccelRedirect: "x-accel-redirect"
        case .xAccelBuffering: "x-accel-buffering"
        case .varyStar: "vary-star"
        case .authorization: "authorization"
        case .noLifetime: "no-lifetime"
        case .partialContent: "partial-content"
        case .notModified: "not-modified"
        case .tooLarge: "too-large"
        case .incomplete: "incomplete"
        case .diskUnavailable: "disk-unavailable"
        case .noRoom: "no-room"
        default: "origin-error"
        }
    }
}
