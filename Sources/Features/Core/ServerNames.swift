import Configuration
import Platform
import Server

/// `server_name`: the host names of a server.
public enum ServerNames: Feature {
    public struct Settings: Sendable { var names: [Argument] = [] }
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = [
        .custom(
            "server_name", arity: 1..., inheritance: .own, repeats: true, in: .server, syntax: "*name* ...", default: "\"\"",
            "Host names of the server: exact, *.example.com, example.*, .example.com, or a regex after ~.", apply)
    ]

    private static func apply(_ settings: inout Settings, _ statement: Statement, _ context: ApplyContext) throws(Diagnostic) {
        for argument in statement.arguments {
            if argument.text.hasPrefix("/") {
                context.warn(
                    "the server name \(Diagnostic.quoted(argument.text)) has suspicious symbols", at: argument.location)
            }
        }
        settings.names += statement.arguments
    }

    public static func install(_ settings: Settings, in server: inout ServerPlanBuilder) throws(Diagnostic) {
        if settings.names.isEmpty {
            server.names = [ServerName(text: "", pattern: nil)]
            return
        }
        for argument in settings.names { server.names.append(try name(argument, server.site)) }
    }

    private static func name(_ argument: Argument, _ site: SiteBuilder) throws(Diagnostic) -> ServerName {
        let text = argument.text == "$hostname" ? ProcessControl.hostName : argument.text
        if text.hasPrefix("~") {
            let source = String(text.dropFirst())
            guard !source.isEmpty else { throw Diagnostic("empty regex in server name \"~\"", at: argument.location) }
            // Names are compared in lower case; a pattern with upper case letters means them so.
            let pattern = try site.compilePattern(source, caseless: true, at: argument.location)
            return ServerName(text: text, pattern: pattern)
        }
        let lower = text.lowercased()
        let stars = lower.filter { $0 == "*" }.count
        if stars == 0, !lower.hasPrefix(".") { return ServerName(text: lower, pattern: nil) }
        let isHead = lower.hasPrefix("*.") && stars == 1
        let isTail = lower.hasSuffix(".*") && stars == 1
        let isBoth = lower.hasPrefix(".") && stars == 0 && lower.count > 1
        guard isHead || isTail || isBoth else {
            throw Diagnostic(
                "invalid server name or wildcard \(Diagnostic.quoted(text))", at: argument.location,
                hint: "an asterisk stands alone at the beginning (*.example.com) or at the end (example.*)")
        }
        return ServerName(text: isBoth ? String(lower.dropFirst()) : lower, pattern: nil, wildcard: lower)
    }
}
