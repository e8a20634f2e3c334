import Configuration
import HTTP
import Platform
import Server

/// `allow` and `deny`: access by the client's address; the first rule that matches decides.
public enum AddressAccess: Feature {
    public struct Rule: Sendable {
        let isAllowed: Bool
        let block: CIDRBlock
    }
    public struct Settings: Sendable { var rules: [Rule] = [] }
    public static let initial = Settings()
    private static let contexts: BlockContext = [.http, .server, .location, .limitExcept]
    public static let directives: [Directive<Settings>] = [
        .custom(
            "allow", arity: 1...1, inheritance: .list, group: "access", in: contexts,
            syntax: "*address* | *CIDR* | unix: | all",
            "Lets clients of these addresses in.", allow),
        .custom(
            "deny", arity: 1...1, inheritance: .list, group: "access", in: contexts, syntax: "*address* | *CIDR* | unix: | all",
            "Refuses clients of these addresses with 403.", deny),
    ]

    private static func allow(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        try add(&s, statement, c, isAllowed: true)
    }

    private static func deny(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        try add(&s, statement, c, isAllowed: false)
    }

    private static func add(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext, isAllowed: Bool) throws(Diagnostic)
    {
        if c.isFirst { s.rules = [] }
        let argument = statement.arguments[0]
        if argument.text == "all" {
            s.rules.append(Rule(isAllowed: isAllowed, block: .all))
        } else if let block = addressBlock(argument, c) {
            s.rules.append(Rule(isAllowed: isAllowed, block: block))
        } else {
            throw argument.invalid(expected: "an address, a block of addresses (10.0.0.0/8), \"unix:\" or \"all\"")
        }
    }

    /// The addresses that an argument names; nil: it names none. Says so where bits behind the prefix are set.
    static func addressBlock(_ argument: Argument, _ c: ApplyContext) -> CIDRBlock? {
        let block = CIDRBlock(argument.text)
        if block != nil, CIDRBlock.hasStrayBits(argument.text) {
            c.warn("low address bits of \(Diagnostic.quoted(argument.text)) are meaningless", at: argument.location)
        }
        return block
    }

    private struct Check: Sendable {
        let rules: [Rule]

        func decide(_ context: RequestContext) throws(RequestFailure) -> Verdict {
            for rule in rules where rule.block.contains(context.connection.peer) {
                if rule.isAllowed { return .next }
                RequestLog.write(context, .error, "access forbidden by rule")
                throw RequestFailure(403, "access forbidden by \"deny\"")
            }
            return .next
        }
    }

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        if !s.rules.isEmpty { plan.add(Handler(.access, Check(rules: s.rules).decide)) }
    }
}
