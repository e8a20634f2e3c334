/// How long a stored response is fresh, and what may be done with it afterwards (RFC 9111 §4.2).
public struct Lifetime: Sendable, Hashable {
    /// When the response, or the 304 that confirmed it, was received.
    public var responseTime: WallTime
    /// The response is fresh before this moment.
    public var freshUntil: WallTime
    /// Date of the origin in seconds since 1970; the time of receipt when it sent none (RFC 9110 §6.6.1).
    public var date: Int
    /// Age of the response when it was received, in seconds (corrected_initial_age, RFC 9111 §4.2.3).
    public var ageAtReceipt: Int
    /// Seconds past `freshUntil` in which it may be served while it is being refreshed (RFC 5861 §3).
    public var staleWhileRevalidate: Int
    /// Seconds past `freshUntil` in which it may be served when the origin fails (RFC 5861 §4).
    public var staleIfError: Int
    /// must-revalidate, proxy-revalidate or s-maxage: never served stale (RFC 9111 §5.2.2).
    public var mustRevalidate: Bool

    public init(
        responseTime: WallTime, freshUntil: WallTime, date: Int, ageAtReceipt: Int = 0, staleWhileRevalidate: Int = 0,
        staleIfError: Int = 0, mustRevalidate: Bool = false
    ) {
        self.responseTime = responseTime
        self.freshUntil = freshUntil
        self.date = date
        self.ageAtReceipt = ageAtReceipt
        self.staleWhileRevalidate = staleWhileRevalidate
        self.staleIfError = staleIfError
        self.mustRevalidate = mustRevalidate
    }

    public func isFresh(at now: WallTime) -> Bool { now < freshUntil }

    /// The value of the Age field (RFC 9111 §5.1): seconds since the origin made or confirmed the response.
    public func age(at now: WallTime) -> Int {
        let resident = max(0, now.milliseconds(since: responseTime)) / 1000
        return min(Age.limit, ageAtReceipt + Int(resident))
    }

    public func mayServeWhileRevalidating(at now: WallTime) -> Bool {
        !mustRevalidate && staleWhileRevalidate > 0 && now < freshUntil.advanced(bySeconds: staleWhileRevalidate)
    }

    public func mayServeOnError(at now: WallTime) -> Bool {
        !mustRevalidate && staleIfError > 0 && now < freshUntil.advanced(bySeconds: staleIfError)
    }
}

/// The age of a response at its receipt (RFC 9111 §4.2.3).
public enum Age {
    /// Larger ages are written as this one (RFC 9111 §1.2.2).
    public static let limit = 2_147_483_647

    /// corrected_initial_age in seconds.
    ///
    /// Date has a resolution of one second, so a difference of one says nothing: without that allowance a response with
    /// `max-age=1` would be born stale whenever a second ended between origin and cache. The delay of the response is added
    /// to what an upstream cache claims, and not to a response that its origin made while we waited.
    public static func initial(age: Int?, date: Int?, now: WallTime, delaySeconds: Int = 0) -> Int {
        var apparent = 0
        if let date, now.seconds > date + 1 { apparent = now.seconds - date }
        let corrected = age.map { min(limit, $0) + max(0, delaySeconds) } ?? 0
        return min(limit, max(apparent, corrected))
    }
}
