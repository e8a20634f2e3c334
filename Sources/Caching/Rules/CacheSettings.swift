import HTTP

/// Response fields that `proxy_ignore_headers` can take out of the cache's and the proxy's sight.
public struct IgnoredFields: OptionSet, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let setCookie = IgnoredFields(rawValue: 1)
    public static let cacheControl = IgnoredFields(rawValue: 2)
    public static let expires = IgnoredFields(rawValue: 4)
    public static let vary = IgnoredFields(rawValue: 8)
    public static let xAccelExpires = IgnoredFields(rawValue: 16)
    public static let xAccelRedirect = IgnoredFields(rawValue: 32)
    public static let xAccelLimitRate = IgnoredFields(rawValue: 64)
    public static let xAccelBuffering = IgnoredFields(rawValue: 128)
    public static let xAccelCharset = IgnoredFields(rawValue: 256)
}

/// Methods whose responses may be stored (`proxy_cache_methods`); GET and HEAD are always among them.
public struct CacheMethods: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let get = CacheMethods(rawValue: 1)
    public static let head = CacheMethods(rawValue: 2)
    public static let post = CacheMethods(rawValue: 4)

    public func contains(_ method: Method) -> Bool {
        switch method {
        case .get: contains(CacheMethods.get)
        case .head: contains(CacheMethods.head)
        case .post: contains(CacheMethods.post)
        default: false
        }
    }
}

/// Conditions of `proxy_cache_use_stale`, which are also the kinds of failure it is asked about.
public struct StaleConditions: OptionSet, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let error = StaleConditions(rawValue: 1)
    public static let timeout = StaleConditions(rawValue: 2)
    public static let invalidHeader = StaleConditions(rawValue: 4)
    public static let updating = StaleConditions(rawValue: 8)
    public static let http500 = StaleConditions(rawValue: 16)
    public static let http502 = StaleConditions(rawValue: 32)
    public static let http503 = StaleConditions(rawValue: 64)
    public static let http504 = StaleConditions(rawValue: 128)
    public static let http403 = StaleConditions(rawValue: 256)
    public static let http404 = StaleConditions(rawValue: 512)
    public static let http429 = StaleConditions(rawValue: 1024)

    /// The condition that a response with this status meets; empty when there is none.
    public static func status(_ status: Int) -> StaleConditions {
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
public struct CacheValidity: Sendable, Equatable {
    public struct Rule: Sendable, Equatable {
        /// 0 is every status (`any`).
        public let status: Int
        /// 0 is: do not store.
        public let seconds: Int

        public init(status: Int, seconds: Int) {
            self.status = status
            self.seconds = seconds
        }
    }

    /// In the order of the configuration; the first that fits decides.
    public var rules: [Rule] = []

    public init() {}

    /// `proxy_cache_valid TIME;` without statuses: 200, 301 and 302.
    public mutating func appendUsualStatuses(seconds: Int) {
        for status in [200, 301, 302] { rules.append(Rule(status: status, seconds: seconds)) }
    }

    /// Seconds, or nil when no rule fits.
    public func seconds(for status: Int) -> Int? {
        for rule in rules where rule.status == 0 || rule.status == status { return rule.seconds }
        return nil
    }

    /// Whether a rule names this very status.
    public func names(_ status: Int) -> Bool { rules.contains { $0.status == status && $0.seconds > 0 } }
}

/// What a location says about caching, as far as the rules ask; its initial values are nginx's defaults.
public struct CacheSettings: Sendable {
    public var ignored: IgnoredFields = []
    public var methods: CacheMethods = [.get, .head]
    public var validity = CacheValidity()
    public var useStale: StaleConditions = []
    /// `proxy_cache_background_update`.
    public var updatesInBackground = false
    /// The location hides Set-Cookie: when it ignores it as well, it is not written to the store at all.
    public var hidesSetCookie = false

    public init() {}

    /// Whether Set-Cookie is left out of what is stored: nobody who asks through another location shall find it there.
    public var omitsSetCookie: Bool { hidesSetCookie && ignored.contains(.setCookie) }
}
