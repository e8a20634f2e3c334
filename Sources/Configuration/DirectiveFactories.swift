/// A setting that a directive of type `Value` may write: the type itself or an optional of it.
public protocol DirectiveSlot<Value> {
    associatedtype Value
    init(stating value: Value)
    /// Nil when there is no default to show.
    var stated: Value? { get }
}

/// A setting of exactly its directive's type.
public protocol PlainDirectiveSlot: DirectiveSlot where Value == Self {}

extension PlainDirectiveSlot {
    public init(stating value: Self) { self = value }
    public var stated: Self? { self }
}

extension Bool: PlainDirectiveSlot {}
extension Int: PlainDirectiveSlot {}
extension Int64: PlainDirectiveSlot {}
extension String: PlainDirectiveSlot {}
extension TemplateSyntax: PlainDirectiveSlot {}

extension Optional: DirectiveSlot {
    public init(stating value: Wrapped) { self = .some(value) }
    public var stated: Wrapped? { self }
}

extension Directive {
    /// A directive of one argument whose notation is a function from text to value.
    private static func single<Slot: DirectiveSlot & Sendable>(
        _ name: String, _ path: any WritableKeyPath<Settings, Slot> & Sendable, in contexts: BlockContext,
        _ documentation: String, inheritance: Inheritance, isOwn: Bool, syntax: String, default defaultText: String?,
        expected: String, parse: @escaping @Sendable (String, ConfigurationPaths) -> Slot.Value?,
        describe: @escaping @Sendable (Slot.Value) -> String
    ) -> Self {
        Self(
            name: name, contexts: contexts, arity: Arity(1...1), inheritance: inheritance, repeats: false, group: name,
            form: .simple, syntax: syntax, defaultText: { defaultText ?? $0[keyPath: path].stated.map(describe) },
            documentation: documentation, isOwn: isOwn,
            apply: { (settings: inout Settings, statement: Statement, context: ApplyContext) throws(Diagnostic) in
                guard let argument = statement.arguments.first else { return }
                guard let value = parse(argument.text, context.paths) else {
                    throw Diagnostic(
                        "invalid value \(Diagnostic.quoted(argument.text)) in \"\(name)\": expected \(expected)",
                        at: argument.location)
                }
                settings[keyPath: path] = Slot(stating: value)
            })
    }

    /// `on` or `off`.
    public static func flag<Slot: DirectiveSlot<Bool> & Sendable>(
        _ name: String, _ path: any WritableKeyPath<Settings, Slot> & Sendable, in contexts: BlockContext,
        _ documentation: String, inheritance: Inheritance = .inherited, isOwn: Bool = false,
        default defaultText: String? = nil
    ) -> Self {
        single(
            name, path, in: contexts, documentation, inheritance: inheritance, isOwn: isOwn, syntax: "on | off",
            default: defaultText, expected: "on or off", parse: { text, _ in ArgumentTypes.flag(text) },
            describe: { $0 ? "on" : "off" })
    }

    /// A number within `range`.
    public static func integer<Slot: DirectiveSlot<Int> & Sendable>(
        _ name: String, _ path: any WritableKeyPath<Settings, Slot> & Sendable, _ range: ClosedRange<Int> = 0...Int.max,
        in contexts: BlockContext, _ documentation: String, inheritance: Inheritance = .inherited, isOwn: Bool = false,
        default defaultText: String? = nil
    ) -> Self {
        single(
            name, path, in: contexts, documentation, inheritance: inheritance, isOwn: isOwn, syntax: "*number*",
            default: defaultText, expected: Argument.describe(range),
            parse: { text, _ in ArgumentTypes.integer(text).flatMap { range.contains($0) ? $0 : nil } },
            describe: { String($0) })
    }

    /// A size in bytes, with `k`, `m` or `g`.
    public static func size<Slot: DirectiveSlot<Int> & Sendable>(
        _ name: String, _ path: any WritableKeyPath<Settings, Slot> & Sendable, in contexts: BlockContext,
        _ documentation: String, inheritance: Inheritance = .inherited, isOwn: Bool = false,
        default defaultText: String? = nil
    ) -> Self {
        single(
            name, path, in: contexts, documentation, inheritance: inheritance, isOwn: isOwn, syntax: "*size*",
            default: defaultText, expected: Argument.expectedSize, parse: { text, _ in ArgumentTypes.size(text) },
            describe: { ArgumentTypes.describe(size: $0) })
    }

