/// A statement and the directive it means.
struct ResolvedStatement: Sendable {
    let statement: Statement
    let directive: AnyDirective
    /// For a directive that opens a block of directives.
    let children: [ResolvedStatement]
}

/// Gives each statement its directive, in the order of the text: names, contexts, braces, number of arguments,
/// repetitions. Values are checked when the statements are applied.
struct Resolver {
    let registry: DirectiveRegistry
    let collector: DiagnosticCollector

    func resolve(_ statements: [Statement], in context: BlockContext) throws(Diagnostic) -> [ResolvedStatement] {
        var resolved: [ResolvedStatement] = []
        resolved.reserveCapacity(statements.count)
        var seen: [String: SourceLocation] = [:]
        for statement in statements {
            guard let directive = try directive(for: statement, in: context) else { continue }
            try checkForm(statement, directive)
            try checkArity(statement, directive)
            if let first = seen[statement.name], !directive.repeats {
                throw Diagnostic(
                    "directive \"\(statement.name)\" is duplicate", at: statement.location,
                    hint: "this block has it at \(first) already")
            }
            seen[statement.name] = seen[statement.name] ?? statement.location
            var children: [ResolvedStatement] = []
            if let inner = directive.opens { children = try resolve(statement.block ?? [], in: inner) }
            resolved.append(ResolvedStatement(statement: statement, directive: directive, children: children))
        }
        return resolved
    }

    /// Nil for a directive that is accepted without effect.
    private func directive(for statement: Statement, in context: BlockContext) throws(Diagnostic) -> AnyDirective? {
        let name = statement.name
        let directive = registry.directive(name, in: context)
        let shown = Diagnostic.quoted(name)
        if let reason = registry.harmless[name], directive != nil || statement.block == nil {
            collector.add(
                Diagnostic("\(shown) has no effect here: \(reason)", at: statement.location, severity: .note))
            return directive
        }
        if let directive { return directive }
        if let reason = registry.refused[name] {
            throw Diagnostic("directive \(shown) is not supported: \(reason)", at: statement.location)
        }
        if name == "include" {
            throw Diagnostic("\"include\" takes no block", at: statement.location, hint: "finish it by \";\"")
        }
        let allowed = registry.contexts(of: name)
        if !allowed.isEmpty {
            throw Diagnostic(
                "directive \(shown) is not allowed in \(Resolver.describe(context))", at: statement.location,
                hint: "it is allowed in: \(allowed.names.joined(separator: ", "))")
        }
        throw unknown(statement, in: context)
    }

    private static let bracesHint = "a regular expression that holds braces must stand in quotes"

    private func unknown(_ statement: Statement, in context: BlockContext) -> Diagnostic {
        let name = statement.name
        var hint = registry.nearest(to: name, in: context).map { "did you mean \"\($0)\"?" }
        if hint == nil, name.utf8.contains(UInt8(ascii: "}")) {
            hint = Resolver.bracesHint
        }
        if let end = name.firstIndex(of: "("), registry.knows(String(name[..<end])) { hint = "put a space before \"(\"" }
        return Diagnostic("unknown directive \(Diagnostic.quoted(name))", at: statement.location, hint: hint)
    }

    static func describe(_ context: BlockContext) -> String {
        context == .main ? "the main level, outside all blocks" : "a block of kind \"\(context.names.joined())\""
    }

    private func checkForm(_ statement: Statement, _ directive: AnyDirective) throws(Diagnostic) {
        let shown = "\"\(statement.name)\""
        guard let block = statement.block else {
            if directive.hasBlock {
                throw Diagnostic(
                    "directive \(shown) has no block", at: statement.location, hint: "write \"{\" … \"}\" instead of \";\"")
            }
            return
        }
        guard directive.hasBlock else {
            throw Diagnostic(
                "directive \(shown) takes no block", at: statement.location,
                hint: "finish it by \";\"; a value that holds \"{\" must stand in quotes")
        }
        if directive.opens == nil, let inner = block.first(where: { $0.block != nil }) {
            throw Diagnostic(
                "no block may stand within \(shown)", at: inner.location,
                hint: inner.name.utf8.contains(UInt8(ascii: "}")) ? Resolver.bracesHint : nil)
        }
    }

    private func checkArity(_ statement: Statement, _ directive: AnyDirective) throws(Diagnostic) {
        let count = statement.arguments.count
        guard !directive.arity.accepts(count) else { return }
        var hint: String?
        // A forgotten semicolon makes the next line's words arguments of this one.
        if let next = statement.arguments.first(where: { $0.location.line > statement.location.line && !$0.isQuoted }),
            registry.knows(next.text)
        {
            hint = "is \";\" missing before \(Diagnostic.quoted(next.text)) at \(next.location)?"
        }
        throw Diagnostic(
            "directive \"\(statement.name)\" takes \(directive.arity.explanation), not \(count)", at: statement.location,
            hint: hint ?? "syntax: \(directive.manual.plainSyntax)")
    }
}
