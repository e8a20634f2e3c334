import Bytes
import Configuration
import Observability
import Platform
import Server

/// `access_log` and `log_format`.
public enum AccessLogging: Feature {
    public struct Target: Sendable {
        let path: String
        /// The name, where it holds variables.
        var name: TemplateSyntax?
        let location: SourceLocation
        var format = "combined"
        var bufferSize = 0
        var flushInterval: Int64?
        var condition: TemplateSyntax?
    }
    public struct Format: Sendable {
        let name: String
        let format: LogFormat
        let location: SourceLocation
    }
    public struct Settings: Sendable {
        /// nil: nothing was said; empty: off.
        var targets: [Target]?
        var formats: [Format] = []
        /// For logs whose names hold variables; nil: each is opened and closed for every line.
        var cache: AccessLogs.CachePolicy?
    }
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = [
        .custom(
            "log_format", arity: 2..., inheritance: .list, in: .http, syntax: "*name* [escape=default|json|none] *text* ...",
            default: "combined …", "A format of access logs, under a name.", format),
        .custom(
            "access_log", arity: 1..., inheritance: .list, in: [.http, .server, .location, .limitExcept],
            syntax: "off | *file* [*format*] [buffer=*size*] [flush=*time*] [if=*condition*]",
            default: "logs/access.log combined",
            "Where requests are logged.", log),
        .custom(
            "open_log_file_cache", arity: 1...4, in: [.http, .server, .location],
            syntax: "max=*N* [inactive=*time*] [min_uses=*N*] [valid=*time*] | off", default: "off",
            "How many logs whose names hold variables stay open.", cache),
    ]

    private static func format(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.formats = [] }
        let name = statement.arguments[0].text
        if name == "combined" || s.formats.contains(where: { $0.name == name }) {
            throw Diagnostic("duplicate \"log_format\" name \(Diagnostic.quoted(name))", at: statement.arguments[0].location)
        }
        var words = statement.arguments.dropFirst()
        var escape = LogFormat.Escape.standard
        if let value = words.first?.value(of: "escape") {
            words = words.dropFirst()
            switch value.text {
            case "default": escape = .standard
            case "json": escape = .json
            case "none": escape = .none
            default: throw value.invalid(expected: "default, json or none")
            }
        }
        let text = words.map(\.text).joined()
        let syntax = try TemplateSyntax(parsing: text, at: statement.arguments[0].location)
        s.formats.append(Format(name: name, format: LogFormat(syntax: syntax, escape: escape), location: statement.location))
    }

    private static func log(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.targets = [] }
        let file = statement.arguments[0]
        if file.text == "off" {
            s.targets = []
            return
        }
        if file.text.hasPrefix("syslog:") {
            throw Diagnostic("logs to syslog come with a later version", at: file.location)
        }
        var target = Target(path: c.paths.resolve(file.text), location: file.location)
        if file.text.utf8.contains(UInt8(ascii: "$")) { target.name = try file.template() }
        var isFormatGiven = false
        for option in statement.arguments.dropFirst() {
            if let value = option.value(of: "buffer") {
                target.bufferSize = try value.size()
                if target.bufferSize == 0 { throw value.invalid(expected: "a size above 0") }
            } else if let value = option.value(of: "flush") {
                target.flushInterval = try value.milliseconds()
            } else if let value = option.value(of: "if") {
                target.condition = try value.template()
            } else if option.text == "gzip" || option.text.hasPrefix("gzip=") {
                throw Diagnostic("compressed access logs come with a later version", at: option.location)
            } else if isFormatGiven {
                throw option.unknownParameter(of: "access_log", known: ["buffer=", "flush=", "if="])
            } else {
                target.format = option.text
                isFormatGiven = true
            }
        }
        if target.flushInterval != nil, target.bufferSize == 0 {
            throw Diagnostic("no buffer is defined for the access log, so \"flush\" has no meaning", at: statement.location)
        }
        if target.name != nil, target.bufferSize > 0 {
            throw Diagnostic("buffered logs cannot have variables in name", at: file.location)
        }
        s.targets = (s.targets ?? []) + [target]
    }

    private static func cache(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if statement.arguments.count == 1, statement.arguments[0].text == "off" {
            s.cache = nil
            return
        }
        var policy = AccessLogs.CachePolicy(maximum: 0)
        for argument in statement.arguments {
            if let value = argument.value(of: "max") {
                policy.maximum = try value.integer(1...1_000_000)
            } else if let value = argument.value(of: "inactive") {
                policy.inactive = try value.seconds() * 1000
            } else if let value = argument.value(of: "min_uses") {
                policy.leastUses = try value.integer(1...1_000_000)
            } else if let value = argument.value(of: "valid") {
                policy.valid = try value.seconds() * 1000
            } else {
                throw argument.unknownParameter(
                    of: "open_log_file_cache", known: ["max=", "inactive=", "min_uses=", "valid="])
            }
        }
        if policy.maximum == 0 {
            throw Diagnostic("\"open_log_file_cache\" must have the \"max\" parameter", at: statement.location)
        }
        s.cache = policy
    }

    public static func install(_ s: Settings, from block: Block, in site: SiteBuilder) throws(Diagnostic) {
        let combined =
            "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\""
        site.logFormats["combined"] = LogFormat(syntax: try TemplateSyntax(parsing: combined, at: nil), escape: .standard)
        for format in s.formats { site.logFormats[format.name] = format.format }
    }

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        let site = plan.site
        let targets = s.targets ?? [Target(path: site.paths.resolve("logs/access.log"), location: plan.block.header.location)]
        for target in targets {
            guard let format = site.logFormats[target.format] else {
                throw Diagnostic(
                    "unknown log format \(Diagnostic.quoted(target.format))", at: target.location,
                    hint: "define it with log_format in the http block")
            }
            let destination: AccessLogWriter.Destination
            if let name = target.name {
                destination = .named(try site.compile(name, at: target.location), s.cache)
            } else {
                destination = .file(try open(target, site))
            }
            let writer = AccessLogWriter(
                destination: destination, template: try site.compile(format.syntax, at: target.location), escape: format.escape,
                bufferSize: target.bufferSize, flushInterval: target.flushInterval,
                condition: try target.condition.map { (c: TemplateSyntax) throws(Diagnostic) in try site.compile(c) })
            plan.add(LogHandler(writer.write))
        }
    }

    private static func open(_ target: Target, _ site: SiteBuilder) throws(Diagnostic) -> LogFile {
        do throws(SystemError) {
            return try site.named.openLog(target.path)
        } catch {
            throw Diagnostic("open() \(Diagnostic.quoted(target.path)) failed (\(error))", at: target.location)
        }
    }
}

