import HTTP

/// Response fields that `proxy_ignore_headers` can take out of the cache's and the proxy's sight.
package struct IgnoredFields: OptionSet, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let setCookie = IgnoredFields(rawValue: 1)
    package static let cacheControl = IgnoredFields(rawValue: 2)
    package static let expires = IgnoredFields(rawValue: 4)
    package static let vary = IgnoredFields(rawValue: 8)
    package static let xAccelExpires = IgnoredFields(rawValue: 16)
    package static let xAccelRedirect = IgnoredFields(rawValue: 32)
    package static let xAccelLimitRate = IgnoredFields(rawValue: 64)
    package static let xAccelBuffering = IgnoredFields(rawValue: 128)
    package static let xAccelCharset = IgnoredFields(rawValue: 256)
}

/// Methods whose responses may be stored (`proxy_cache_methods`); GET and HEAD are always among them.
package struct CacheMethods: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let get = CacheMethods(rawValue: 1)
    package static let head = CacheMethods(rawValue: 2)
    package static let post = CacheMethods(rawValue: 4)

    package func contains(_ method: Method) -> Bool {
        switch method {
        case .get: contains(CacheMethods.get)
        case .head: contains(CacheMethods.head)
        case .post: contains(CacheMethods.post)
        default: false
        }
    }
}

/// Conditions of `proxy_cache_use_stale`, which are also the kinds of failure it is asked about.
package struct StaleConditions: OptionSet, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let error = StaleConditions(rawValue: 1)
    package static let timeout = StaleConditions(rawValue: 2)
    package static let invalidHeader = StaleConditions(rawValue: 4)
    package static let updating = StaleConditions(rawValue: 8)
    package static let http500 = StaleConditions(rawValue: 16)
    package static let http502 = StaleConditions(rawValue: 32)
    package static let http503 = StaleConditions(rawValue: 64)
    package static let http504 = StaleConditions(rawValue: 128)
    package static let http403 = StaleConditions(rawValue: 256)
    package static let http404 = StaleConditions(rawValue: 512)
    package static let http429 = StaleConditions(rawValue: 1024)

    /// The condition that a response with this status meets; empty when there is none.
    package static func status(_ status: Int) -> StaleConditions {
        switch status {
        case 500: .http500
        case 502: .http502
        case 503: .http503
        case 504: .http504
        case 403: .http403
        case 404: .http404
        case 429: .http429
        default: []
        }
    }
}

/// Lifetimes given by `proxy_cache_valid` to responses that say nothing about their own.
package struct CacheValidity: Sendable, Equatable {
    package struct Rule: Sendable, Equatable {
        /// 0 is every status (`any`).
        package let status: Int
        /// 0 is: do not store.
        package let seconds: Int

        package init(status: Int, seconds: Int) {
            self.status = status
            self.seconds = seconds
        }
    }

    /// In the order of the configuration; the first that fits decides.
    package var rules: [Rule] = []

    package init() {}

    /// `proxy_cache_valid TIME;` without statuses: 200, 301 and 302.
    package mutating func appendUsualStatuses(seconds: Int) {
        for status in [200, 301, 302] { rules.append(Rule(status: status, seconds: seconds)) }
    }

    /// Seconds, or nil when no rule fits.
    package func seconds(for status: Int) -> Int? {
        for rule in rules where rule.status == 0 || rule.status == status { return rule.seconds }
        return nil
    }

    /// Whether a rule names this very status.
    package func names(_ status: Int) -> Bool { rules.contains { $0.status == status && $0.seconds > 0 } }
}

/// What a location says about caching, as far as the rules ask; its initial values are nginx's defaults.
package struct CacheSettings: Sendable {
    package var ignored: IgnoredFields = []
    package var methods: CacheMethods = [.get, .head]
    package var validity = CacheValidity()
    package var useStale: StaleConditions = []
    /// `proxy_cache_background_update`.
    package var updatesInBackground = false
    /// The location hides Set-Cookie: when it ignores it as well, it is not written to the store at all.
    package var hidesSetCookie = false

    package init() {}

    /// Whether Set-Cookie is left out of what is stored: nobody who asks through another location shall find it there.
    package var omitsSetCookie: Bool { hidesSetCookie && ignored.contains(.setCookie) }
}
