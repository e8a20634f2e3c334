import Bytes
import Configuration
import HTTP
import Observability
import Platform
import Server

/// Files: the content of every location that has no other, with `index`, `etag`, `if_modified_since`, `open_file_cache`.
package enum StaticFiles: Feature {
    package struct Settings: Sendable {
        var index: [Argument] = []
        var etag = true
        var ifModifiedSince = CoreOptions.IfModifiedSince.exact
        var cacheSize: Int?
        var cacheInactive: Int64 = 60_000
        var cacheValid: Int64 = 60_000
        var cacheMinUses = 1
        var cachesErrors = false
    }
    package static let initial = Settings()
    private static let everywhere: BlockContext = [.http, .server, .location]
    package static let directives: [Directive<Settings>] = [
        .custom(
            "index", arity: 1..., inheritance: .list, in: everywhere, syntax: "*file* ...", default: "index.html",
            "The files that stand for a directory; the first that exists.", index),
        .flag("etag", \.etag, in: everywhere, "Whether files get an ETag."),
        .choice(
            "if_modified_since", \.ifModifiedSince, ["off": .off, "exact": .exact, "before": .before], in: everywhere,
            "How If-Modified-Since is compared with the time of a file."),
        .custom(
            "open_file_cache", arity: 1...2, in: everywhere, syntax: "off | max=*number* [inactive=*time*]", default: "off",
            "How many files each loop keeps open.", openFileCache),
        .time("open_file_cache_valid", \.cacheValid, in: everywhere, "After what time an open file is compared with the disk again."),
        .integer("open_file_cache_min_uses", \.cacheMinUses, 1...65535, in: everywhere, "How often a file is asked for before it is kept open."),
        .flag("open_file_cache_errors", \.cachesErrors, in: everywhere, "Whether files that are not there are remembered too."),
    ]

    private static func index(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.index = [] }
        for argument in statement.arguments {
            if argument.text.isEmpty { throw Diagnostic("an index file needs a name", at: argument.location) }
            s.index.append(argument)
        }
    }

    private static func openFileCache(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        s.cacheSize = nil
        s.cacheInactive = 60_000
        for argument in statement.arguments {
            if argument.text == "off" {
                s.cacheSize = nil
            } else if let value = argument.value(of: "max") {
                s.cacheSize = try value.integer(1...1_000_000)
            } else if let value = argument.value(of: "inactive") {
                s.cacheInactive = try value.milliseconds()
            } else {
                throw argument.invalid(expected: "off, max=number or inactive=time")
            }
        }
        if s.cacheSize == nil, statement.arguments[0].text != "off" {
            throw Diagnostic("\"open_file_cache\" must have the \"max\" parameter", at: statement.location)
        }
    }

    package static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        plan.core.etag = s.etag
        plan.core.ifModifiedSince = s.ifModifiedSince
        var names: [Template] = []
        for argument in s.index { names.append(try plan.compile(try argument.template(), at: argument.location)) }
        if names.isEmpty { names = [Template(constant: "index.html")] }
        let policy = s.cacheSize.map {
            OpenFileCache.Policy(
                capacity: $0, inactive: s.cacheInactive, valid: s.cacheValid, minUses: s.cacheMinUses, keepsErrors: s.cachesErrors)
        }
        plan.add(Handler(.content, StaticFileHandler(index: names, policy: policy).answer))
    }
}

/// The content handler for files.
struct StaticFileHandler: Sendable {
    let index: [Template]
    let policy: OpenFileCache.Policy?

    func answer(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        let method = context.method
        if context.path.last == UInt8(ascii: "/") { return try directory(context, method) }
        guard method == .get || method == .head else {
            if method == .post || method == .put || method == .delete || method == .patch {
                throw RequestFailure(405, "a file can only be read")
            }
            throw RequestFailure(405, "a file can only be read")
        }
        var name = context.takeScratch()
        defer { context.giveScratch(&name) }
        FilePath.append(context, to: &name)
        name.append(0)
        switch OpenFileCache.open(name, context, policy) {
        case .file(let file): return compose(context, file)
        case .directory: return redirectToDirectory(context)
        case .failed(let error): return failed(context, name, error)
        }
    }

