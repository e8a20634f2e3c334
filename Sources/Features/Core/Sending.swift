import Configuration
import Server

/// How responses are sent: sendfile, coding, pace, what redirects and the server's own pages show.
public enum Sending: Feature {
    public struct Settings: Sendable {
        var chunked = true
        var sendfile = false
        var maxChunk = 2 << 20
        var nopush = false
        var nodelay = true
        var limitRate: TemplateSyntax?
        var limitRateAfter: TemplateSyntax?
        var tokens = CoreOptions.Tokens.on
        var absolute = true
        var port = true
        var nameInRedirect = false
        var logsNotFound = true
        var isInternal = false
    }
    public static let initial = Settings()
    private static let everywhere: BlockContext = [.http, .server, .location]

    public static let directives: [Directive<Settings>] = [
        .flag(
            "chunked_transfer_encoding", \.chunked, in: everywhere,
            "Whether the chunked coding is used towards HTTP/1.1 clients."),
        .flag("sendfile", \.sendfile, in: everywhere, "Whether files go out by sendfile(), without passing through memory."),
        .size("sendfile_max_chunk", \.maxChunk, in: everywhere, "How much one call of sendfile() may send; 0 is no bound."),
        .flag("tcp_nopush", \.nopush, in: everywhere, "Checked; without an effect here."),
        .flag("tcp_nodelay", \.nodelay, in: everywhere, "Whether small segments are sent at once."),
        .template("limit_rate", \.limitRate, in: everywhere, "Bytes per second of one response; 0 is no bound.", default: "0"),
        .template(
            "limit_rate_after", \.limitRateAfter, in: everywhere, "Bytes that are sent before the limit holds.", default: "0"),
        .choice(
            "server_tokens", \.tokens, ["on": .on, "off": .off, "build": .build], in: everywhere,
            "Whether the server's own pages tell its version."),
        .flag("absolute_redirect", \.absolute, in: everywhere, "Whether redirects of the server's own are absolute."),
        .flag("port_in_redirect", \.port, in: everywhere, "Whether absolute redirects name the port."),
        .flag(
            "server_name_in_redirect", \.nameInRedirect, in: everywhere, "Whether absolute redirects use the first server_name."
        ),
        .flag("log_not_found", \.logsNotFound, in: everywhere, "Whether files that are not found are logged as errors."),
        .custom(
            "internal", arity: 0...0, inheritance: .own, in: .location, "Only internal redirects reach the location."
        ) { (s: inout Settings, _: Statement, _: ApplyContext) throws(Diagnostic) in s.isInternal = true },
    ]

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        plan.core.usesChunkedCoding = s.chunked
        plan.core.usesSendfile = s.sendfile
        plan.core.sendfileMaxChunk = s.maxChunk
        plan.core.tcpNodelay = s.nodelay
        plan.core.limitRate = try rate(s.limitRate, "limit_rate", plan)
        plan.core.limitRateAfter = try rate(s.limitRateAfter, "limit_rate_after", plan)
        plan.core.serverTokens = s.tokens
        plan.core.absoluteRedirect = s.absolute
        plan.core.portInRedirect = s.port
        plan.core.serverNameInRedirect = s.nameInRedirect
        plan.core.logsNotFound = s.logsNotFound
        plan.core.isInternal = s.isInternal
    }

    /// A number of bytes, or variables that come to one; nil: no limit.
    private static func rate(
        _ syntax: TemplateSyntax?, _ name: String, _ plan: LocationPlanBuilder
    ) throws(Diagnostic) -> Template? {
        guard let syntax else { return nil }
        let argument = plan.block.statement(name)?.arguments.first
        guard let constant = syntax.constant else { return try plan.compile(syntax, at: argument?.location) }
        guard let bytes = ArgumentTypes.size(constant) else {
            throw argument?.invalid(expected: "a size such as 512, 8k, 1m or 1g")
                ?? Diagnostic("invalid value \(Diagnostic.quoted(constant)) in \"\(name)\"", at: nil)
        }
        return bytes == 0 ? nil : Template(constant: String(bytes))
    }
}