    /// A time; the setting holds milliseconds.
    public static func time<Slot: DirectiveSlot<Int64> & Sendable>(
        _ name: String, _ path: any WritableKeyPath<Settings, Slot> & Sendable, in contexts: BlockContext,
        _ documentation: String, inheritance: Inheritance = .inherited, isOwn: Bool = false,
        default defaultText: String? = nil
    ) -> Self {
        single(
            name, path, in: contexts, documentation, inheritance: inheritance, isOwn: isOwn, syntax: "*time*",
            default: defaultText, expected: Argument.expectedTime,
            parse: { text, _ in ArgumentTypes.milliseconds(text) },
            describe: { ArgumentTypes.describe(milliseconds: $0) })
    }

    /// A time where nginx takes whole seconds only; the setting holds **seconds**.
    public static func seconds<Slot: DirectiveSlot<Int64> & Sendable>(
        _ name: String, _ path: any WritableKeyPath<Settings, Slot> & Sendable, in contexts: BlockContext,
        _ documentation: String, inheritance: Inheritance = .inherited, isOwn: Bool = false,
        default defaultText: String? = nil
    ) -> Self {
        single(
            name, path, in: contexts, documentation, inheritance: inheritance, isOwn: isOwn, syntax: "*time*",
            default: defaultText, expected: Argument.expectedSeconds, parse: { text, _ in ArgumentTypes.seconds(text) },
            describe: { ArgumentTypes.describe(seconds: $0) })
    }

    /// One of a few words, in any case.
    public static func choice<Value: Sendable & Equatable>(
        _ name: String, _ path: any WritableKeyPath<Settings, Value> & Sendable, _ values: KeyValuePairs<String, Value>,
        in contexts: BlockContext, _ documentation: String, inheritance: Inheritance = .inherited, isOwn: Bool = false,
        default defaultText: String? = nil
    ) -> Self {
        let table = ChoiceTable(values)
        return Self(
            name: name, contexts: contexts, arity: Arity(1...1), inheritance: inheritance, repeats: false, group: name,
            form: .simple, syntax: table.words.joined(separator: " | "),
            defaultText: { defaultText ?? table.word($0[keyPath: path]) }, documentation: documentation, isOwn: isOwn,
            apply: { (settings: inout Settings, statement: Statement, _: ApplyContext) throws(Diagnostic) in
                guard let argument = statement.arguments.first else { return }
                settings[keyPath: path] = try table.value(argument, in: name)
            })
    }

    /// As above, for a setting that is nil until it is stated.
    public static func choice<Value: Sendable & Equatable>(
        _ name: String, _ path: any WritableKeyPath<Settings, Value?> & Sendable, _ values: KeyValuePairs<String, Value>,
        in contexts: BlockContext, _ documentation: String, inheritance: Inheritance = .inherited, isOwn: Bool = false,
        default defaultText: String? = nil
    ) -> Self {
        let table = ChoiceTable(values)
        return Self(
            name: name, contexts: contexts, arity: Arity(1...1), inheritance: inheritance, repeats: false, group: name,
            form: .simple, syntax: table.words.joined(separator: " | "),
            defaultText: { defaultText ?? $0[keyPath: path].map(table.word) }, documentation: documentation, isOwn: isOwn,
            apply: { (settings: inout Settings, statement: Statement, _: ApplyContext) throws(Diagnostic) in
                guard let argument = statement.arguments.first else { return }
                settings[keyPath: path] = try table.value(argument, in: name)
            })
    }

    /// Several of a few words (nginx's bit masks). The setting holds the values, without repetitions, in the order stated.
    public static func choices<Value: Sendable & Equatable>(
        _ name: String, _ path: any WritableKeyPath<Settings, [Value]> & Sendable, _ values: KeyValuePairs<String, Value>,
        in contexts: BlockContext, _ documentation: String, inheritance: Inheritance = .inherited, isOwn: Bool = false,
        default defaultText: String? = nil
    ) -> Self {
        let table = ChoiceTable(values)
        return Self(
            name: name, contexts: contexts, arity: Arity(1...), inheritance: inheritance, repeats: false, group: name,
            form: .simple, syntax: table.words.joined(separator: " | ") + " ...",
            defaultText: {
                let words = $0[keyPath: path].map(table.word).joined(separator: " ")
                return defaultText ?? (words.isEmpty ? nil : words)
            }, documentation: documentation, isOwn: isOwn,
            apply: { (settings: inout Settings, statement: Statement, context: ApplyContext) throws(Diagnostic) in
                var stated: [Value] = []
                for argument in statement.arguments {
                    let value = try table.value(argument, in: name)
                    if stated.contains(value) {
                        context.warn("\(Diagnostic.quoted(argument.text)) is repeated in \"\(name)\"", at: argument.location)
                    } else {
                        stated.append(value)
                    }
                }
                settings[keyPath: path] = stated
            })
    }

