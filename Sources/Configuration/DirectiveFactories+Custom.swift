extension Directive {
    /// A directive that reads its arguments itself.
    ///
    /// - Parameters:
    ///   - repeats: whether it may stand several times in one block; unset, lists may.
    ///   - group: a name that directives share which fill one list.
    ///   - syntax: its arguments for the manual, `*italic*` for what is to be replaced.
    ///   - default: its documented default for the manual.
    public static func custom(
        _ name: String, arity: some RangeExpression<Int>, inheritance: Inheritance = .inherited, repeats: Bool? = nil,
        group: String? = nil, in contexts: BlockContext, syntax: String? = nil, default defaultText: String? = nil,
        isOwn: Bool = false, _ documentation: String, _ apply: @escaping Apply
    ) -> Self {
        let arity = Arity(arity)
        return Self(
            name: name, contexts: contexts, arity: arity, inheritance: inheritance,
            repeats: repeats ?? (inheritance == .list), group: group ?? name, form: .simple,
            syntax: syntax ?? placeholders(arity), defaultText: { _ in defaultText }, documentation: documentation,
            isOwn: isOwn, apply: apply)
    }

    /// A directive whose block holds statements of its own kind (`types`, `map`): they come unchecked in
    /// `statement.block`, with includes followed; blocks within it are refused.
    public static func block(
        _ name: String, arity: some RangeExpression<Int>, inheritance: Inheritance = .list, repeats: Bool = true,
        group: String? = nil, in contexts: BlockContext, syntax: String? = nil, default defaultText: String? = nil,
        isOwn: Bool = false, _ documentation: String, _ apply: @escaping Apply
    ) -> Self {
        let arity = Arity(arity)
        return Self(
            name: name, contexts: contexts, arity: arity, inheritance: inheritance, repeats: repeats, group: group ?? name,
            form: .block, syntax: (syntax ?? placeholders(arity)), defaultText: { _ in defaultText },
            documentation: documentation, isOwn: isOwn, apply: apply)
    }

    /// A directive whose block holds directives and becomes a child `Block`, e.g. `server`. The child's `header` has
    /// the arguments.
    public static func opens(
        _ name: String, as context: BlockContext, arity: some RangeExpression<Int> = 0...0, repeats: Bool = true,
        in contexts: BlockContext, syntax: String? = nil, isOwn: Bool = false, _ documentation: String
    ) -> Self {
        let arity = Arity(arity)
        return Self(
            name: name, contexts: contexts, arity: arity, inheritance: .own, repeats: repeats, group: name,
            form: .opens(context), syntax: (syntax ?? placeholders(arity)), defaultText: { _ in nil },
            documentation: documentation, isOwn: isOwn,
            apply: { (_: inout Settings, _: Statement, _: ApplyContext) throws(Diagnostic) in })
    }

    private static func placeholders(_ arity: Arity) -> String {
        var words = Array(repeating: "*value*", count: min(arity.least, 8))
        if let most = arity.most {
            words += Array(repeating: "[*value*]", count: min(max(most - arity.least, 0), 8))
        } else {
            words.append("...")
        }
        return words.joined(separator: " ")
    }
}

/// The words of a `choice` and what they stand for.
struct ChoiceTable<Value: Sendable & Equatable>: Sendable {
    private let entries: [(word: String, value: Value)]

    init(_ pairs: KeyValuePairs<String, Value>) {
        entries = pairs.map { (word: $0.key, value: $0.value) }
    }

    var words: [String] { entries.map(\.word) }

    var expected: String {
        words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
    }

    /// Case does not count, as in nginx.
    func value(_ text: String) -> Value? {
        let folded = ArgumentTypes.asciiLowercased(text)
        return entries.first { ArgumentTypes.asciiLowercased($0.word) == folded }?.value
    }

    func value(_ argument: Argument, in name: String) throws(Diagnostic) -> Value {
        if let value = value(argument.text) { return value }
        let nearest = EditDistance.nearest(to: argument.text, among: words)
        throw Diagnostic(
            "invalid value \(Diagnostic.quoted(argument.text)) in \"\(name)\": expected \(expected)", at: argument.location,
            hint: nearest.map { "did you mean \"\($0)\"?" })
    }

    func word(_ value: Value) -> String {
        entries.first { $0.value == value }?.word ?? ""
    }
}