/// Writes one line of one access log.
final class AccessLogWriter: Sendable {
    enum Destination: Sendable {
        case file(LogFile)
        /// A name made for each request.
        case named(Template, AccessLogs.CachePolicy?)
    }

    private let destination: Destination
    /// That of `destination`, by itself: what an enum holds is counted at each look.
    private let file: LogFile?
    let template: Template
    let escape: LogFormat.Escape
    let bufferSize: Int
    let flushInterval: Int64?
    let condition: Template?

    init(
        destination: Destination, template: Template, escape: LogFormat.Escape, bufferSize: Int, flushInterval: Int64?,
        condition: Template?
    ) {
        self.destination = destination
        if case .file(let file) = destination { self.file = file } else { file = nil }
        self.template = template
        self.escape = escape
        self.bufferSize = bufferSize
        self.flushInterval = flushInterval
        self.condition = condition
    }

    func write(_ context: RequestContext) {
        if let condition, !condition.isTrue(context) { return }
        var line = context.takeScratch()
        switch escape {
        case .standard: template.append(to: &line, context, escaping: LogEscape.standard)
        case .json: template.append(to: &line, context, escaping: LogEscape.json)
        case .none: template.append(to: &line, context)
        }
        line.append(UInt8(ascii: "\n"))
        if file != nil {
            writeToFile(line.span, context)
        } else if case .named(let name, let cache) = destination {
            append(line.span, name, cache, context)
        }
        context.giveScratch(&line)
    }

    private func writeToFile(_ line: Span<UInt8>, _ context: RequestContext) {
        guard let file else { return }
        context.serving.append(line, to: file, bufferSize: bufferSize, flushInterval: flushInterval)
        if let error = file.takeFailure() { tell(error, file, context) }
    }

    /// Lines are lost: said once a minute, for a full disk fails with every request.
    private func tell(_ error: SystemError, _ file: LogFile, _ context: RequestContext) {
        let path = Array((file.path ?? "standard error").utf8)
        let key = RateLimit.Key("access_log", subject: path.span.fnv1a())
        let now = context.serving.loop.wallNow / 1000
        guard context.plan.core.errorLog.once(key, now: now) != nil else { return }
        RequestLog.file(context, .alert, "write() to ", path.span, " failed", error)
    }

    private func append(_ line: Span<UInt8>, _ name: Template, _ cache: AccessLogs.CachePolicy?, _ context: RequestContext) {
        var path = name.value(context)
        guard LogName.isHarmless(path.span) else {
            return RequestLog.write(context, .error, "the name of an access log leads upwards or holds a zero byte")
        }
        if path.first != UInt8(ascii: "/") { path.insert(contentsOf: context.serving.prefix.utf8, at: 0) }
        do throws(SystemError) {
            try context.serving.logs.append(line, toFileAt: path, cache: cache)
        } catch {
            RequestLog.write(context, .crit, "an access log cannot be opened: ", path: path.span, error)
        }
    }
}

/// Names of logs that requests have a part in.
enum LogName {
    /// False for a name that a client could lead out of its directory: a segment `..`, or a zero byte.
    static func isHarmless(_ path: Span<UInt8>) -> Bool {
        var start = 0
        var index = 0
        while index <= path.count {
            if index == path.count || path[index] == UInt8(ascii: "/") {
                if path.extracting(start..<index).equals("..") { return false }
                start = index + 1
            } else if path[index] == 0 {
                return false
            }
            index += 1
        }
        return true
    }
}
