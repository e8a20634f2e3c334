/// A block of directives with the settings that hold in it.
public final class Block: Sendable {
    public let context: BlockContext
    /// The statement that opened it; its arguments are, e.g., a location's pattern. The main block has one named "main".
    public let header: Statement
    /// Its own statements in the order of the text, inner blocks included; without those of no effect.
    public let statements: [Statement]
    /// Inner blocks, in the order of the text.
    public let children: [Block]
    private let registry: DirectiveRegistry
    private let values: [any Sendable]

    init(
        context: BlockContext, header: Statement, statements: [Statement], children: [Block], registry: DirectiveRegistry,
        values: [any Sendable]
    ) {
        self.context = context
        self.header = header
        self.statements = statements
        self.children = children
        self.registry = registry
        self.values = values
    }

    /// The settings of a set in this block: what it states itself, what it inherits, or the defaults.
    public func settings<Set: DirectiveSet>(_ set: Set.Type) -> Set.Settings {
        guard let position = registry.position(of: set), let settings = values[position] as? Set.Settings else {
            return set.initial
        }
        return settings
    }

    /// Whether the block itself, not one around it, has the directive.
    public func states(_ name: String) -> Bool {
        statement(name) != nil
    }

    /// The block's own first statement of a directive, e.g. to point at in a later diagnostic.
    public func statement(_ name: String) -> Statement? {
        statements.first { $0.name == name }
    }

    /// The block's own statements of a directive, in order.
    public func statements(_ name: String) -> [Statement] {
        statements.filter { $0.name == name }
    }

    /// Inner blocks of one kind, in order.
    public func children(_ context: BlockContext) -> [Block] {
        children.filter { $0.context == context }
    }
}
