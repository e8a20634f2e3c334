import Bytes
import Compression
import Configuration
import HTTP
import Patterns
import Server

/// Compresses responses with the gzip content coding (RFC 9110 §8.4.1.3).
public enum Gzip: Feature {
    public struct Settings: Sendable {
        var isEnabled = false
        var types: [String] = ["text/html"]
        var minLength = 20
        var level = 1
        var varies = false
        var proxied: [String] = []
        var leastVersion = HTTPVersion.http11
        var disabled: [Argument] = []
    }
    public static let initial = Settings()
    private static let everywhere: BlockContext = [.http, .server, .location]
    public static let directives: [Directive<Settings>] = [
        .flag("gzip", \.isEnabled, in: everywhere, "Turns compression of responses on or off."),
        .custom(
            "gzip_types", arity: 1..., inheritance: .list, in: everywhere, syntax: "*mime-type* ... | *", default: "text/html",
            "Media types that are compressed, besides text/html.", types),
        .size("gzip_min_length", \.minLength, in: everywhere, "Shorter responses are not compressed.", default: "20"),
        .integer("gzip_comp_level", \.level, 1...9, in: everywhere, "Trades processor time for size."),
        .flag("gzip_vary", \.varies, in: everywhere, "Whether \"Vary: Accept-Encoding\" is added where it holds."),
        .custom(
            "gzip_proxied", arity: 1..., in: everywhere,
            syntax: "off | expired | no-cache | no-store | private | no_last_modified | no_etag | auth | any ...",
            default: "off", "Which responses to proxies (requests with Via) are compressed.", proxied),
        .choice(
            "gzip_http_version", \.leastVersion, ["1.0": .http10, "1.1": .http11], in: everywhere,
            "The least version of a request."),
        .custom(
            "gzip_disable", arity: 1..., inheritance: .list, in: everywhere, syntax: "*regex* ... | msie6",
            "Browsers, by User-Agent, that get nothing compressed.", disable),
    ]

    private static func types(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.types = ["text/html"] }
        for argument in statement.arguments {
            if argument.text == "text/html" {
                c.warn("duplicate MIME type \"text/html\": it is compressed always", at: argument.location)
            } else {
                s.types.append(argument.text)
            }
        }
    }

    private static func proxied(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        let words = ["off", "expired", "no-cache", "no-store", "private", "no_last_modified", "no_etag", "auth", "any"]
        for argument in statement.arguments where !words.contains(argument.text) {
            throw argument.invalid(expected: words.joined(separator: ", "))
        }
        s.proxied = statement.arguments.map(\.text).filter { $0 != "off" }
    }

    private static func disable(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.disabled = [] }
        s.disabled += statement.arguments
    }

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        guard s.isEnabled else { return }
        var patterns: [NamePattern] = []
        for argument in s.disabled {
            let text = argument.text == "msie6" ? "MSIE (?:[45]\\.|6\\.(?!.*SV1))" : argument.text
            patterns.append(try plan.site.compilePattern(text, caseless: true, at: argument.location))
        }
        let decision = GzipDecision(settings: s, types: s.types.map { Array($0.utf8) }, disabled: patterns)
        plan.add(HeaderFilter(.gzip, varies: decision.isCandidate, decision.apply))
    }
}

/// The header filter: whether a response is compressed.
struct GzipDecision: Sendable {
    let settings: Gzip.Settings
    let types: [[UInt8]]
    let disabled: [NamePattern]

    private var matchesAll: Bool { types.contains([UInt8(ascii: "*")]) }

    func apply(_ context: RequestContext) {
        guard isCandidate(context) else { return }
        if settings.varies { context.response.variesByEncoding = true }
        guard clientTakesIt(context) else { return }
        let expected = context.response.contentLength
        guard let filter = try? GzipFilter(level: settings.level, expectedLength: expected)
        else { return }
        context.response.bodyFilters.append(filter)
        context.response.contentLength = nil
        context.response.allowsRanges = false
        context.response.fields.remove(.acceptRanges)
        context.response.fields.append(.contentEncoding, literal: "gzip")
        weakenTag(context)
    }

