/// Makes blocks of statements: settings by nginx's inheritance.
///
/// All of a block's own directives are applied first, wherever they stand; then its inner blocks are built from a copy.
/// What is not inherited is left out of that copy by applying the statements once more without it, so that a directive
/// need not say how it is undone.
struct Builder {
    let registry: DirectiveRegistry
    let paths: ConfigurationPaths
    /// Directives whose effect is thrown away.
    let disabled: Set<String>
    let collector: DiagnosticCollector

    func build(
        _ statements: [ResolvedStatement], header: Statement, context: BlockContext, inherited: [any Sendable]
    ) throws(Diagnostic) -> Block {
        let values = try applied(statements, context: context, to: inherited)
        let forInner = try without([.own, .ownAndConditional], statements, context: context, inherited, values)
        let forConditional = try without([.own], statements, context: context, inherited, values)
        var children: [Block] = []
        for resolved in statements {
            guard let inner = resolved.directive.opens else { continue }
            let block = try build(
                resolved.children, header: resolved.statement, context: inner,
                inherited: inner == .limitExcept ? forConditional : forInner)
            if !disabled.contains(resolved.statement.name) { children.append(block) }
        }
        return Block(
            context: context, header: header, statements: statements.map(\.statement), children: children,
            registry: registry, values: values)
    }

    private func applied(
        _ statements: [ResolvedStatement], context: BlockContext, to inherited: [any Sendable]
    ) throws(Diagnostic) -> [any Sendable] {
        var values = inherited
        var seen: Set<String> = []
        for resolved in statements where resolved.directive.opens == nil {
            let directive = resolved.directive
            let list = "\(directive.set) \(directive.group)"
            let isFirst = seen.insert(list).inserted
            let surroundings = ApplyContext(isFirst: isFirst, context: context, paths: paths, collector: collector)
            if disabled.contains(directive.name) {
                if isFirst { seen.remove(list) }
                var discarded = values[directive.set]
                try directive.apply(&discarded, resolved.statement, surroundings)
            } else {
                try directive.apply(&values[directive.set], resolved.statement, surroundings)
            }
        }
        return values
    }

    /// `values` as they would be if the block did not have its statements of these rules.
    private func without(
        _ rules: Set<Inheritance>, _ statements: [ResolvedStatement], context: BlockContext, _ inherited: [any Sendable],
        _ values: [any Sendable]
    ) throws(Diagnostic) -> [any Sendable] {
        var affected: Set<Int> = []
        for resolved in statements where resolved.directive.opens == nil && rules.contains(resolved.directive.inheritance) {
            affected.insert(resolved.directive.set)
        }
        if affected.isEmpty { return values }
        let kept = statements.filter {
            affected.contains($0.directive.set) && !rules.contains($0.directive.inheritance)
        }
        let quiet = Builder(registry: registry, paths: paths, disabled: disabled, collector: DiagnosticCollector())
        let rebuilt = try quiet.applied(kept, context: context, to: inherited)
        var result = values
        for set in affected { result[set] = rebuilt[set] }
        return result
    }
}
