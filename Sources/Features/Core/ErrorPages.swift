import Configuration
import Server

/// `error_page`, `recursive_error_pages`.
public enum ErrorPages: Feature {
    public struct Page: Sendable {
        var statuses: [Int]
        var override: ErrorPage.Override
        var target: TemplateSyntax?
        var name: String?
        var location: SourceLocation
    }
    public struct Settings: Sendable {
        var pages: [Page] = []
        var isRecursive = false
    }
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = [
        .custom(
            "error_page", arity: 2..., inheritance: .list, in: [.http, .server, .location],
            syntax: "*code* ... [=[*response*]] *uri*", "What stands in for answers with these statuses.", page),
        .flag(
            "recursive_error_pages", \.isRecursive, in: [.http, .server, .location],
            "Whether error pages may have error pages of their own."),
    ]

    private static func page(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.pages = [] }
        var words = statement.arguments
        let uri = words.removeLast()
        var override = ErrorPage.Override.keep
        if let last = words.last, last.text.hasPrefix("=") {
            words.removeLast()
            if last.text == "=" {
                override = .target
            } else {
                guard let code = ArgumentTypes.integer(String(last.text.dropFirst())) else {
                    throw Diagnostic("invalid value \(Diagnostic.quoted(last.text))", at: last.location)
                }
                override = .status(code)
            }
        }
        guard !words.isEmpty else { throw Diagnostic("\"error_page\" names no status", at: statement.location) }
        var statuses: [Int] = []
        for word in words {
            let status = try word.integer(300...599)
            if status == 499 {
                throw Diagnostic("\"error_page\" cannot stand in for 499: the client has left", at: word.location)
            }
            statuses.append(status)
            // 494 to 497 are what nginx calls kinds of 400.
        }
        var page = Page(statuses: statuses, override: override, target: nil, name: nil, location: uri.location)
        if uri.text.hasPrefix("@") {
            page.name = String(uri.text.dropFirst())
        } else {
            page.target = try uri.template()
        }
        s.pages.append(page)
    }

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        plan.core.recursiveErrorPages = s.isRecursive
        for page in s.pages {
            let target: ErrorPage.Target
            if let name = page.name {
                target = .named(name)
            } else if let syntax = page.target {
                target = .uri(try plan.compile(syntax, at: page.location))
            } else {
                continue
            }
            plan.core.errorPages.append(ErrorPage(statuses: page.statuses, override: page.override, target: target))
        }
    }
}
