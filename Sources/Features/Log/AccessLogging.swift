import Bytes
import Configuration
import Observability
import Platform
import Server

/// `access_log` and `log_format`.
package enum AccessLogging: Feature {
    package struct Target: Sendable {
        let path: String
        let location: SourceLocation
        var format = "combined"
        var bufferSize = 0
        var flushInterval: Int64?
        var condition: TemplateSyntax?
    }
    package struct Format: Sendable {
        let name: String
        let format: LogFormat
        let location: SourceLocation
    }
    package struct Settings: Sendable {
        /// nil: nothing was said; empty: off.
        var targets: [Target]?
        var formats: [Format] = []
    }
    package static let initial = Settings()
    package static let directives: [Directive<Settings>] = [
        .custom(
            "log_format", arity: 2..., inheritance: .list, in: .http, syntax: "*name* [escape=default|json|none] *text* ...",
            default: "combined …", "A format of access logs, under a name.", format),
        .custom(
            "access_log", arity: 1..., inheritance: .list, in: [.http, .server, .location, .limitExcept],
            syntax: "off | *file* [*format*] [buffer=*size*] [flush=*time*] [if=*condition*]",
            default: "logs/access.log combined",
            "Where requests are logged.", log),
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
        if file.text.contains("$") {
            throw Diagnostic("an access log whose name holds variables comes with a later version", at: file.location)
        }
        var target = Target(path: c.paths.resolve(file.text), location: file.location)
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
                throw Diagnostic("invalid parameter \(Diagnostic.quoted(option.text))", at: option.location)
            } else {
                target.format = option.text
                isFormatGiven = true
            }
        }
        if target.flushInterval != nil, target.bufferSize == 0 {
            throw Diagnostic("no buffer is defined for the access log, so \"flush\" has no meaning", at: statement.location)
        }
        s.targets = (s.targets ?? []) + [target]
    }

    package static func install(_ s: Settings, from block: Block, in site: SiteBuilder) throws(Diagnostic) {
        let combined =
            "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\""
        site.logFormats["combined"] = LogFormat(syntax: try TemplateSyntax(parsing: combined, at: nil), escape: .standard)
        for format in s.formats { site.logFormats[format.name] = format.format }
    }

    package static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        let site = plan.site
        let targets = s.targets ?? [Target(path: site.paths.resolve("logs/access.log"), location: plan.block.header.location)]
        for target in targets {
            guard let format = site.logFormats[target.format] else {
                throw Diagnostic(
                    "unknown log format \(Diagnostic.quoted(target.format))", at: target.location,
                    hint: "define it with log_format in the http block")
            }
            let file: LogFile
            do throws(SystemError) {
                file = try site.named.openLog(target.path)
            } catch {
                throw Diagnostic("open() \(Diagnostic.quoted(target.path)) failed (\(error))", at: target.location)
            }
            let writer = AccessLogWriter(
                file: file, template: try site.compile(format.syntax, at: target.location), escape: format.escape,
                bufferSize: target.bufferSize, flushInterval: target.flushInterval,
                condition: try target.condition.map { (c: TemplateSyntax) throws(Diagnostic) in try site.compile(c) })
            plan.add(LogHandler(writer.write))
        }
    }
}

/// Writes one line of one access log.
struct AccessLogWriter: Sendable {
    let file: LogFile
    let template: Template
    let escape: LogFormat.Escape
    let bufferSize: Int
    let flushInterval: Int64?
    let condition: Template?

    func write(_ context: RequestContext) {
        if let condition, !condition.isTrue(context) { return }
        var line = context.takeScratch()
        switch escape {
        case .standard: template.append(to: &line, context, transforming: LogEscape.standard)
        case .json: template.append(to: &line, context, transforming: LogEscape.json)
        case .none: template.append(to: &line, context)
        }
        line.append(UInt8(ascii: "\n"))
        context.serving.logs.append(line.span, to: file, bufferSize: bufferSize, flushInterval: flushInterval)
        context.giveScratch(&line)
    }
}

/// How values are made harmless in a line of a log.
enum LogEscape {
    /// nginx's default: `"`, `\` and everything outside printable ASCII as \xHH; "-" for no value.
    static func standard(_ value: borrowing Span<UInt8>, _ isFound: Bool, _ output: inout [UInt8]) {
        if !isFound || value.isEmpty {
            output.append(UInt8(ascii: "-"))
            return
        }
        for index in 0..<value.count {
            let byte = value[index]
            if byte < 32 || byte > 126 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                output.append(literal: "\\x")
                output.append(ASCII.hexDigit(byte >> 4, uppercase: true))
                output.append(ASCII.hexDigit(byte, uppercase: true))
            } else {
                output.append(byte)
            }
        }
    }

    /// What may stand inside a JSON string (RFC 8259 §7); no value is an empty string.
    static func json(_ value: borrowing Span<UInt8>, _ isFound: Bool, _ output: inout [UInt8]) {
        for index in 0..<value.count {
            let byte = value[index]
            switch byte {
            case UInt8(ascii: "\""): output.append(literal: "\\\"")
            case UInt8(ascii: "\\"): output.append(literal: "\\\\")
            case 10: output.append(literal: "\\n")
            case 13: output.append(literal: "\\r")
            case 9: output.append(literal: "\\t")
            case 8: output.append(literal: "\\b")
            case 12: output.append(literal: "\\f")
            case 0..<32:
                output.append(literal: "\\u00")
                output.append(ASCII.hexDigit(byte >> 4, uppercase: true))
                output.append(ASCII.hexDigit(byte, uppercase: true))
            default: output.append(byte)
            }
        }
    }
}
