import Configuration
import Server

/// How heads and bodies of requests are read: buffers, bounds, time-outs.
public enum RequestReading: Feature {
    public struct Settings: Sendable {
        var headerBuffer = 1024
        var largeCount = 4
        var largeSize = 8192
        var headerTimeout: Int64 = 60_000
        var maxHeaders = 1000
        var ignoresInvalid = true
        var underscores = false
        var mergesSlashes = true
        var bodyTimeout: Int64 = 60_000
        var maxBody = 1 << 20
        var bodyBuffer = 16384
        var bodyPath = "client_body_temp"
        var bodyFile = CoreOptions.BodyFile.off
    }
    public static let initial = Settings()
    private static let everywhere: BlockContext = [.http, .server, .location]

    public static let directives: [Directive<Settings>] = [
        .size("client_header_buffer_size", \.headerBuffer, in: [.http, .server], "The buffer for an ordinary request head."),
        .custom(
            "large_client_header_buffers", arity: 2...2, in: [.http, .server], syntax: "*number* *size*", default: "4 8k",
            "How many buffers a large head may take; no line of it may be longer than one.", largeBuffers),
        .time("client_header_timeout", \.headerTimeout, in: [.http, .server], "How long the whole head may take."),
        .integer("max_headers", \.maxHeaders, 1...100_000, in: [.http, .server], "How many field lines a request may have."),
        .flag("ignore_invalid_headers", \.ignoresInvalid, in: [.http, .server], "Whether fields with odd names are dropped."),
        .flag("underscores_in_headers", \.underscores, in: [.http, .server], "Whether a name with an underscore is not odd."),
        .flag("merge_slashes", \.mergesSlashes, in: [.http, .server], "Whether adjacent slashes in a path become one."),
        .time("client_body_timeout", \.bodyTimeout, in: everywhere, "How long may pass between two reads of a body."),
        .size("client_max_body_size", \.maxBody, in: everywhere, "The longest body of a request; 0 is no bound."),
        .size("client_body_buffer_size", \.bodyBuffer, in: everywhere, "How much of a body stays in memory.", default: "16k"),
        .custom(
            "client_body_temp_path", arity: 1...4, in: everywhere, syntax: "*path* [*level1* [*level2* [*level3*]]]",
            default: "client_body_temp", "The directory for bodies that do not fit in memory.", bodyPath),
        .choice(
            "client_body_in_file_only", \.bodyFile, ["off": .off, "on": .on, "clean": .clean], in: everywhere,
            "Whether every body is written to a file; `on` keeps the file."),
    ]

    private static func largeBuffers(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        s.largeCount = try statement.arguments[0].integer(1...1024)
        s.largeSize = try statement.arguments[1].size()
        guard s.largeSize > 0 else { throw statement.arguments[1].invalid(expected: "a size above 0") }
    }

    private static func bodyPath(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        for level in statement.arguments.dropFirst() { _ = try level.integer(1...3) }
        s.bodyPath = c.paths.resolve(statement.arguments[0].text)
    }

    public static func install(_ s: Settings, in server: inout ServerPlanBuilder) throws(Diagnostic) {
        server.options.limits.clientHeaderBufferSize = s.headerBuffer
        server.options.limits.largeBufferCount = s.largeCount
        server.options.limits.largeBufferSize = s.largeSize
        server.options.limits.maxHeaders = s.maxHeaders
        server.options.limits.ignoresInvalidHeaders = s.ignoresInvalid
        server.options.limits.allowsUnderscores = s.underscores
        server.options.limits.mergesSlashes = s.mergesSlashes
        server.options.clientHeaderTimeout = s.headerTimeout
    }

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        plan.core.clientBodyTimeout = s.bodyTimeout
        plan.core.clientMaxBodySize = s.maxBody
        plan.core.clientBodyBufferSize = s.bodyBuffer
        plan.core.clientBodyTempPath = s.bodyPath.hasPrefix("/") ? s.bodyPath : plan.site.paths.resolve(s.bodyPath)
        plan.core.clientBodyInFileOnly = s.bodyFile
        plan.site.directories.insert(plan.core.clientBodyTempPath)
    }
}
