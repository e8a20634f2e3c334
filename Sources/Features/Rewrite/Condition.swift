import Bytes
import Configuration
import HTTP
import Platform
import Server

/// The condition of an `if`, bound to its site.
struct Condition: Sendable {
    private enum Test: Sendable {
        case isTrue
        case equals(Template)
        case matches(NamePattern)
        case leadsTo(ConditionSyntax.FileKind)
    }

    private let subject: Template
    private let test: Test
    private let isNegated: Bool

    init(_ syntax: ConditionSyntax, _ site: SiteBuilder) throws(Diagnostic) {
        subject = try site.compile(syntax.subject, at: syntax.location)
        isNegated = syntax.isNegated
        switch syntax.test {
        case .isTrue: test = .isTrue
        case .equals(let value): test = .equals(try site.compile(value, at: syntax.location))
        case .matches(let text, let caseless):
            test = .matches(try site.compilePattern(text, caseless: caseless, at: syntax.location))
        case .leadsTo(let kind): test = .leadsTo(kind)
        }
    }

    /// Errors: 500 for an expression that had to be given up.
    func holds(_ context: RequestContext) throws(RequestFailure) -> Bool {
        var value = context.takeScratch()
        defer { context.giveScratch(&value) }
        subject.append(to: &value, context)
        switch test {
        case .isTrue: return !value.isEmpty && !(value.count == 1 && value[0] == UInt8(ascii: "0"))
        case .equals(let template):
            var other = context.takeScratch()
            defer { context.giveScratch(&other) }
            template.append(to: &other, context)
            return value.span.equals(other.span) != isNegated
        case .matches(let pattern):
            let isMatch = try context.match(pattern, value.array)
            // As in nginx: what an expression before this one has caught is gone too.
            if !isMatch { context.forgetCaptures() }
            return isMatch != isNegated
        case .leadsTo(let kind):
            value.append(0)
            return Condition.leads(value.span, to: kind, context) != isNegated
        }
    }

    /// What the disk says now, whatever `open_file_cache` remembers. `path` ends with a zero byte.
    private static func leads(_ path: Span<UInt8>, to kind: ConditionSyntax.FileKind, _ context: RequestContext) -> Bool {
        do throws(SystemError) {
            let status = try File.status(zeroTerminated: path)
            // As in nginx, a device, a pipe or a socket is nothing.
            if status.kind == .other { return false }
            return switch kind {
            case .file: status.kind == .regular
            case .directory: status.kind == .directory
            case .any: true
            case .executable: status.mode & 0o100 != 0
            }
        } catch {
            if error != .notFound, error != .notDirectory, error != .nameTooLong {
                RequestLog.file(context, .crit, "stat() ", path.extracting(0..<(path.count - 1)), " failed", error)
            }
            return false
        }
    }
}
