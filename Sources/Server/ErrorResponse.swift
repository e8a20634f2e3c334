import Bytes
import HTTP

/// Answers of the server's own: a short page for a status, in the server's own words.
public enum ErrorResponse {
    /// The status the client sees: nginx's internal 494 to 497 are 400 outside.
    public static func visible(_ status: Int) -> Int {
        switch status {
        case 494, 495, 496, 497: 400
        default: status
        }
    }

    /// Whether the connection cannot be used after an answer with this status: the peer's framing may be lost.
    static func endsConnection(_ status: Int) -> Bool {
        switch status {
        case 400, 413, 414, 494, 495, 496, 497, 500, 501: true
        default: false
        }
    }

    /// A header filter refuses the response: with a page of the server's own here, or, where `error_page` says so, with what
    /// the pipeline finds when it goes on (`context.filterRefusal`).
    ///
    /// - Returns: whether the response is final.
    public static func refuse(_ context: RequestContext, _ status: Int) -> Bool {
        if RequestPipeline.errorPage(context, for: status) != nil {
            context.filterRefusal = status
            return false
        }
        compose(context, status)
        context.response.isReplaced = true
        return true
    }

    /// Makes the page for `status` the context's response. Fields that a handler has set (Location, Content-Range) stay.
    public static func compose(_ context: RequestContext, _ status: Int) {
        let shown = visible(status)
        context.response.status = shown
        // That of an upstream's answer, whose place this takes, belongs to another status.
        context.response.reason.clear()
        context.response.contentLength = nil
        context.response.content = .empty
        context.response.lastModified = nil
        context.response.lastModifiedText.clear()
        context.response.etag.clear()
        context.response.allowsRanges = false
        context.response.isConditional = false
        context.response.contentType.clear()
        if shown == 204 || shown == 304 || shown < 200 {
            return
        }
        if StatusCode.reason(shown).utf8CodeUnitCount == 0 {
            // As nginx: there are no words for a status without a name.
            context.response.contentLength = 0
            return
        }
        context.response.contentType.append(literal: "text/html")
        context.response.setContent(page(shown, hint(status), tokens: context.plan.core.serverTokens))
    }

    /// What the page says beside its status.
    private static func hint(_ status: Int) -> StaticString {
        switch status {
        case 495: "The SSL certificate error"
        case 496: "No required SSL certificate was sent"
        case 497: "The plain HTTP request was sent to HTTPS port"
        default: ""
        }
    }

    private static func page(_ status: Int, _ hint: StaticString, tokens: CoreOptions.Tokens) -> FrozenBytes {
        var title: [UInt8] = []
        title.append(decimal: status)
        let phrase = StatusCode.reason(status)
        if phrase.utf8CodeUnitCount > 0 {
            title.append(UInt8(ascii: " "))
            title.append(literal: phrase)
        }
        var page: [UInt8] = []
        page.reserveCapacity(256)
        page.append(literal: "<!DOCTYPE html>\n<html><head><title>")
        page.append(contentsOf: title)
        page.append(literal: "</title></head>\n<body><h1>")
        page.append(contentsOf: title)
        page.append(literal: "</h1>")
        if hint.utf8CodeUnitCount > 0 {
            page.append(literal: "\n<p>")
            page.append(literal: hint)
            page.append(literal: "</p>")
        }
        page.append(literal: "\n<hr><p>zendan")
        if tokens != .off {
            page.append(literal: "/")
            page.append(literal: ServerVersion.number)
        }
        page.append(literal: "</p>\n</body></html>\n")
        return FrozenBytes(page)
    }
}
