import Bytes
import Configuration
import Platform
import Server

/// `root` and `alias`: where files are.
package enum DocumentRootFeature: Feature {
    package struct Settings: Sendable {
        var root: TemplateSyntax?
        /// Only the location that says so.
        var alias: TemplateSyntax?
        var location: SourceLocation?
    }
    package static let initial = Settings()
    package static let directives: [Directive<Settings>] = [
        .custom(
            "root", arity: 1...1, group: "root", in: [.http, .server, .location], syntax: "*path*", default: "html",
            "The directory that a request's whole path is looked up in.", root),
        .custom(
            "alias", arity: 1...1, inheritance: .own, group: "root", in: .location, syntax: "*path*",
            "The directory that stands in for the location's own path.", alias),
    ]

    private static func root(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        s.root = try statement.arguments[0].template()
        s.location = statement.location
    }

    private static func alias(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        s.alias = try statement.arguments[0].template()
        s.location = statement.location
    }

    package static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        if let alias = s.alias {
            if plan.isNamed { throw Diagnostic("\"alias\" has no meaning in a named location", at: s.location) }
            plan.core.documentRoot = DocumentRoot(
                template: try absolute(alias, plan), alias: plan.isRegex ? .whole : .prefix(plan.prefixLength))
        } else {
            plan.core.documentRoot = DocumentRoot(
                template: try absolute(s.root ?? TemplateSyntax(constant: "html"), plan), alias: nil)
        }
    }

    /// A path that begins with a literal other than a slash stands under the prefix.
    private static func absolute(_ syntax: TemplateSyntax, _ plan: LocationPlanBuilder) throws(Diagnostic) -> Template {
        if let constant = syntax.constant {
            var path = plan.site.paths.resolve(constant)
            // `root` joins paths that begin with a slash.
            if path.hasSuffix("/"), path.count > 1, plan.block.statement("alias") == nil { path.removeLast() }
            return Template(constant: path)
        }
        if syntax.source.hasPrefix("/") || syntax.source.hasPrefix("$") { return try plan.compile(syntax) }
        let whole = try TemplateSyntax(parsing: plan.site.paths.resolve(syntax.source), at: nil)
        return try plan.compile(whole)
    }

    package static let variables: [VariableDefinition] = [
        VariableDefinition("document_root", "The value of root or alias.") { context, output in
            context.plan.core.documentRoot.template.append(to: &output, context)
            return true
        },
        VariableDefinition("request_filename", "The file the request is for.") { context, output in
            FilePath.append(context, to: &output)
            return true
        },
        VariableDefinition("realpath_root", "The value of root or alias, symbolic links resolved.") { context, output in
            var root: [UInt8] = []
            context.plan.core.documentRoot.template.append(to: &root, context)
            guard let real = File.realPath(String(decoding: root, as: UTF8.self)) else { return false }
            output.append(contentsOf: real.utf8)
            return true
        },
    ]
}

/// The file a path stands for.
enum FilePath {
    /// Appends root and path, or alias and the rest of the path behind the location's prefix.
    static func append(_ context: RequestContext, to output: inout [UInt8]) {
        append(context, path: context.path, to: &output)
    }

    static func append(_ context: RequestContext, path: [UInt8], to output: inout [UInt8]) {
        let root = context.plan.core.documentRoot
        root.template.append(to: &output, context)
        switch root.alias {
        case nil: output.append(contentsOf: path)
        case .whole: break
        case .prefix(let length): output.append(contentsOf: path.dropFirst(min(length, path.count)))
        }
    }
}
