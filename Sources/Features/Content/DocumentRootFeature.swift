import Bytes
import Configuration
import Platform
import Server

/// `root` and `alias`: where files are.
public enum DocumentRootFeature: Feature {
    public struct Settings: Sendable {
        /// nil: nobody has said anything.
        var syntax: TemplateSyntax?
        var isAlias = false
        var location: SourceLocation?
    }
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = [
        .custom(
            "root", arity: 1...1, in: [.http, .server, .location], syntax: "*path*", default: "html",
            "The directory that a request's whole path is looked up in.", root),
        .custom(
            "alias", arity: 1...1, in: .location, syntax: "*path*",
            "The directory that stands in for the location's own path.", alias),
    ]

    private static func root(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        let argument = statement.arguments[0]
        var text = argument.text
        // The path that is put behind it begins with a slash.
        if text.hasSuffix("/") { text.removeLast() }
        s = Settings(syntax: try syntax(text, argument), isAlias: false, location: argument.location)
    }

    private static func alias(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        let argument = statement.arguments[0]
        s = Settings(syntax: try syntax(argument.text, argument), isAlias: true, location: argument.location)
    }

    private static func syntax(_ text: String, _ argument: Argument) throws(Diagnostic) -> TemplateSyntax {
        let syntax = try TemplateSyntax(parsing: text, at: argument.location)
        for name in syntax.names where name == "document_root" || name == "realpath_root" {
            throw Diagnostic(
                "the variable \"$\(name)\" cannot be used here: it is made of this directive", at: argument.location)
        }
        return syntax
    }

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        if let root = plan.block.statement("root"), let alias = plan.block.statement("alias") {
            throw Diagnostic(
                "one location has \"root\" and \"alias\"", at: alias.location, hint: "\"root\" stands at \(root.location)")
        }
        if plan.isNamed, let alias = plan.block.statement("alias") {
            throw Diagnostic("\"alias\" cannot be used inside a named location", at: alias.location)
        }
        let template = try template(s, plan)
        plan.core.documentRoot = DocumentRoot(template: template, alias: s.isAlias ? kept(s, plan) : nil)
    }

    private static func template(_ s: Settings, _ plan: LocationPlanBuilder) throws(Diagnostic) -> Template {
        let syntax = s.syntax ?? TemplateSyntax(constant: "html")
        guard let constant = syntax.constant else { return try plan.compile(syntax, at: s.location) }
        // `root /;` has become empty.
        return Template(constant: constant.isEmpty && !s.isAlias ? "" : plan.site.paths.resolve(constant))
    }

    /// How much of a path an alias takes the place of: what the location that states it has matched, also in the locations
    /// within it.
    private static func kept(_ s: Settings, _ plan: LocationPlanBuilder) -> DocumentRoot.Alias {
        let key = "alias \(s.location.map(\.description) ?? "")"
        if plan.block.context == .location, plan.block.states("alias") {
            plan.site.shared[key] = plan.isRegex ? DocumentRoot.Alias.whole : .prefix(plan.prefixLength)
        }
        return plan.site.shared[key] as? DocumentRoot.Alias ?? .prefix(plan.prefixLength)
    }

    public static let variables: [VariableDefinition] = [
        VariableDefinition("document_root", "The value of root or alias.") { context, output in
            FilePath.appendRoot(context, to: &output)
            return true
        },
        VariableDefinition("request_filename", "The file the request is for.") { context, output in
            FilePath.append(context, to: &output)
            return true
        },
        VariableDefinition("realpath_root", "The value of root or alias, symbolic links resolved.") { context, output in
            var root = ByteString()
            FilePath.appendRoot(context, to: &root)
            root.append(0)
            guard let real = try? File.realPath(zeroTerminated: root.span) else { return false }
            output.append(contentsOf: real)
            return true
        },
    ]
}
