/// Directives that belong together, and the settings they write.
///
/// A location's settings are made by copying those of the block around it and applying its own statements to the copy.
public protocol DirectiveSet: SendableMetatype {
    associatedtype Settings: Sendable

    /// The settings where no directive says otherwise: the documented defaults.
    static var initial: Settings { get }

    static var directives: [Directive<Settings>] { get }

    /// The heading in the manual.
    static var title: String { get }
}

extension DirectiveSet {
    /// The type's name with its words apart: `StaticFiles` is "Static files", `UpstreamFeature` is "Upstream".
    public static var title: String {
        var title = ""
        for character in String(describing: Self.self) {
            if character.isUppercase, let last = title.last, last.isLowercase {
                title += " " + character.lowercased()
            } else {
                title.append(character)
            }
        }
        return title.hasSuffix(" feature") ? String(title.dropLast(" feature".count)) : title
    }
}

/// A directive with the type of its settings erased, so that all sets fit in one table.
struct AnyDirective: Sendable {
    typealias Apply = @Sendable (inout any Sendable, Statement, ApplyContext) throws(Diagnostic) -> Void

    let name: String
    let contexts: BlockContext
    let arity: Arity
    let inheritance: Inheritance
    let repeats: Bool
    let group: String
    let opens: BlockContext?
    let hasBlock: Bool
    /// Position of its set in the registry, and so of its settings in a block.
    let set: Int
    let manual: ManualEntry
    let apply: Apply

    init<Settings: Sendable>(_ directive: Directive<Settings>, initial: Settings, set: Int) {
        name = directive.name
        contexts = directive.contexts
        arity = directive.arity
        inheritance = directive.inheritance
        repeats = directive.repeats
        group = directive.group
        if case .opens(let context) = directive.form { opens = context } else { opens = nil }
        hasBlock = directive.form != .simple
        self.set = set
        manual = ManualEntry(
            name: directive.name, syntax: directive.syntax, hasBlock: directive.form != .simple,
            defaultText: directive.defaultText(initial), contexts: directive.contexts.names,
            inheritance: directive.opensBlock ? nil : directive.inheritance, documentation: directive.documentation,
            isOwn: directive.isOwn, repeats: directive.repeats)
        let apply = directive.apply
        self.apply = { (value: inout any Sendable, statement: Statement, context: ApplyContext) throws(Diagnostic) in
            guard var settings = value as? Settings else { return }
            try apply(&settings, statement, context)
            value = settings
        }
    }
}

extension Directive {
    var opensBlock: Bool {
        if case .opens = form { true } else { false }
    }
}
