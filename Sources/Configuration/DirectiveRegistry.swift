/// All directives that a program knows.
public struct DirectiveRegistry: Sendable {
    /// One set, as the manual wants it.
    struct Section: Sendable {
        let title: String
        let directives: [AnyDirective]
    }

    let sections: [Section]
    let initial: [any Sendable]
    /// Known to nginx, not to us: the reason and what to do instead.
    let refused: [String: String]
    /// Accepted without effect: why that is safe. One that is declared too is checked as declared.
    let harmless: [String: String]
    private let byName: [String: [AnyDirective]]
    private let positions: [ObjectIdentifier: Int]
    /// Mistakes of the program, not of an operator: one directive declared twice for one context. Tests demand none.
    public let conflicts: [String]

    /// - Parameters:
    ///   - refused: nginx's directives that come later or never, with the reason for the operator.
    ///   - harmless: directives accepted and ignored, with the reason, which `-t` reports.
    public init(
        _ sets: [any DirectiveSet.Type], refused: [String: String] = [:], harmless: [String: String] = [:]
    ) {
        var sections: [Section] = []
        var initial: [any Sendable] = []
        var byName: [String: [AnyDirective]] = [:]
        var positions: [ObjectIdentifier: Int] = [:]
        var conflicts: [String] = []
        for (position, set) in sets.enumerated() {
            let section = DirectiveRegistry.section(set, at: position, initial: &initial)
            positions[ObjectIdentifier(set)] = position
            for directive in section.directives {
                let others = byName[directive.name, default: []]
                if others.contains(where: { !$0.contexts.isDisjoint(with: directive.contexts) }) {
                    conflicts.append("\"\(directive.name)\" is declared twice for one context")
                }
                if directive.name == "include" { conflicts.append("\"include\" is the parser's own") }
                byName[directive.name, default: []].append(directive)
            }
            sections.append(section)
        }
        self.sections = sections
        self.initial = initial
        self.refused = refused
        self.harmless = harmless
        self.byName = byName
        self.positions = positions
        self.conflicts = conflicts
    }

    private static func section<Set: DirectiveSet>(
        _ set: Set.Type, at position: Int, initial: inout [any Sendable]
    ) -> Section {
        let defaults = set.initial
        initial.append(defaults)
        return Section(
            title: set.title,
            directives: set.directives.map { AnyDirective($0, initial: defaults, set: position) })
    }

    /// The names of all directives, sorted; `include` is among them.
    public var names: [String] { (Array(byName.keys) + ["include"]).sorted() }

    /// Those of `names` that have an effect, which a test can prove.
    public var namesWithEffect: [String] { names.filter { harmless[$0] == nil } }

    /// Whether any context knows the directive.
    public func knows(_ name: String) -> Bool { byName[name] != nil || name == "include" }

    func position<Set: DirectiveSet>(of set: Set.Type) -> Int? { positions[ObjectIdentifier(set)] }

    func directive(_ name: String, in context: BlockContext) -> AnyDirective? {
        byName[name]?.first { $0.contexts.isSuperset(of: context) }
    }

    /// Where a directive may stand.
    func contexts(of name: String) -> BlockContext {
        byName[name, default: []].reduce(into: []) { $0.formUnion($1.contexts) }
    }

    /// The known name that `name` resembles: those allowed in `context` first, then any other.
    func nearest(to name: String, in context: BlockContext) -> String? {
        let here = byName.filter { $0.value.contains { $0.contexts.isSuperset(of: context) } }.keys
        return EditDistance.nearest(to: name, among: here) ?? EditDistance.nearest(to: name, among: names)
            ?? EditDistance.nearest(to: name, among: Array(harmless.keys) + Array(refused.keys))
    }
}
