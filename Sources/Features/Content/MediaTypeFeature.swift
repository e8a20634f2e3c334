import Configuration
import Server

/// `types` and `default_type`: which media type a file has.
public enum MediaTypeFeature: Feature {
    public struct Settings: Sendable {
        /// nil: none given, nginx's three hold.
        var types: [String: String]?
        var defaultType = "text/plain"
    }
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = [
        .block(
            "types", arity: 0...0, in: [.http, .server, .location],
            "Media types by file name extension: each line is a type and its extensions.", types),
        .text("default_type", \.defaultType, in: [.http, .server, .location], "The type of files with no known extension."),
    ]

    private static func types(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        var table = c.isFirst ? [:] : (s.types ?? [:])
        for line in statement.block ?? [] {
            for suffix in line.arguments {
                let name = suffix.text.lowercased()
                if let old = table[name], old != line.name {
                    c.warn("duplicate extension \(Diagnostic.quoted(name)): \(line.name) replaces \(old)", at: suffix.location)
                }
                table[name] = line.name
            }
        }
        s.types = table
    }

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        if let types = s.types { plan.core.mediaTypes = MediaTypes(types) }
        plan.core.defaultType = s.defaultType
    }
}
