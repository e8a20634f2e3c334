import Bytes
import Caching
import Configuration
import HTTP
import Server
import Upstreams

/// `proxy_pass` and everything about how requests are passed and responses taken
/// (https://nginx.org/en/docs/http/ngx_http_proxy_module.html).
public enum ProxyPass: Feature {
    public struct HeaderLine: Sendable {
        let name: String
        let value: TemplateSyntax
        let location: SourceLocation
    }
    public struct Redirect: Sendable {
        /// nil: `default`.
        let from: Argument?
        let to: TemplateSyntax?
        let location: SourceLocation
    }
    public struct Settings: Sendable {
        var pass: Argument?
        var headers: [HeaderLine] = []
        var hidden: [String] = []
        var passed: [String] = []
        var passesHeaders = true
        var passesBody = true
        var forcesRanges = false
        var version = HTTPVersion.http11
        /// nil: default; empty: off.
        var redirects: [Redirect]?
        var buffering = true
        var bufferCount = 8
        var bufferBlock = 4096
        var bufferSize = 4096
        var busy: Int?
        var tempPath: String?
        var maxTemp = 1 << 30
        var tempWrite: Int?
        var requestBuffering = true
        var connectTimeout: Int64 = 60_000
        var sendTimeout: Int64 = 60_000
        var readTimeout: Int64 = 60_000
        var retry = RetryConditions.standard
        var tries = 0
        var retryTimeout: Int64 = 0
        var intercepts = false
        var ignoresAbort = false
        var ignored: IgnoredFields = []
        var ignoresSetCookieAt: SourceLocation?
        var socketKeepalive = false
    }
    public static let initial = Settings()
    static let everywhere: BlockContext = [.http, .server, .location]

    public static let directives: [Directive<Settings>] = routing + fields + buffers + failures

    private static let routing: [Directive<Settings>] = [
        .custom(
            "proxy_pass", arity: 1...1, inheritance: .ownAndConditional, in: [.location, .limitExcept], syntax: "*URL*",
            """
            Where the location's requests go: http://host[:port][/uri], http://unix:/path[:/uri], or an upstream's name; https:// \
            asks with TLS.
            """, pass
        ),
        .custom(
            "proxy_redirect", arity: 1...2, inheritance: .list, in: everywhere,
            syntax: "default | off | *redirect* *replacement*",
            default: "default", "How Location and Refresh of responses are rewritten.", redirect),
        .choice(
            "proxy_http_version", \.version, ["1.0": .http10, "1.1": .http11], in: everywhere,
            "The version spoken to upstreams."),
        .flag(
            "proxy_socket_keepalive", \.socketKeepalive, in: everywhere,
            "Whether the kernel probes idle connections (SO_KEEPALIVE)."),
    ]

    private static let fields: [Directive<Settings>] = [
        .custom(
            "proxy_set_header", arity: 2...2, inheritance: .list, in: everywhere, syntax: "*field* *value*",
            "A field of the request to the upstream; an empty value sends none.", setHeader),
        .texts("proxy_hide_header", \.hidden, in: everywhere, "Fields of responses that are not passed on.", syntax: "*field*"),
        .texts(
            "proxy_pass_header", \.passed, in: everywhere, "Fields that are passed on although they are hidden otherwise.",
            syntax: "*field*"),
        .flag("proxy_pass_request_headers", \.passesHeaders, in: everywhere, "Whether the client's fields are passed."),
        .flag("proxy_pass_request_body", \.passesBody, in: everywhere, "Whether the client's body is passed."),
        .flag("proxy_force_ranges", \.forcesRanges, in: everywhere, "Whether ranges are served whatever the upstream says."),
        .custom(
            "proxy_ignore_headers", arity: 1..., inheritance: .list, in: everywhere, syntax: "*field* ...",
            "Fields of responses whose meaning for the front is ignored.", ignore),
    ]

    private static let buffers: [Directive<Settings>] = [
        .flag(
            "proxy_buffering", \.buffering, in: everywhere, "Whether responses are taken as fast as the upstream sends them."),
        .custom(
            "proxy_buffers", arity: 2...2, in: everywhere, syntax: "*number* *size*", default: "8 4k",
            "Memory for one response.", buffer),
        .size("proxy_buffer_size", \.bufferSize, in: everywhere, "The longest head of a response.", default: "4k"),
        .size(
            "proxy_busy_buffers_size", \.busy, in: everywhere, "Checked as nginx does; without an effect here.",
            default: "8k"),
        .custom(
            "proxy_temp_path", arity: 1...4, in: everywhere, syntax: "*path* [*level1* [*level2* [*level3*]]]",
            default: "proxy_temp",
            "The directory for what does not fit in memory.", tempPath),
        .size(
            "proxy_max_temp_file_size", \.maxTemp, in: everywhere, "How much of one response may go there; 0 is nothing.",
            default: "1024m"),
        .size(
            "proxy_temp_file_write_size", \.tempWrite, in: everywhere, "Checked as nginx does; without an effect here.",
            default: "8k"),
        .flag(
            "proxy_request_buffering", \.requestBuffering, in: everywhere,
            "Whether a request's body is read whole before it is passed."),
    ]

