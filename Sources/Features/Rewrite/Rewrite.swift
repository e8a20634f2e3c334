import Configuration
import HTTP
import Server

/// The rewrite phase: `set`, `if` and `return`, run in the order in which they stand, once for the server and once for the location
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
        .block(
            "if", arity: 1..., inheritance: .own, group: "rewrite", in: [.server, .location], syntax: "(*condition*)",
            """
            Runs the `return` in its block where the condition holds; nothing else may stand there yet. A condition is a variable \
            (`$name`: false where it is empty or `0`), a comparison (`$name = value` or `!=`), a regular expression (`$name ~ regex`, \
            `~*` without regard to case, `!~` and `!~*`; the answer may name its groups), or a test of a path: `-f` for a file, \
            `-d` for a directory, `-e` for either and `-x` for one that may be executed, each with `!` for the contrary. Tests of \
            paths look at the disk, whatever `open_file_cache` remembers.
            """, condition),
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

    private static func condition(
        _ settings: inout Settings, _ statement: Statement, _: ApplyContext
    ) throws(Diagnostic) {
        let condition = try ConditionSyntax(statement)
        var answers: [RewriteStatement] = []
        for inner in statement.block ?? [] {
            guard inner.name == "return" else {
                throw Diagnostic(
                    "\(Diagnostic.quoted(inner.name)) may not stand within \"if\": only \"return\" may, so far",
                    at: inner.location)
            }
            answers.append(.answer(try ReturnSyntax(inner), at: inner.location))
        }
        if answers.isEmpty { throw Diagnostic("\"if\" without a \"return\" does nothing here", at: statement.location) }
        settings.statements.append(.condition(condition, answers))
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
        for statement in settings.statements { try statement.compile(site, into: &operations) }
        // What stands behind an unconditional `return` is never reached.
        if case .answer(let action) = operations[0] { return Handler(phase, action.answer) }
        return Handler(phase, RewriteProgram(operations: operations).run)
    }
}

/// A statement of the rewrite phase before it is bound to the site's variables.
enum RewriteStatement: Sendable {
    case set(name: String, value: TemplateSyntax, at: SourceLocation)
    case answer(ReturnSyntax, at: SourceLocation)
    indirect case condition(ConditionSyntax, [RewriteStatement])

    /// Appends what it does.
    func compile(_ site: SiteBuilder, into operations: inout [RewriteProgram.Operation]) throws(Diagnostic) {
        switch self {
        case .set(let name, let value, let location):
            let template = try site.compile(value, at: location)
            do throws(Diagnostic) {
                if let assign = try site.variables.assignment(name) {
                    operations.append(.assign(assign, template))
                    return
                }
            } catch {
                throw Diagnostic(error.message, at: location, hint: error.hint)
            }
            operations.append(.store(slot: site.variables.declareAssigned(name), template))
        case .answer(let syntax, let location):
            var text: Template?
            if let value = syntax.text { text = try site.compile(value, at: location) }
            operations.append(.answer(ReturnAction(status: syntax.status, text: text)))
        case .condition(let syntax, let statements):
            let condition = try Condition(syntax, site)
            var inner: [RewriteProgram.Operation] = []
            for statement in statements { try statement.compile(site, into: &inner) }
            operations.append(.unless(condition, skip: inner.count))
            operations += inner
        }
    }
}

/// What the rewrite phase does, in order. `rewrite` and `break` will be further operations: a program goes on after an `if`,
/// whatever plan the later phases use.
struct RewriteProgram: Sendable {
    enum Operation: Sendable {
        case store(slot: Int, Template)
        case assign(@Sendable (RequestContext, [UInt8]) -> Void, Template)
        case answer(ReturnAction)
        /// Goes on behind the next `skip` operations where the condition does not hold.
        case unless(Condition, skip: Int)
    }

    let operations: [Operation]

    func run(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        var index = 0
        while index < operations.count {
            switch operations[index] {
            case .store(let slot, let template): context.setSlot(slot, template.value(context))
            case .assign(let assign, let template): assign(context, template.value(context))
            case .answer(let action): return try action.answer(context)
            case .unless(let condition, let skip): if try !condition.holds(context) { index += skip }
            }
            index += 1
        }
        return .next
    }
}