    /// Status, length, type and coding allow it, whoever asks.
    func isCandidate(_ context: RequestContext) -> Bool {
        switch context.response.status {
        case 200, 403, 404: break
        default: return false
        }
        if context.response.fields.contains(.contentEncoding) { return false }
        if let length = context.response.contentLength, length < settings.minLength { return false }
        return isCandidate(context.response.contentType)
    }

    private func isCandidate(_ type: borrowing ByteString) -> Bool {
        // As nginx: "*" means also what has no type.
        guard !type.isEmpty else { return matchesAll }
        for wanted in types where MediaType.matches(type.span, wanted.span) { return true }
        return false
    }

    private func clientTakesIt(_ context: RequestContext) -> Bool {
        let head = context.head
        guard head.version >= settings.leastVersion else { return false }
        guard let slot = head.first(.acceptEncoding), AcceptEncoding.acceptsGzip(head.value(slot)) else { return false }
        if head.first(.via) != nil, !allowsProxied(context) { return false }
        guard !disabled.isEmpty, let agent = head.first(.userAgent) else { return true }
        let name = head.value(agent).array
        for pattern in disabled {
            if (try? context.match(pattern, name)) ?? false { return false }
        }
        return true
    }

    /// nginx's order of questions: what the response itself says decides before what it does not say.
    private func allowsProxied(_ context: RequestContext) -> Bool {
        let words = settings.proxied
        if words.isEmpty { return false }
        if words.contains("any") { return true }
        if words.contains("auth"), context.head.first(.authorization) != nil { return true }
        let fields = context.response.fields
        if let index = fields.firstIndex(of: .expires) {
            guard words.contains("expired"), let expires = HTTPDate.parse(fields.value(fields.slots[index])) else {
                return false
            }
            return expires < context.serving.loop.wallNow / 1000
        }
        if fields.contains(.cacheControl) {
            for slot in fields.slots where slot.name == .cacheControl {
                let value = fields.value(slot)
                if words.contains("no-cache"), Tokens.contains(value, "no-cache") { return true }
                if words.contains("no-store"), Tokens.contains(value, "no-store") { return true }
                if words.contains("private"), Tokens.contains(value, "private") { return true }
            }
            return false
        }
        let isDated = context.response.lastModified != nil || !context.response.lastModifiedText.isEmpty
        if words.contains("no_last_modified"), isDated { return false }
        return !(words.contains("no_etag") && !context.response.etag.isEmpty)
    }

    /// A strong tag promises the same bytes, which compressed ones are not (RFC 9110 §8.8.1).
    private func weakenTag(_ context: RequestContext) {
        let etag = context.response.etag.array
        if EntityTag.isWeak(etag.span) { return }
        context.response.etag.clear()
        // One that is no tag cannot be weakened.
        guard etag.first == UInt8(ascii: "\"") else { return }
        context.response.etag.append(literal: "W/")
        context.response.etag.append(etag.span)
    }
}

/// The body filter.
final class GzipFilter: BodyFilter {
    private let encoder: GzipEncoder
    private var isFinished = false
    private var failed = false
    private var hasInput = false

    init(level: Int, expectedLength: Int?) throws(CompressionError) {
        encoder = try GzipEncoder(level: level, expectedLength: expectedLength)
        super.init()
    }

    override func process(_ input: Span<UInt8>, into output: ByteBuffer) -> Int {
        var consumed = 0
        run(input, &consumed, output, .none)
        if consumed > 0 { hasInput = true }
        return consumed
    }

    override func flush(into output: ByteBuffer) -> Bool {
        guard hasInput else { return false }
        let before = output.count
        var consumed = 0
        run(Span(), &consumed, output, .sync)
        if output.room > 0 { hasInput = false }
        return output.count > before
    }

    override func finish(into output: ByteBuffer) -> Bool {
        if isFinished || failed { return true }
        var consumed = 0
        run(Span(), &consumed, output, .finish)
        return isFinished
    }

    override var hasFailed: Bool { failed }

    private func run(_ input: Span<UInt8>, _ consumed: inout Int, _ output: ByteBuffer, _ flush: GzipEncoder.Flush) {
        do throws(CompressionError) {
            if try encoder.process(input, consumed: &consumed, into: output, flush: flush) == .finished { isFinished = true }
        } catch {
            failed = true
        }
    }
}
