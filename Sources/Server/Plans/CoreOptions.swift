import Bytes
import HTTP
import Observability

/// What the core itself asks of a location: set by the Core features, read by the connection, the exchange and the drain.
package struct CoreOptions: Sendable {
    package enum BodyFile: Sendable { case off, on, clean }
    package enum Lingering: Sendable { case off, on, always }
    package enum Tokens: Sendable { case off, on, build }
    package struct KeepaliveDisable: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let msie6 = KeepaliveDisable(rawValue: 1)
        package static let safari = KeepaliveDisable(rawValue: 2)
    }

    // Times are milliseconds, sizes bytes.
    package var clientMaxBodySize = 1 << 20
    package var clientBodyBufferSize = 16384
    package var clientBodyTimeout: Int64 = 60_000
    package var clientBodyTempPath = "client_body_temp"
    package var clientBodyInFileOnly = BodyFile.off
    package var sendTimeout: Int64 = 60_000
    package var keepaliveTimeout: Int64 = 75_000
    /// Seconds told to the client in a Keep-Alive field; nil: none is sent.
    package var keepaliveHeader: Int?
    package var keepaliveRequests = 1000
    package var keepaliveTime: Int64 = 3_600_000
    package var keepaliveDisable: KeepaliveDisable = .msie6
    package var lingeringClose = Lingering.on
    package var lingeringTime: Int64 = 30_000
    package var lingeringTimeout: Int64 = 5_000
    package var usesChunkedCoding = true
    package var usesSendfile = false
    package var sendfileMaxChunk = 2 << 20
    package var tcpNodelay = true
    /// Bytes per second; 0 or an empty value: no limit.
    package var limitRate: Template?
    package var limitRateAfter: Template?
    package var serverTokens = Tokens.on
    package var absoluteRedirect = true
    package var portInRedirect = true
    package var serverNameInRedirect = false
    package var logsNotFound = true
    package var recursiveErrorPages = false
    package var isInternal = false
    package var etag = true
    /// A client that ends its direction of the connection still waits for its answer (`proxy_ignore_client_abort`).
    package var toleratesHalfClose = false
    package var maxRanges = Int.max
    package var documentRoot = DocumentRoot(template: Template(constant: "html"), alias: nil)
    package var mediaTypes = MediaTypes.standard
    package var defaultType = "text/plain"
    /// How If-Modified-Since is compared with Last-Modified (`if_modified_since`).
    package enum IfModifiedSince: Sendable { case off, exact, before }
    package var ifModifiedSince = IfModifiedSince.exact
    package var errorPages: [ErrorPage] = []
    package var errorLog = ErrorLog([])

    package init() {}
}

/// `root` or `alias`.
package struct DocumentRoot: Sendable {
    /// What of a request's path is put behind an alias.
    package enum Alias: Sendable {
        /// All but the location's prefix, this many bytes.
        case prefix(Int)
        /// Nothing: the alias of a regex location is the whole file name.
        case whole
    }

    /// An absolute path after evaluation, or one relative to the prefix.
    package let template: Template
    /// nil: `root`.
    package let alias: Alias?
    package var isAlias: Bool { alias != nil }

    package init(template: Template, alias: Alias?) {
        self.template = template
        self.alias = alias
    }
}

/// One `error_page`.
package struct ErrorPage: Sendable {
    package enum Target: Sendable {
        /// A path inside the server, or an absolute URL to redirect to.
        case uri(Template)
        /// The name of a named location, without `@`.
        case named(String)
    }

    package let statuses: [Int]
    /// `=code`: the status to answer with. `=` alone: whatever the target answers.
    package enum Override: Sendable {
        case keep
        case status(Int)
        case target
    }
    package let override: Override
    package let target: Target

    package init(statuses: [Int], override: Override, target: Target) {
        self.statuses = statuses
        self.override = override
        self.target = target
    }
}

/// What a server asks before a location is known.
package struct ServerOptions: Sendable {
    /// How heads are read.
    package var limits = HeadLimits()
    package var clientHeaderTimeout: Int64 = 60_000

    package init() {}
}