    /// Any text, taken as it is: no variables.
    public static func text<Slot: DirectiveSlot<String> & Sendable>(
        _ name: String, _ path: any WritableKeyPath<Settings, Slot> & Sendable, in contexts: BlockContext,
        _ documentation: String, inheritance: Inheritance = .inherited, isOwn: Bool = false, syntax: String = "*text*",
        default defaultText: String? = nil
    ) -> Self {
        single(
            name, path, in: contexts, documentation, inheritance: inheritance, isOwn: isOwn, syntax: syntax,
            default: defaultText, expected: "text", parse: { text, _ in text }, describe: { $0.isEmpty ? "\"\"" : $0 })
    }

    /// A list of texts, stated at once or by several statements; replaced as a whole.
    public static func texts(
        _ name: String, _ path: any WritableKeyPath<Settings, [String]> & Sendable, in contexts: BlockContext,
        _ documentation: String, inheritance: Inheritance = .list, isOwn: Bool = false, syntax: String = "*text* ...",
        default defaultText: String? = nil
    ) -> Self {
        Self(
            name: name, contexts: contexts, arity: Arity(1...), inheritance: inheritance, repeats: true, group: name,
            form: .simple, syntax: syntax,
            defaultText: { defaultText ?? ($0[keyPath: path].isEmpty ? nil : $0[keyPath: path].joined(separator: " ")) },
            documentation: documentation, isOwn: isOwn,
            apply: { (settings: inout Settings, statement: Statement, context: ApplyContext) throws(Diagnostic) in
                if context.isFirst { settings[keyPath: path] = [] }
                settings[keyPath: path] += statement.arguments.map(\.text)
            })
    }

    /// A file name; the setting holds it resolved against the prefix.
    public static func path<Slot: DirectiveSlot<String> & Sendable>(
        _ name: String, _ path: any WritableKeyPath<Settings, Slot> & Sendable, in contexts: BlockContext,
        _ documentation: String, inheritance: Inheritance = .inherited, isOwn: Bool = false,
        default defaultText: String? = nil
    ) -> Self {
        single(
            name, path, in: contexts, documentation, inheritance: inheritance, isOwn: isOwn, syntax: "*path*",
            default: defaultText, expected: "a path that is not empty",
            parse: { text, paths in text.isEmpty ? nil : paths.resolve(text) }, describe: { $0 })
    }

    /// A value with variables.
    public static func template<Slot: DirectiveSlot<TemplateSyntax> & Sendable>(
        _ name: String, _ path: any WritableKeyPath<Settings, Slot> & Sendable, in contexts: BlockContext,
        _ documentation: String, inheritance: Inheritance = .inherited, isOwn: Bool = false, syntax: String = "*value*",
        default defaultText: String? = nil
    ) -> Self {
        Self(
            name: name, contexts: contexts, arity: Arity(1...1), inheritance: inheritance, repeats: false, group: name,
            form: .simple, syntax: syntax, defaultText: { defaultText ?? $0[keyPath: path].stated?.source },
            documentation: documentation, isOwn: isOwn,
            apply: { (settings: inout Settings, statement: Statement, _: ApplyContext) throws(Diagnostic) in
                guard let argument = statement.arguments.first else { return }
                settings[keyPath: path] = Slot(stating: try TemplateSyntax(argument))
            })
    }

    /// A list of values with variables, stated at once; replaced as a whole.
    public static func templates(
        _ name: String, _ path: any WritableKeyPath<Settings, [TemplateSyntax]> & Sendable, in contexts: BlockContext,
        _ documentation: String, arity: some RangeExpression<Int> = 1..., inheritance: Inheritance = .inherited,
        repeats: Bool = false, isOwn: Bool = false, syntax: String = "*value* ...", default defaultText: String? = nil
    ) -> Self {
        Self(
            name: name, contexts: contexts, arity: Arity(arity), inheritance: inheritance, repeats: repeats, group: name,
            form: .simple, syntax: syntax,
            defaultText: {
                let sources = $0[keyPath: path].map(\.source).joined(separator: " ")
                return defaultText ?? (sources.isEmpty ? nil : sources)
            }, documentation: documentation, isOwn: isOwn,
            apply: { (settings: inout Settings, statement: Statement, context: ApplyContext) throws(Diagnostic) in
                if context.isFirst { settings[keyPath: path] = [] }
                for argument in statement.arguments { settings[keyPath: path].append(try TemplateSyntax(argument)) }
            })
    }
}