    private static let failures: [Directive<Settings>] = [
        .time("proxy_connect_timeout", \.connectTimeout, in: everywhere, "How long connecting may take."),
        .time("proxy_send_timeout", \.sendTimeout, in: everywhere, "How long may pass between two writes of a request."),
        .time("proxy_read_timeout", \.readTimeout, in: everywhere, "How long may pass between two reads of a response."),
        .custom(
            "proxy_next_upstream", arity: 1..., inheritance: .list, in: everywhere,
            syntax: "error | timeout | invalid_header | http_500 | … | non_idempotent | off ...",
            default: "error timeout", "After which failures a request goes to the next server.", next),
        .integer("proxy_next_upstream_tries", \.tries, in: everywhere, "How many servers may be asked; 0 is no bound."),
        .time(
            "proxy_next_upstream_timeout", \.retryTimeout, in: everywhere,
            "How long a request may go on to further servers; 0 is no bound."),
        .flag(
            "proxy_intercept_errors", \.intercepts, in: everywhere,
            "Whether error_page applies to statuses of 300 and more of the upstream."),
        .flag(
            "proxy_ignore_client_abort", \.ignoresAbort, in: everywhere,
            "Whether a request goes on although its client has left."),
    ]

    // MARK: Reading

    private static func pass(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        let url = statement.arguments[0]
        let text = url.text.lowercased()
        guard text.hasPrefix("http://") || text.hasPrefix("https://") || text.contains("$") else {
            throw Diagnostic(
                "invalid URL prefix in \(Diagnostic.quoted(url.text))", at: url.location,
                hint: "a URL begins with http:// or https://")
        }
        s.pass = url
    }

    private static func setHeader(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.headers = [] }
        s.headers.append(
            HeaderLine(
                name: statement.arguments[0].text, value: try statement.arguments[1].template(), location: statement.location))
    }

    private static func redirect(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.redirects = [] }
        let first = statement.arguments[0]
        if statement.arguments.count == 1 {
            switch first.text {
            case "off", "false": s.redirects = []
            case "default": s.redirects?.append(Redirect(from: nil, to: nil, location: statement.location))
            default: throw Diagnostic("invalid parameter \(Diagnostic.quoted(first.text))", at: first.location)
            }
            return
        }
        s.redirects?.append(Redirect(from: first, to: try statement.arguments[1].template(), location: statement.location))
    }

    private static func ignore(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        let known: [String: IgnoredFields] = [
            "set-cookie": .setCookie, "cache-control": .cacheControl, "expires": .expires, "vary": .vary,
            "x-accel-expires": .xAccelExpires, "x-accel-redirect": .xAccelRedirect, "x-accel-limit-rate": .xAccelLimitRate,
            "x-accel-buffering": .xAccelBuffering, "x-accel-charset": .xAccelCharset,
        ]
        if c.isFirst {
            s.ignored = []
            s.ignoresSetCookieAt = nil
        }
        for argument in statement.arguments {
            guard let field = known[argument.text.lowercased()] else {
                throw argument.invalid(expected: "one of " + known.keys.sorted().joined(separator: ", "))
            }
            s.ignored.insert(field)
            if field == .setCookie { s.ignoresSetCookieAt = argument.location }
        }
    }

    private static func buffer(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        s.bufferCount = try statement.arguments[0].integer(2...100_000)
        s.bufferBlock = try statement.arguments[1].size()
        if s.bufferBlock == 0 { throw statement.arguments[1].invalid(expected: "a size above 0") }
    }

    private static func tempPath(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        for level in statement.arguments.dropFirst() { _ = try level.integer(1...3) }
        s.tempPath = c.paths.resolve(statement.arguments[0].text)
    }

    private static func next(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.retry = [] }
        for argument in statement.arguments {
            if argument.text == "off" {
                s.retry = []
                return
            }
            if argument.text == "updating" { continue }
            guard let condition = RetryConditions.named(argument.text) else {
                throw argument.invalid(expected: "one of " + RetryConditions.words.map(\.word).joined(separator: ", "))
            }
            s.retry.insert(condition)
        }
    }
}