    private func compose(_ context: RequestContext, _ file: OpenFile) -> Verdict {
        context.response.status = 200
        context.response.contentLength = file.size
        context.response.content = file.size > 0 ? .file(file.descriptor, 0..<file.size) : .empty
        context.response.lastModified = file.modified
        if context.plan.core.etag { EntityTagText.append(file, to: &context.response.etag) }
        context.setContentTypeByPath()
        context.response.allowsRanges = true
        context.response.isConditional = true
        return .respond(.composed)
    }

    /// `/dir` for a directory: the client is sent to `/dir/`.
    private func redirectToDirectory(_ context: RequestContext) -> Verdict {
        context.response.location.removeAll(keepingCapacity: true)
        let path = context.path
        PercentCoding.encode(path.span, for: .path, to: &context.response.location)
        context.response.location.append(UInt8(ascii: "/"))
        if context.hasQuery {
            context.response.location.append(UInt8(ascii: "?"))
            context.appendQuery(to: &context.response.location)
        }
        return .respond(.status(301))
    }

    private func failed(_ context: RequestContext, _ name: [UInt8], _ error: SystemError) -> Verdict {
        switch error {
        case .notFound, .notDirectory, .nameTooLong:
            if context.plan.core.logsNotFound {
                RequestLog.write(context, .error, "open() failed: ", path: name.span.extracting(0..<(name.count - 1)), error)
            }
            return .respond(.status(404))
        case .accessDenied, .tooManyLinks:
            RequestLog.write(context, .error, "open() failed: ", path: name.span.extracting(0..<(name.count - 1)), error)
            return .respond(.status(403))
        default:
            RequestLog.write(context, .crit, "open() failed: ", path: name.span.extracting(0..<(name.count - 1)), error)
            return .respond(.status(500))
        }
    }

    // MARK: Directories

    private func directory(_ context: RequestContext, _ method: Method) throws(RequestFailure) -> Verdict {
        for template in index {
            var file = template.value(context)
            if file.first == UInt8(ascii: "/") { return .redirect(.uri(path: file, query: query(context))) }
            file = context.path + file
            if PathSafety.leadsOut(file.span) { continue }
            var name = context.takeScratch()
            FilePath.append(context, path: file, to: &name)
            name.append(0)
            defer { context.giveScratch(&name) }
            if let status = try? File.status(zeroTerminated: name.span), status.kind != .directory {
                return .redirect(.uri(path: file, query: query(context)))
            }
        }
        return try noIndex(context, method)
    }

    private func query(_ context: RequestContext) -> [UInt8]? {
        var query: [UInt8] = []
        return context.appendQuery(to: &query) ? query : nil
    }

    private func noIndex(_ context: RequestContext, _ method: Method) throws(RequestFailure) -> Verdict {
        var name = context.takeScratch()
        defer { context.giveScratch(&name) }
        FilePath.append(context, to: &name)
        name.append(0)
        guard let status = try? File.status(zeroTerminated: name.span), status.kind == .directory else {
            return failed(context, name, .notFound)
        }
        guard method == .get || method == .head else { throw RequestFailure(405, "a directory can only be read") }
        RequestLog.write(context, .error, "directory index is forbidden: ", path: name.span.extracting(0..<(name.count - 1)), nil)
        throw RequestFailure(403, "the directory has no index file")
    }
}

/// nginx's tag of a file: its time and its size, both in hexadecimal.
enum EntityTagText {
    static func append(_ file: OpenFile, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        appendHex(UInt64(bitPattern: file.modified), to: &output)
        output.append(UInt8(ascii: "-"))
        appendHex(UInt64(file.size), to: &output)
        output.append(UInt8(ascii: "\""))
    }

    private static func appendHex(_ value: UInt64, to output: inout [UInt8]) {
        var shift = 60
        while shift > 0, value >> UInt64(shift) & 15 == 0 { shift -= 4 }
        while shift >= 0 {
            output.append(ASCII.hexDigit(UInt8(truncatingIfNeeded: value >> UInt64(shift))))
            shift -= 4
        }
    }
}
