/// What inner blocks get of a directive that an outer block states.
public enum Inheritance: Sendable, Hashable {
    /// An inner block has it unless it states its own.
    case inherited
    /// A list: inherited as a whole, and dropped as a whole by the first such directive of an inner block.
    case list
    /// Stays in its block.
    case own
    /// Reaches the `limit_except` blocks of its location (`proxy_pass`), but no nested location.
    case ownAndConditional

    /// As the manual says it.
    public var explanation: String {
        switch self {
        case .inherited: "inherited by inner blocks that do not state it"
        case .list: "inherited as a whole by inner blocks that state none"
        case .own: "not inherited"
        case .ownAndConditional: "not inherited, except by limit_except"
        }
    }
}

/// How many arguments a directive takes.
public struct Arity: Sendable, Hashable {
    public let least: Int
    /// Nil when there is no bound.
    public let most: Int?

    public init(_ range: some RangeExpression<Int>) {
        switch range {
        case let range as ClosedRange<Int>: (least, most) = (range.lowerBound, range.upperBound)
        case let range as Range<Int>: (least, most) = (range.lowerBound, range.upperBound - 1)
        case let range as PartialRangeThrough<Int>: (least, most) = (0, range.upperBound)
        case let range as PartialRangeFrom<Int>: (least, most) = (range.lowerBound, nil)
        default: (least, most) = (0, nil)
        }
    }

    func accepts(_ count: Int) -> Bool {
        if let most, count > most { return false }
        return count >= least
    }

    /// E.g. "one argument", "2 to 3 arguments".
    var explanation: String {
        switch (least, most) {
        case (0, 0): "no argument"
        case (1, 1): "one argument"
        case (_, nil): least == 0 ? "any number of arguments" : "at least \(least) argument\(least == 1 ? "" : "s")"
        case (let least, let most?): least == most ? "\(least) arguments" : "\(least) to \(most) arguments"
        }
    }
}

/// What surrounds a statement while it is applied.
public struct ApplyContext {
    /// Whether it is the first of its directive (or of its `group`) in this block. A list is emptied then.
    public let isFirst: Bool
    /// The kind of block it stands in.
    public let context: BlockContext
    public let paths: ConfigurationPaths
    private let collector: DiagnosticCollector

    public init(isFirst: Bool, context: BlockContext, paths: ConfigurationPaths, collector: DiagnosticCollector) {
        self.isFirst = isFirst
        self.context = context
        self.paths = paths
        self.collector = collector
    }

    /// Has `-t` report something that is no error.
    public func warn(_ diagnostic: Diagnostic) { collector.add(diagnostic) }

    public func warn(_ message: String, at location: SourceLocation?, hint: String? = nil) {
        collector.add(Diagnostic(message, at: location, hint: hint, severity: .warning))
    }

    public func note(_ message: String, at location: SourceLocation?, hint: String? = nil) {
        collector.add(Diagnostic(message, at: location, hint: hint, severity: .note))
    }
}

/// Everything there is to say about one directive: how it is written, where, what it sets, and its manual entry.
///
/// Make one by the factories: `.flag`, `.integer`, `.size`, `.time`, `.seconds`, `.choice`, `.choices`, `.text`,
/// `.texts`, `.path`, `.template`, `.templates`, `.custom`, `.block`, `.opens`.
public struct Directive<Settings: Sendable>: Sendable {
    /// Sets what the statement says. Number of arguments, context and block have been checked before.
    public typealias Apply = @Sendable (inout Settings, Statement, ApplyContext) throws(Diagnostic) -> Void

    enum Form: Sendable, Hashable {
        /// Ends in `;`.
        case simple
        /// Has a block whose content is the directive's own (`types`, `map`).
        case block
        /// Has a block of directives.
        case opens(BlockContext)
    }

    public let name: String
    public let contexts: BlockContext
    public let arity: Arity
    public let inheritance: Inheritance
    /// True when it may stand several times in one block.
    public let repeats: Bool
    /// Directives of one group share a list (`allow` and `deny`); the name when it is alone.
    public let group: String
    let form: Form
    /// Arguments as the manual shows them.
    let syntax: String
    /// The documented default as the manual shows it.
    let defaultText: @Sendable (Settings) -> String?
    public let documentation: String
    /// True when nginx has no such directive.
    public let isOwn: Bool
    let apply: Apply
}
