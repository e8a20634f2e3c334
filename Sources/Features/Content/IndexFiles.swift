import Bytes
import Configuration
import HTTP
import Observability
import Platform
import Server

/// `index`: the file that stands for a directory.
public enum IndexFiles: Feature {
    public struct Settings: Sendable { var names: [Argument] = [] }
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = [
        .custom(
            "index", arity: 1..., inheritance: .list, in: [.http, .server, .location], syntax: "*file* ...",
            default: "index.html", "The files that stand for a directory; the first that exists.", index)
    ]

    private static func index(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.names = [] }
        for argument in statement.arguments {
            if argument.text.isEmpty { throw Diagnostic("an index file needs a name", at: argument.location) }
            s.names.append(argument)
        }
    }

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        var names: [Template] = []
        for argument in s.names { names.append(try plan.compile(try argument.template(), at: argument.location)) }
        if names.isEmpty { names = [Template(constant: "index.html")] }
        plan.add(Handler(.content, IndexHandler(names: names, source: OpenFiles.source(for: plan)).decide))
    }
}

/// Sends a request for a directory on to its index file, inside the server.
struct IndexHandler: Sendable {
    let names: [Template]
    let source: FileSource

    func decide(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        guard context.path.last == UInt8(ascii: "/") else { return .next }
        switch context.method {
        case .get, .head, .post: break
        default: return .next
        }
        var file = context.takeScratch()
        var name = context.takeScratch()
        defer {
            context.giveScratch(&name)
            context.giveScratch(&file)
        }
        FilePath.append(context, to: &file)
        let length = file.count
        var isDirectoryKnown = false
        for template in names {
            name.clear()
            template.append(to: &name, context)
            if name.isEmpty { continue }
            if name[0] == UInt8(ascii: "/") { return redirect(context, to: name.array) }
            if PathSafety.leadsOut(name.span) { continue }
            file.truncate(to: length)
            file.append(name.span)
            file.append(0)
            guard case .failed(let error) = source.probe(file.span, context) else {
                return redirect(context, to: context.path + name.array)
            }
            if error != .notFound {
                return refuse(context, file.span.extracting(0..<(file.count - 1)), error)
            }
            if isDirectoryKnown { continue }
            isDirectoryKnown = true
            file.truncate(to: length)
            file.append(0)
            if let error = failure(context, ofDirectory: file.span) {
                // As nginx, the log names the file that was looked for.
                file.truncate(to: length)
                file.append(name.span)
                return refuse(context, file.span, error)
            }
        }
        return .next
    }

    private func redirect(_ context: RequestContext, to path: [UInt8]) -> Verdict {
        var query = ByteString()
        context.appendQuery(to: &query)
        return .redirect(.uri(path: path, query: query.array))
    }

    /// Why there can be no index: the directory itself is not there.
    private func failure(_ context: RequestContext, ofDirectory directory: Span<UInt8>) -> SystemError? {
        switch source.probe(directory, context) {
        case .directory: return nil
        case .failed(.accessDenied): return nil
        case .failed(let error): return error
        case .file, .regular, .other: return .notDirectory
        }
    }

    private func refuse(_ context: RequestContext, _ path: Span<UInt8>, _ error: SystemError) -> Verdict {
        switch error {
        case .accessDenied:
            RequestLog.file(context, .error, "", path, " is forbidden", error)
            return .respond(.status(403))
        case .notFound, .notDirectory, .nameTooLong:
            if context.plan.core.logsNotFound { RequestLog.file(context, .error, "", path, " is not found", error) }
            return .respond(.status(404))
        default:
            RequestLog.file(context, .crit, "stat() ", path, " failed", error)
            return .respond(.status(500))
        }
    }
}
