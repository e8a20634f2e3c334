import Bytes
import HTTP
import Observability

/// What the core itself asks of a location: set by the Core features, read by the connection, the exchange and the drain.
public struct CoreOptions: Sendable {
    public enum BodyFile: Sendable { case off, on, clean }
    public enum Lingering: Sendable { case off, on, always }
    public enum Tokens: Sendable { case off, on, build }
    public struct KeepaliveDisable: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let msie6 = KeepaliveDisable(rawValue: 1)
        public static let safari = KeepaliveDisable(rawValue: 2)
    }

    // Times are milliseconds, sizes bytes.
    public var clientMaxBodySize = 1 << 20
    public var clientBodyBufferSize = 16384
    public var clientBodyTimeout: Int64 = 60_000
    public var clientBodyTempPath = "client_body_temp"
    public var clientBodyInFileOnly = BodyFile.off
    public var sendTimeout: Int64 = 60_000
    public var keepaliveTimeout: Int64 = 75_000
    /// Seconds told to the client in a Keep-Alive field; nil: none is sent.
    public var keepaliveHeader: Int?
    public var keepaliveRequests = 1000
    public var keepaliveTime: Int64 = 3_600_000
    public var keepaliveDisable: KeepaliveDisable = .msie6
    public var lingeringClose = Lingering.on
    public var lingeringTime: Int64 = 30_000
    public var lingeringTimeout: Int64 = 5_000
    public var usesChunkedCoding = true
    public var usesSendfile = false
    public var sendfileMaxChunk = 2 << 20
    public var tcpNodelay = true
    /// Bytes per second; 0 or an empty value: no limit.
    public var limitRate: Template?
    public var limitRateAfter: Template?
    public var serverTokens = Tokens.on
    public var absoluteRedirect = true
    public var portInRedirect = true
    public var serverNameInRedirect = false
    public var logsNotFound = true
    public var recursiveErrorPages = false
    public var isInternal = false
    public var etag = true
    /// A client that ends its direction of the connection still waits for its answer (`proxy_ignore_client_abort`).
    public var toleratesHalfClose = false
    public var maxRanges = Int.max
    public var documentRoot = DocumentRoot(template: Template(constant: "html"), alias: nil)
    public var mediaTypes = MediaTypes.standard
    public var defaultType = "text/plain"
    /// How If-Modified-Since is compared with Last-Modified (`if_modified_since`).
    public enum IfModifiedSince: Sendable { case off, exact, before }
    public var ifModifiedSince = IfModifiedSince.exact
    public var errorPages: [ErrorPage] = []
    public var errorLog = ErrorLog([])

    public init() {}
}

/// `root` or `alias`.
public struct DocumentRoot: Sendable {
    /// What of a request's path is put behind an alias.
    public enum Alias: Sendable {
        /// All but the location's prefix, this many bytes.
        case prefix(Int)
        /// Nothing: the alias of a regex location is the whole file name.
        case whole
    }

    /// An absolute path after evaluation, or one relative to the prefix.
    public let template: Template
    /// nil: `root`.
    public let alias: Alias?
    public var isAlias: Bool { alias != nil }

    public init(template: Template, alias: Alias?) {
        self.template = template
        self.alias = alias
    }
}

/// One `error_page`.
public struct ErrorPage: Sendable {
    public enum Target: Sendable {
        /// A path inside the server, or an absolute URL to redirect to.
        case uri(Template)
        /// The name of a named location, without `@`.
        case named(String)
    }

    public let statuses: [Int]
    /// `=code`: the status to answer with. `=` alone: whatever the target answers.
    public enum Override: Sendable {
        case keep
        case status(Int)
        case target
    }
    public let override: Override
    public let target: Target

    public init(statuses: [Int], override: Override, target: Target) {
        self.statuses = statuses
        self.override = override
        self.target = target
    }
}

/// What a server asks before a location is known.
public struct ServerOptions: Sendable {
    /// How heads are read.
    public var limits = HeadLimits()
    public var clientHeaderTimeout: Int64 = 60_000

    public init() {}
}
