import Bytes
import Configuration
import HTTP
import Platform
import Server

/// `try_files`: the first of some files that exists, else a path, a named location, or a status.
package enum TryFiles: Feature {
    package struct Settings: Sendable { var arguments: [Argument] = [] }
    package static let initial = Settings()
    package static let directives: [Directive<Settings>] = [
        .custom(
            "try_files", arity: 2..., inheritance: .own, in: [.server, .location], syntax: "*file* ... *uri* | @*name* | =*code*",
            "Serves the first file that exists; what stands last is where the request goes on.", apply)
    ]

    private static func apply(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        s.arguments = statement.arguments
    }

    package static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        guard let last = s.arguments.last else { return }
        var files: [Candidate] = []
        for argument in s.arguments.dropLast() {
            var text = argument.text
            let isDirectory = text.hasSuffix("/") && text.count > 1
            if isDirectory { text.removeLast() }
            let syntax = try TemplateSyntax(parsing: text, at: argument.location)
            files.append(Candidate(template: try plan.compile(syntax, at: argument.location), isDirectory: isDirectory))
        }
        let end: Step.End
        if last.text.hasPrefix("=") {
            guard let code = ArgumentTypes.integer(String(last.text.dropFirst())), (0...999).contains(code) else {
                throw Diagnostic("invalid code \(Diagnostic.quoted(last.text))", at: last.location)
            }
            end = .status(code)
        } else {
            end = .uri(try plan.compile(try last.template(), at: last.location))
        }
        plan.add(Handler(.tryFiles, Step(files: files, end: end).decide))
    }

    struct Candidate: Sendable {
        let template: Template
        let isDirectory: Bool
    }

    /// The handler.
    struct Step: Sendable {
        enum End: Sendable {
            case status(Int)
            case uri(Template)
        }

        let files: [Candidate]
        let end: End

        func decide(_ context: RequestContext) throws(RequestFailure) -> Verdict {
            for file in files {
                var path = context.takeScratch()
                file.template.append(to: &path, context)
                let found = exists(path, file.isDirectory, context)
                if found {
                    context.path = path
                    context.giveScratch(&path)
                    return .next
                }
                context.giveScratch(&path)
            }
            switch end {
            case .status(let code): return .respond(.status(code))
            case .uri(let template): return redirect(template.value(context), context)
            }
        }

        private func exists(_ path: [UInt8], _ isDirectory: Bool, _ context: RequestContext) -> Bool {
            if PathSafety.leadsOut(path.span) { return false }
            var name = context.takeScratch()
            FilePath.append(context, path: path, to: &name)
            name.append(0)
            defer { context.giveScratch(&name) }
            guard let status = try? File.status(zeroTerminated: name.span) else { return false }
            return isDirectory ? status.kind == .directory : status.kind == .regular
        }

        private func redirect(_ value: [UInt8], _ context: RequestContext) -> Verdict {
            if value.first == UInt8(ascii: "@") {
                let name = String(decoding: value.dropFirst(), as: UTF8.self)
                guard let plan = context.server.namedLocations[name] else {
                    RequestLog.write(context, .error, "could not find the named location of try_files")
                    return .respond(.status(500))
                }
                return .redirect(.named(plan))
            }
            guard let mark = value.firstIndex(of: UInt8(ascii: "?")) else {
                return .redirect(.uri(path: value, query: queryOf(context)))
            }
            return .redirect(.uri(path: Array(value[..<mark]), query: Array(value[(mark + 1)...])))
        }

        /// The request's own query goes along.
        private func queryOf(_ context: RequestContext) -> [UInt8]? {
            var query: [UInt8] = []
            return context.appendQuery(to: &query) ? query : nil
        }
    }
}

/// Paths made of variables may hold what a request's own path never does after it was normalised.
enum PathSafety {
    /// A segment of two dots, or a zero byte.
    static func leadsOut(_ path: Span<UInt8>) -> Bool {
        var start = 0
        for index in 0...path.count {
            if index < path.count {
                if path[index] == 0 { return true }
                if path[index] != UInt8(ascii: "/") { continue }
            }
            if index - start == 2, path[start] == UInt8(ascii: "."), path[start + 1] == UInt8(ascii: ".") { return true }
            start = index + 1
        }
        return false
    }
}
