import Bytes
import Caching
import HTTP
import Upstreams

/// How one location proxies: compiled from its `proxy_*` directives, read by exchanges.
package final class ProxyPlan: Sendable {
    /// Where the requests go.
    package enum Target: Sendable {
        /// A group that is known at load time: an `upstream`, or the addresses of a host name.
        case group(UpstreamGroup)
        /// An address or the name of an `upstream`, by variables.
        case template(Template)
    }

    package struct Options: Sendable {
        package var target: Target
        /// As written after the scheme: `$proxy_host`.
        package var hostText = ""
        /// 80, or what was written: `$proxy_port`.
        package var portText = ""
        /// The URI of proxy_pass, which replaces the location's prefix; nil: the request's own target is sent.
        package var uri: [UInt8]?
        /// How much of a path the location's prefix covers: what `uri` replaces.
        package var prefixLength = 0
        /// Every group of the site by name, for a target by variables.
        package var directory: UpstreamDirectory?
        package var httpVersion = HTTPVersion.http11
        /// The value of `proxy_set_header Host`; nil: `$proxy_host`.
        package var hostHeader: Template?
        /// The other `proxy_set_header`s, in order; an empty value sends nothing. Those that frame the body are not here:
        /// Content-Length and Transfer-Encoding are written as the body is sent.
        package var setHeaders: [SetHeader] = []
        package var passesRequestHeaders = true
        package var passesRequestBody = true
        package var buffersRequest = true
        package var buffersResponse = true
        package var bufferSize = 4096
        package var bufferCount = 8
        package var bufferBlockSize = 4096
        package var tempPath = "proxy_temp"
        package var maxTempFileSize = 1 << 30
        package var connectTimeout: Int64 = 60_000
        package var sendTimeout: Int64 = 60_000
        package var readTimeout: Int64 = 60_000
        package var retry = RetryPolicy(conditions: .standard, tries: 0, timeout: 0)
        package var interceptsErrors = false
        package var ignoresClientAbort = false
        package var socketKeepalive = false
        package var forcesRanges = false
        package var ignored: IgnoredFields = []
        /// Names of response fields that are not passed on; lower case.
        package var hidden = HeaderNameSet()
        package var redirects: [RedirectRule] = []
        package var keepAlive = KeepAlivePolicy(capacity: 0, timeout: 60_000, requests: 1000, lifetime: 3_600_000)
        package var cache: CachePlan?

        package init(target: Target) { self.target = target }
    }

    package let options: Options
    /// Where the requests go, when no variable is involved.
    package let fixedTarget: ProxyTarget?
    /// Fields of the client that are not handed on: those that `proxy_set_header` gives, and those of the connection.
    let replacedFields: HeaderNameSet

    package init(_ options: Options) {
        self.options = options
        if case .group(let group) = options.target {
            fixedTarget = ProxyTarget(
                group: group, keepAlive: options.keepAlive, host: Array(options.hostText.utf8),
                port: Array(options.portText.utf8), uri: options.uri, isComputed: false)
        } else {
            fixedTarget = nil
        }
        var replaced = HeaderNameSet()
        for name in ProxyPlan.neverPassed { replaced.insert(name) }
        for header in options.setHeaders { replaced.insert(header.text) }
        replacedFields = replaced
    }

    /// Host and framing are written anew; the rest concerns the client's connection alone (RFC 9110 §7.6.1, §10.1.1).
    private static let neverPassed: [FieldName] = [
        .host, .connection, .proxyConnection, .contentLength, .transferEncoding, .te, .trailer, .keepAlive, .expect, .upgrade,
    ]

    /// Where this request goes: fixed, or as `resolve` has settled it.
    package func target(_ context: RequestContext) -> ProxyTarget? { fixedTarget ?? context.upstream?.target }
}

/// One `proxy_set_header`.
package final class SetHeader: Sendable {
    package let name: FieldName
    package let spelling: FrozenBytes
    package let value: Template
    /// The whole line, where the value has no variables; empty: nothing is sent.
    let line: FrozenBytes?
    /// The name as written.
    let text: String

    package init(spelling: String, value: Template) {
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
package struct RedirectRule: Sendable {
    package enum Match: Sendable {
        /// A prefix, by variables.
        case prefix(Template)
        case pattern(NamePattern)
    }

    package let match: Match
    package let replacement: Template

    package init(match: Match, replacement: Template) {
        self.match = match
        self.replacement = replacement
    }
}

/// How a location uses the cache: its zone and its `proxy_cache_*` directives.
package final class CachePlan: Sendable {
    package let zone: CacheZone
    package let settings: CacheSettings
    package let key: Template
    package let bypass: [Template]
    package let noStore: [Template]
    package let minUses: Int
    package let usesLock: Bool
    /// Milliseconds; nil: not given, waiters wait as long as the fill lives.
    package let lockTimeout: Int64?
    package let lockAge: Int64?
    package let revalidates: Bool
    package let convertsHead: Bool
    package let maxRangeOffset: Int?

    package init(
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
