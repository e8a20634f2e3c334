import Bytes
import Caching
import HTTP
import Upstreams

/// How one location proxies: compiled from its `proxy_*` directives, read by exchanges.
public final class ProxyPlan: Sendable {
    /// Where the requests go.
    public enum Target: Sendable {
        /// A group that is known at load time: an `upstream`, or the addresses of a host name.
        case group(UpstreamGroup)
        /// An address or the name of an `upstream`, by variables.
        case template(Template)
    }

    public struct Options: Sendable {
        public var target: Target
        /// As written after the scheme: `$proxy_host`.
        public var hostText = ""
        /// 80, or what was written: `$proxy_port`.
        public var portText = ""
        /// The URI of proxy_pass, which replaces the location's prefix; nil: the request's own target is sent.
        public var uri: [UInt8]?
        /// How much of a path the location's prefix covers: what `uri` replaces.
        public var prefixLength = 0
        /// Every group of the site by name, for a target by variables.
        public var directory: UpstreamDirectory?
        public var httpVersion = HTTPVersion.http11
        /// The value of `proxy_set_header Host`; nil: `$proxy_host`.
        public var hostHeader: Template?
        /// The other `proxy_set_header`s, in order; an empty value sends nothing. Those that frame the body are not here:
        /// Content-Length and Transfer-Encoding are written as the body is sent.
        public var setHeaders: [SetHeader] = []
        public var passesRequestHeaders = true
        public var passesRequestBody = true
        public var buffersRequest = true
        public var buffersResponse = true
        public var bufferSize = 4096
        public var bufferCount = 8
        public var bufferBlockSize = 4096
        public var tempPath = "proxy_temp"
        public var maxTempFileSize = 1 << 30
        public var connectTimeout: Int64 = 60_000
        public var sendTimeout: Int64 = 60_000
        public var readTimeout: Int64 = 60_000
        public var retry = RetryPolicy(conditions: .standard, tries: 0, timeout: 0)
        public var interceptsErrors = false
        public var ignoresClientAbort = false
        public var socketKeepalive = false
        public var forcesRanges = false
        public var ignored: IgnoredFields = []
        /// Names of response fields that are not passed on; lower case.
        public var hidden = HeaderNameSet()
        public var redirects: [RedirectRule] = []
        public var keepAlive = KeepAlivePolicy(capacity: 0, timeout: 60_000, requests: 1000, lifetime: 3_600_000)
        public var cache: CachePlan?
        /// TLS to the upstream; nil: it is asked without, or (where variables name it) cannot be asked with.
        public var security: UpstreamSecurity?

        public init(target: Target) { self.target = target }
    }

    public let options: Options
    /// Where the requests go, when no variable is involved.
    public let fixedTarget: ProxyTarget?
    /// Fields of the client that are not handed on: those that `proxy_set_header` gives, and those of the connection.
    let replacedFields: HeaderNameSet
    /// The lines of `proxy_set_header` that may be sent: not those whose value is empty whatever is asked for.
    let sentHeaders: [SetHeader]

    public init(_ options: Options) {
        self.options = options
        if case .group(let group) = options.target {
            fixedTarget = ProxyTarget(
                group: group, keepAlive: options.keepAlive, host: Array(options.hostText.utf8),
                port: Array(options.portText.utf8), uri: options.uri, isComputed: false,
                isEncrypted: options.security != nil)
        } else {
            fixedTarget = nil
        }
        var replaced = HeaderNameSet()
        for name in ProxyPlan.neverPassed { replaced.insert(name) }
        for header in options.setHeaders { replaced.insert(header.text) }
        replacedFields = replaced
        sentHeaders = options.setHeaders.filter { $0.line?.count != 0 }
    }

    /// Host and framing are written anew; the rest concerns the client's connection alone (RFC 9110 §7.6.1, §10.1.1).
    private static let neverPassed: [FieldName] = [
        .host, .connection, .proxyConnection, .contentLength, .transferEncoding, .te, .trailer, .keepAlive, .expect, .upgrade,
    ]

    /// Where this request goes: fixed, or as `resolve` has settled it.
    public func target(_ context: RequestContext) -> ProxyTarget? { fixedTarget ?? context.upstream?.target }
}

/// One `proxy_set_header`.
public final class SetHeader: Sendable {
    public let name: FieldName
    public let spelling: FrozenBytes
    public let value: Template
    /// The whole line, where the value has no variables; empty: nothing is sent.
    let line: FrozenBytes?
    /// The name as written.
    let text: String

    public init(spelling: String, value: Template) {
        text = spelling
        let bytes = Array(spelling.utf8)
        self.spelling = FrozenBytes(bytes)
        name = FieldName(bytes.span)
        self.value = value
        line = value.constant.map { constant in
            var line: [UInt8] = []
            if constant.count > 0 {
                line += bytes
                line.append(literal: ": ")
                line.append(constant.bytes)
                line.append(literal: "\r\n")
            }
            return FrozenBytes(line)
        }
    }
}

/// One `proxy_redirect`: how Location and Refresh are rewritten.
public struct RedirectRule: Sendable {
    public enum Match: Sendable {
        /// A prefix, by variables.
        case prefix(Template)
        case pattern(NamePattern)
    }

    public let match: Match
    public let replacement: Template

    public init(match: Match, replacement: Template) {
        self.match = match
        self.replacement = replacement
    }
}

/// How a location uses the cache: its zone and its `proxy_cache_*` directives.
public final class CachePlan: Sendable {
    public let zone: CacheZone
    public let settings: CacheSettings
    public let key: Template
    public let bypass: [Template]
    public let noStore: [Template]
    public let minUses: Int
    public let usesLock: Bool
    /// Milliseconds; nil: not given, waiters wait as long as the fill lives.
    public let lockTimeout: Int64?
    public let lockAge: Int64?
    public let revalidates: Bool
    public let convertsHead: Bool
    public let maxRangeOffset: Int?

    public init(
        zone: CacheZone, settings: CacheSettings, key: Template, bypass: [Template], noStore: [Template], minUses: Int,
        usesLock: Bool,
        lockTimeout: Int64?, lockAge: Int64?, revalidates: Bool, convertsHead: Bool, maxRangeOffset: Int?
    ) {
        self.zone = zone
        self.settings = settings
        self.key = key
        self.bypass = bypass
        self.noStore = noStore
        self.minUses = minUses
        self.usesLock = usesLock
        self.lockTimeout = lockTimeout
        self.lockAge = lockAge
        self.revalidates = revalidates
        self.convertsHead = convertsHead
        self.maxRangeOffset = maxRangeOffset
    }
}
