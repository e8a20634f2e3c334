import Bytes
import Configuration
import HTTP
import Server

/// The rewrite phase: `set` and `return`, run in the order in which they stand, once for the server and once for the location
/// (https://nginx.org/en/docs/http/ngx_http_rewrite_module.html).
public enum Rewrite: Feature {
    public struct Settings: Sendable {
        var statements: [RewriteStatement] = []
    }

    public static let initial = Settings()

    public static let directives: [Directive<Settings>] = [
        .custom(
            "set", arity: 2...2, inheritance: .own, repeats: true, group: "rewrite", in: [.server, .location],
            syntax: "$*variable* *value*", "Gives a variable a value, which may hold text and other variables.", set),
        .custom(
            "return", arity: 1...2, inheritance: .own, repeats: true, group: "rewrite", in: [.server, .location],
            syntax: "*code* [*text*] | *code* *URL* | *URL*",
            """
            Ends processing and answers with the code: with the text as the body, or with a redirect to the URL for 301, 302, \
            303, 307 and 308. A URL alone is a 302. 444 closes the connection without an answer.
            """, answer),
    ]

    private static func set(
        _ settings: inout Settings, _ statement: Statement, _: ApplyContext
    ) throws(Diagnostic) {
        guard statement.arguments.count == 2 else { return }
        let name = try VariableName.parse(statement.arguments[0])
        let value = try statement.arguments[1].template()
        settings.statements.append(.set(name: name, value: value, at: statement.location))
    }

    private static func answer(
        _ settings: inout Settings, _ statement: Statement, _: ApplyContext
    ) throws(Diagnostic) {
        let parsed = try ReturnSyntax(statement)
        settings.statements.append(.answer(parsed, at: statement.location))
    }

    public static func install(_ settings: Settings, in server: inout ServerPlanBuilder) throws(Diagnostic) {
        guard let handler = try handler(settings, .serverRewrite, server.site) else { return }
        server.add(handler)
    }

    public static func install(_ settings: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        // The server's own program has run before a location, or its fallback, is entered.
        if plan.block.context == .server { return }
        guard let handler = try handler(settings, .rewrite, plan.site) else { return }
        plan.add(handler)
    }

    private static func handler(_ settings: Settings, _ phase: Phase, _ site: SiteBuilder) throws(Diagnostic) -> Handler? {
        if settings.statements.isEmpty { return nil }
        var operations: [RewriteProgram.Operation] = []
        for statement in settings.statements { operations.append(try statement.compile(site)) }
        // What stands behind an unconditional `return` is never reached.
        if case .answer(let action) = operations[0] { return Handler(phase, action.answer) }
        return Handler(phase, RewriteProgram(operations: operations).run)
    }
}

/// A statement of the rewrite phase before it is bound to the site's variables.
enum RewriteStatement: Sendable {
    case set(name: String, value: TemplateSyntax, at: SourceLocation)
    case answer(ReturnSyntax, at: SourceLocation)

    func compile(_ site: SiteBuilder) throws(Diagnostic) -> RewriteProgram.Operation {
        switch self {
        case .set(let name, let value, let location):
            let template = try site.compile(value, at: location)
            do throws(Diagnostic) {
                if let assign = try site.variables.assignment(name) { return .assign(assign, template) }
            } catch {
                throw Diagnostic(error.message, at: location, hint: error.hint)
            }
            return .store(slot: site.variables.declareAssigned(name), template)
        case .answer(let syntax, let location):
            var text: Template?
            if let value = syntax.text { text = try site.compile(value, at: location) }
            return .answer(ReturnAction(status: syntax.status, text: text))
        }
    }
}

/// What the rewrite phase does, in order. Conditions and `rewrite` will be further operations: a program goes on after an
/// `if`, whatever plan the later phases use.
struct RewriteProgram: Sendable {
    enum Operation: Sendable {
        case store(slot: Int, Template)
        case assign(@Sendable (RequestContext, [UInt8]) -> Void, Template)
        case answer(ReturnAction)
    }

    let operations: [Operation]

    func run(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        for operation in operations {
            switch operation {
            case .store(let slot, let template): context.setSlot(slot, template.value(context))
            case .assign(let assign, let template): assign(context, template.value(context))
            case .answer(let action): return try action.answer(context)
            }
        }
        return .next
    }
}

/// Names of variables where one is defined or assigned: `$name`.
enum VariableName {
    /// The name without its dollar sign, in lower case.
    static func parse(_ argument: Argument) throws(Diagnostic) -> String {
        let bytes = Array(argument.text.utf8)
        guard bytes.count > 1, bytes[0] == UInt8(ascii: "$") else {
            throw Diagnostic(
                "invalid variable name \(Diagnostic.quoted(argument.text))", at: argument.location,
                hint: "a variable's name begins with \"$\"")
        }
        for byte in bytes[1...] where !(ASCII.isAlphanumeric(byte) || byte == UInt8(ascii: "_")) {
            throw Diagnostic(
                "invalid variable name \(Diagnostic.quoted(argument.text))", at: argument.location,
                hint: "letters, digits and underscores may stand in a variable's name")
        }
        return ArgumentTypes.asciiLowercased(String(argument.text.dropFirst()))
    }
}
