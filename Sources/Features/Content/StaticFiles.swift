import Bytes
import Configuration
import HTTP
import Observability
import Platform
import Server

/// Files: the content of every location that has no other, with `etag`, `if_modified_since`.
public enum StaticFiles: Feature {
    public struct Settings: Sendable {
        var etag = true
        var ifModifiedSince = CoreOptions.IfModifiedSince.exact
    }
    public static let initial = Settings()
    private static let everywhere: BlockContext = [.http, .server, .location]
    public static let directives: [Directive<Settings>] = [
        .flag("etag", \.etag, in: everywhere, "Whether files get an ETag."),
        .choice(
            "if_modified_since", \.ifModifiedSince, ["off": .off, "exact": .exact, "before": .before], in: everywhere,
            "How If-Modified-Since is compared with the time of a file."),
    ]

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        plan.core.etag = s.etag
        plan.core.ifModifiedSince = s.ifModifiedSince
        plan.add(Handler(.content, StaticFileHandler(source: OpenFiles.source(for: plan), hasETag: s.etag).answer))
    }
}

/// The content handler for files: the last one of every location.
struct StaticFileHandler: Sendable {
    let source: FileSource
    let hasETag: Bool

    func answer(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        let method = context.method
        switch method {
        case .get, .head, .post: break
        default: throw RequestFailure(405, "a file can only be read")
        }
        var name = context.takeScratch()
        defer { context.giveScratch(&name) }
        FilePath.append(context, to: &name)
        if context.path.last == UInt8(ascii: "/") {
            RequestLog.file(context, .error, "directory index of ", name.span, " is forbidden", nil)
            return .respond(.status(403))
        }
        name.append(0)
        switch source.open(name.span, context) {
        case .file(let file):
            // As nginx: what is not there is not there for whatever method.
            if method == .post { throw RequestFailure(405, "a file can only be read") }
            return compose(context, file)
        case .directory: return redirectToDirectory(context)
        case .regular, .other:
            RequestLog.file(context, .crit, "", name.span.extracting(0..<(name.count - 1)), " is not a regular file", nil)
            return .respond(.status(404))
        case .failed(let error): return refuse(context, name.span.extracting(0..<(name.count - 1)), error)
        }
    }

    private func compose(_ context: RequestContext, _ file: OpenFile) -> Verdict {
        let size = file.status.size
        context.response.mapping = file.mapping
        if context.usesHead(of: file) {
            context.response.content = size > 0 ? .file(file.descriptor, 0..<size) : .empty
            return .respond(.composed)
        }
        context.response.status = 200
        context.response.contentLength = size
        context.response.content = size > 0 ? .file(file.descriptor, 0..<size) : .empty
        context.response.lastModified = file.status.modified
        if hasETag { EntityTagText.append(file.status, to: &context.response.etag) }
        context.setContentTypeByPath()
        context.response.allowsRanges = true
        context.response.isConditional = true
        if file.isKept { context.keepHead(in: file) }
        return .respond(.composed)
    }

    /// `/dir` for a directory: the client is sent to `/dir/`.
    private func redirectToDirectory(_ context: RequestContext) -> Verdict {
        context.response.location.clear()
        let path = context.path
        PercentCoding.encode(path.span, for: .path, to: &context.response.location)
        context.response.location.append(UInt8(ascii: "/"))
        if context.hasQuery {
            context.response.location.append(UInt8(ascii: "?"))
            context.appendQuery(to: &context.response.location)
        }
        return .respond(.status(301))
    }

    private func refuse(_ context: RequestContext, _ path: Span<UInt8>, _ error: SystemError) -> Verdict {
        switch error {
        case .notFound, .notDirectory, .nameTooLong:
            if context.plan.core.logsNotFound { RequestLog.file(context, .error, "open() ", path, " failed", error) }
            return .respond(.status(404))
        case .accessDenied, .tooManyLinks:
            RequestLog.file(context, .error, "open() ", path, " failed", error)
            return .respond(.status(403))
        default:
            RequestLog.file(context, .crit, "open() ", path, " failed", error)
            return .respond(.status(500))
        }
    }
}

/// nginx's tag of a file: its time and its size, both in hexadecimal.
enum EntityTagText {
    static func append(_ status: FileStatus, to output: inout ByteString) {
        output.append(UInt8(ascii: "\""))
        appendHex(UInt64(bitPattern: status.modified), to: &output)
        output.append(UInt8(ascii: "-"))
        appendHex(UInt64(status.size), to: &output)
        output.append(UInt8(ascii: "\""))
    }

    private static func appendHex(_ value: UInt64, to output: inout ByteString) {
        var shift = 60
        while shift > 0, value >> UInt64(shift) & 15 == 0 { shift -= 4 }
        while shift >= 0 {
            output.append(ASCII.hexDigit(UInt8(truncatingIfNeeded: value >> UInt64(shift))))
            shift -= 4
        }
    }
}
