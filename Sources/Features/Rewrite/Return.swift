import Bytes
import Configuration
import HTTP
import Server

/// The arguments of `return`.
struct ReturnSyntax: Sendable {
    let status: Int
    /// The body, or where a redirect leads.
    let text: TemplateSyntax?

    init(_ statement: Statement) throws(Diagnostic) {
        // Within an `if` nobody else has counted them.
        guard let first = statement.arguments.first, statement.arguments.count <= 2 else {
            throw Diagnostic(
                "directive \"return\" takes a code, a code and a text, or a URL, not \(statement.arguments.count) arguments",
                at: statement.location)
        }
        if statement.arguments.count == 1, ReturnSyntax.isURL(first.text) {
            status = 302
            text = try first.template()
            return
        }
        guard let code = ArgumentTypes.integer(first.text), (100...999).contains(code) else {
            throw Diagnostic(
                "invalid return code \(Diagnostic.quoted(first.text))", at: first.location,
                hint: "a number from 100 to 999, or a URL that begins with http://, https:// or $scheme")
        }
        status = code
        text = statement.arguments.count == 2 ? try statement.arguments[1].template() : nil
    }

    private static func isURL(_ text: String) -> Bool {
        text.hasPrefix("http://") || text.hasPrefix("https://") || text.hasPrefix("$scheme")
    }
}

/// One `return`, ready to answer.
struct ReturnAction: Sendable {
    let status: Int
    let text: Template?

    func answer(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        switch status {
        case 408, 444, 499:
            if text == nil {
                context.response.status = status
                return .close
            }
        case 301, 302, 303, 307, 308:
            context.response.location.clear()
            text?.append(to: &context.response.location, context)
            return .respond(.status(status))
        default:
            // nginx: a bare error is the server's own answer, so `error_page` applies; with a text it does not.
            if text == nil, status >= 400 { return .respond(.status(status)) }
        }
        compose(context)
        return .respond(.composed)
    }

    private func compose(_ context: RequestContext) {
        if status == 204 {
            context.response.status = status
            context.response.contentLength = 0
            return
        }
        context.setContentTypeByPath()
        if let constant = text?.constant {
            context.response.setContent(constant)
        } else if let text {
            var value = context.takeScratch()
            text.append(to: &value, context)
            context.response.setContent(FrozenBytes(copying: value.span))
            context.giveScratch(&value)
        } else {
            context.response.contentLength = 0
        }
        // Not before: until here $status is that of the error a page stands in for.
        context.response.status = status
        // A condition on a text that has neither date nor tag can only fail; what a 200 says is judged as any other.
        context.response.isConditional = status == 200
    }
}
