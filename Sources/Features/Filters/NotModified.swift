import Bytes
import Configuration
import HTTP
import Server

/// Conditional requests (RFC 9110 §13): 304 and 412.
public enum NotModified: Feature {
    public struct Settings: Sendable {}
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = []

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        plan.add(HeaderFilter(.notModified, filter))
    }

    private static func filter(_ context: RequestContext) {
        guard context.response.status == 200, context.response.isConditional else { return }
        let comparison: Preconditions.DateComparison
        switch context.plan.core.ifModifiedSince {
        case .off: comparison = .off
        case .exact: comparison = .exact
        case .before: comparison = .before
        }
        guard Preconditions.arePresent(context.head) else { return }
        let etag = context.response.etag.array
        let modified = context.response.modificationTime
        switch Preconditions.evaluate(context.head, entityTag: etag.span, lastModified: modified, ifModifiedSince: comparison) {
        case .proceed: break
        case .notModified:
            context.response.status = 304
            context.response.reason.clear()
            context.response.content = .empty
            context.response.contentType.clear()
            context.response.contentLength = nil
            context.response.allowsRanges = false
            context.response.fields.remove(.contentEncoding)
        case .preconditionFailed:
            // Nothing of what does not fit the condition is told.
            context.response.fields.removeAll()
            _ = ErrorResponse.refuse(context, 412)
        }
    }
}
