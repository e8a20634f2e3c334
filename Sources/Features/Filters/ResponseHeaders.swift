import Bytes
import Configuration
import HTTP
import Server

/// `add_header` and `expires`.
public enum ResponseHeaders: Feature {
    public struct Addition: Sendable {
        let name: String
        let value: TemplateSyntax
        let isAlways: Bool
        let location: SourceLocation
    }
    public struct Settings: Sendable {
        var additions: [Addition] = []
        var expires: ExpiresSyntax?
    }
    public static let initial = Settings()
    private static let contexts: BlockContext = [.http, .server, .location]
    public static let directives: [Directive<Settings>] = [
        .custom(
            "add_header", arity: 2...3, inheritance: .list, in: contexts, syntax: "*name* *value* [always]",
            "A field for responses of status 200, 201, 204, 206, 301, 302, 303, 304, 307, 308, or `always`; an empty value adds nothing.",
            add),
        .custom(
            "expires", arity: 1...2, in: contexts, syntax: "[modified] *time* | epoch | max | off", default: "off",
            "Fields Expires and Cache-Control by a time from now, from the file's time, or at a time of day.", expires),
    ]

    private static func add(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.additions = [] }
        var isAlways = false
        if statement.arguments.count == 3 {
            guard statement.arguments[2].text == "always" else {
                throw Diagnostic(
                    "invalid parameter \(Diagnostic.quoted(statement.arguments[2].text))", at: statement.arguments[2].location)
            }
            isAlways = true
        }
        s.additions.append(
            Addition(
                name: statement.arguments[0].text, value: try statement.arguments[1].template(), isAlways: isAlways,
                location: statement.location))
    }

    private static func expires(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        s.expires = try ExpiresSyntax(statement)
    }

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        if let syntax = s.expires, let expires = try Expires(syntax, plan) {
            plan.add(HeaderFilter(.headers, varies: { _ in expires.dependsOnRequest }, expires.apply))
        }
        guard !s.additions.isEmpty else { return }
        var lines: [AddedHeaders.Line] = []
        for addition in s.additions {
            lines.append(
                AddedHeaders.Line(
                    name: FieldName(Array(addition.name.utf8).span), spelling: Array(addition.name.utf8),
                    value: try plan.compile(addition.value, at: addition.location), isAlways: addition.isAlways))
        }
        let dependsOnRequest = lines.contains { $0.value.dependsOnRequest }
        plan.add(HeaderFilter(.headers, varies: { _ in dependsOnRequest }, AddedHeaders(lines: lines).apply))
    }
}

/// The fields that `add_header` gives.
struct AddedHeaders: Sendable {
    final class Line: Sendable {
        let name: FieldName
        let spelling: [UInt8]
        let value: Template
        let isAlways: Bool

        init(name: FieldName, spelling: [UInt8], value: Template, isAlways: Bool) {
            self.name = name
            self.spelling = spelling
            self.value = value
            self.isAlways = isAlways
        }
    }

    let lines: [Line]

    func apply(_ context: RequestContext) {
        let isUsual = AddedHeaders.isUsual(context.response.status)
        for line in lines where isUsual || line.isAlways {
            if let constant = line.value.constant {
                add(line, constant.bytes, context)
                continue
            }
            var value = context.takeScratch()
            line.value.append(to: &value, context)
            add(line, value.span, context)
            context.giveScratch(&value)
        }
    }

    private func add(_ line: Line, _ value: Span<UInt8>, _ context: RequestContext) {
        switch line.name {
        case .lastModified:
            context.response.lastModified = nil
            context.response.lastModifiedText.set(value)
        case .etag: context.response.etag.set(value)
        default:
            if value.isEmpty { return }
            let spelling = line.spelling
            context.response.fields.append(interned: line.name, spelledAs: spelling.span, value)
        }
    }

    static func isUsual(_ status: Int) -> Bool {
        switch status {
        case 200, 201, 204, 206, 301, 302, 303, 304, 307, 308: true
        default: false
        }
    }
}
