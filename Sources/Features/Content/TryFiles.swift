import Bytes
import Configuration
import HTTP
import Observability
import Platform
import Server

/// `try_files`: the first of some files that exists, else a path, a named location, or a status.
public enum TryFiles: Feature {
    public struct Settings: Sendable { var arguments: [Argument] = [] }
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = [
        .custom(
            "try_files", arity: 2..., inheritance: .own, in: [.server, .location],
            syntax: "*file* ... *uri* | @*name* | =*code*",
            "Serves the first file that exists; what stands last is where the request goes on.", apply)
    ]

    private static func apply(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        s.arguments = statement.arguments
    }

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        guard let last = s.arguments.last else { return }
        var files: [TryFilesHandler.Candidate] = []
        for argument in s.arguments.dropLast() {
            var text = argument.text
            let isDirectory = text.hasSuffix("/")
            if isDirectory { text.removeLast() }
            let syntax = try TemplateSyntax(parsing: text, at: argument.location)
            files.append(
                TryFilesHandler.Candidate(
                    template: try plan.compile(syntax, at: argument.location), isConstant: syntax.isConstant,
                    isDirectory: isDirectory))
        }
        let end: TryFilesHandler.End
        if last.text.hasPrefix("=") {
            guard let code = ArgumentTypes.integer(String(last.text.dropFirst())), code <= 999 else {
                throw Diagnostic("invalid code \(Diagnostic.quoted(last.text))", at: last.location)
            }
            end = .status(code)
        } else {
            end = .uri(try plan.compile(try last.template(), at: last.location))
        }
        plan.add(Handler(.tryFiles, TryFilesHandler(files: files, end: end, source: OpenFiles.source(for: plan)).decide))
    }
}

/// Looks for the files, one after the other.
struct TryFilesHandler: Sendable {
    struct Candidate: Sendable {
        let template: Template
        let isConstant: Bool
        let isDirectory: Bool
    }

    enum End: Sendable {
        case status(Int)
        case uri(Template)
    }

    let files: [Candidate]
    let end: End
    let source: FileSource

    func decide(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        var value = context.takeScratch()
        var name = context.takeScratch()
        defer {
            context.giveScratch(&name)
            context.giveScratch(&value)
        }
        for candidate in files {
            value.clear()
            candidate.template.append(to: &value, context)
            if !candidate.isConstant { dropPrefix(context, &value) }
            if PathSafety.leadsOut(value.span) { continue }
            name.clear()
            FilePath.appendRoot(context, to: &name)
            name.append(value.span)
            name.append(0)
            guard isThere(candidate, name.span, context) else { continue }
            choose(candidate, value.array, context)
            return .next
        }
        switch end {
        case .status(let code): return .respond(.status(code))
        case .uri(let template):
            value.clear()
            template.append(to: &value, context)
            return redirect(context, to: value.array)
        }
    }

    /// An alias stands for what the location has matched: `$uri` is looked up without it.
    private func dropPrefix(_ context: RequestContext, _ value: inout ByteString) {
        let path = context.path
        guard case .prefix(let length) = context.plan.core.documentRoot.alias, length <= path.count else { return }
        if value.span.hasPrefix(path.span.extracting(0..<length)) {
            value.set(value.span.extracting(length..<value.count).array.span)
        }
    }

    private func isThere(_ candidate: Candidate, _ name: Span<UInt8>, _ context: RequestContext) -> Bool {
        switch source.probe(name, context) {
        case .directory: return candidate.isDirectory
        case .file, .regular, .other: return !candidate.isDirectory
        case .failed(let error):
            if error != .notFound, error != .notDirectory, error != .nameTooLong {
                RequestLog.file(context, .crit, "stat() ", name.extracting(0..<(name.count - 1)), " failed", error)
            }
            return false
        }
    }

    /// The request goes on as one for the file that was found.
    private func choose(_ candidate: Candidate, _ value: [UInt8], _ context: RequestContext) {
        switch context.plan.core.documentRoot.alias {
        case nil: context.path = value
        case .prefix(let length): context.path = context.path.prefix(length) + value
        case .whole:
            if candidate.isDirectory { return }
            context.path = value
            context.appendsPathToAlias = true
        }
    }

    private func redirect(_ context: RequestContext, to value: [UInt8]) -> Verdict {
        switch value.first {
        case UInt8(ascii: "@"):
            let name = String(decoding: value.dropFirst(), as: UTF8.self)
            guard let plan = context.server.namedLocations[name] else {
                RequestLog.file(context, .error, "could not find named location ", value.span, "", nil)
                return .respond(.status(500))
            }
            return .redirect(.named(plan))
        case nil: return .respond(.status(500))
        default: break
        }
        // As nginx: the query of the request does not go along, unless it is written out (`/index.php?$args`).
        guard let mark = value.firstIndex(of: UInt8(ascii: "?")) else { return .redirect(.uri(path: value, query: [])) }
        return .redirect(.uri(path: Array(value[..<mark]), query: Array(value[(mark + 1)...])))
    }
}
