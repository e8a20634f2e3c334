import Bytes
import Configuration

/// Reads one variable of a request.
public struct VariableReader: Sendable {
    /// Appends the value; false when the variable has none (a log shows "-").
    public let append: @Sendable (RequestContext, inout ByteString) -> Bool
    /// False: the value is the same for every request that gets the same stored response by the same location.
    public let dependsOnRequest: Bool
    /// It looks at the fields of the response (`$sent_http_…`): where one is used, every response has to be composed anew.
    public let readsResponseFields: Bool
    /// Its values are made here, of letters, digits and harmless punctuation: a log need not look for what it must escape.
    public let isPlain: Bool

    public init(
        dependsOnRequest: Bool = true, readsResponseFields: Bool = false, isPlain: Bool = false,
        _ append: @escaping @Sendable (RequestContext, inout ByteString) -> Bool
    ) {
        self.append = append
        self.dependsOnRequest = dependsOnRequest
        self.readsResponseFields = readsResponseFields
        self.isPlain = isPlain
    }
}

/// A variable that a feature offers: `$remote_addr`, or a family of them: `$http_…`.
public struct VariableDefinition: Sendable {
    public enum Kind: Sendable {
        case exact(VariableReader)
        /// Computed at its first use in a request, and kept (`$request_id`).
        case kept(@Sendable (RequestContext, inout ByteString) -> Bool)
        /// Makes the reader for what follows the prefix, in lower case; nil refuses the name.
        case family(@Sendable (String) -> VariableReader?)
    }

    public let name: String
    public let summary: String
    public let kind: Kind
    /// `set` may give it a value of its own: what is called instead of taking a slot (`$args`, `$limit_rate`).
    public let assign: (@Sendable (RequestContext, [UInt8]) -> Void)?

    /// A variable with one name.
    public init(
        _ name: String, _ summary: String, dependsOnRequest: Bool = true, isPlain: Bool = false,
        assign: (@Sendable (RequestContext, [UInt8]) -> Void)? = nil,
        read: @escaping @Sendable (RequestContext, inout ByteString) -> Bool
    ) {
        self.name = name
        self.summary = summary
        self.assign = assign
        kind = .exact(VariableReader(dependsOnRequest: dependsOnRequest, isPlain: isPlain, read))
    }

    /// A variable that has the same value whenever a request asks for it.
    public init(
        kept name: String, _ summary: String, compute: @escaping @Sendable (RequestContext, inout ByteString) -> Bool
    ) {
        self.name = name
        self.summary = summary
        assign = nil
        kind = .kept(compute)
    }

    /// Every variable whose name begins with `prefix`.
    public init(family prefix: String, _ summary: String, make: @escaping @Sendable (String) -> VariableReader?) {
        name = prefix
        self.summary = summary
        assign = nil
        kind = .family(make)
    }
}

/// The value of a variable that the configuration makes (`set`, `map`, named captures), in one request.
public struct VariableSlot {
    public enum State: UInt8 { case unset, value, missing, evaluating }
    public var state = State.unset
    public var bytes: [UInt8] = []
}

/// The names of all variables while a configuration is built: those of features, and those the configuration makes.
public struct VariableTable {
    private var exact: [String: VariableDefinition] = [:]
    private var families: [VariableDefinition] = []
    private var slots: [String: Int] = [:]
    private var declared: Set<String> = []
    private var firstUse: [String: SourceLocation] = [:]
    private var computed: [Int: VariableComputation] = [:]
    /// A variable that looks at the fields of responses is used somewhere.
    private(set) var readsResponseFields = false

    public init(_ definitions: [VariableDefinition]) {
        for definition in definitions {
            switch definition.kind {
            case .exact, .kept: exact[definition.name] = definition
            case .family: families.append(definition)
            }
        }
        families.sort { $0.name.count > $1.name.count }
    }

    /// How many slots a request needs.
    public var slotCount: Int { slots.count }

    /// The slot of a variable that the configuration makes.
    public mutating func declare(_ name: String) -> Int {
        declared.insert(name)
        return slot(name)
    }

    /// Declares a variable whose value is computed at its first use in a request, and then kept (`map`); a volatile one is
    /// computed at every use.
    public mutating func declare(
        _ name: String, isVolatile: Bool = false,
        computedBy compute: @escaping @Sendable (RequestContext, inout ByteString) -> Bool
    ) -> Int {
        let slot = declare(name)
        computed[slot] = VariableComputation(isVolatile: isVolatile, compute: compute)
        return slot
    }

    /// Declares a variable that `set` assigns: empty, not missing, while no statement has run.
    public mutating func declareAssigned(_ name: String) -> Int {
        let slot = declare(name)
        if computed[slot] == nil { computed[slot] = VariableComputation(isVolatile: false, compute: { _, _ in true }) }
        return slot
    }

    private mutating func slot(_ name: String) -> Int {
        if let slot = slots[name] { return slot }
        slots[name] = slots.count
        return slots.count - 1
    }

    /// What `set` calls for a feature's variable that may be assigned; nil when the name is free for a slot.
    public func assignment(_ name: String) throws(Diagnostic) -> (@Sendable (RequestContext, [UInt8]) -> Void)? {
        guard let definition = exact[name] else { return nil }
        guard let assign = definition.assign else {
            throw Diagnostic("the variable \"\(name)\" cannot be changed", at: nil)
        }
        return assign
    }

    /// Whether a feature offers the name.
    public func isBuiltIn(_ name: String) -> Bool { exact[name] != nil }

    /// The reader of a variable. One that nobody has declared yet may still be: `check` tells at the end.
    public mutating func reader(_ name: String, at location: SourceLocation?) -> VariableReader {
        let lowercase = name.lowercased()
        if slots[lowercase] == nil || !declared.contains(lowercase) {
            switch exact[lowercase]?.kind {
            case .exact(let reader): return reader
            case .kept(let compute):
                let slot = declare(lowercase, computedBy: compute)
                return VariableReader { context, output in context.appendSlot(slot, to: &output) }
            case .family, nil: break
            }
            for family in families where lowercase.hasPrefix(family.name) {
                guard case .family(let make) = family.kind else { continue }
                // As nginx: the bare prefix is a variable that never has a value.
                if lowercase.count == family.name.count { return VariableReader(dependsOnRequest: false) { _, _ in false } }
                if !declared.contains(lowercase), let reader = make(String(lowercase.dropFirst(family.name.count))) {
                    if reader.readsResponseFields { readsResponseFields = true }
                    return reader
                }
            }
        }
        let slot = slot(lowercase)
        if let location, firstUse[lowercase] == nil { firstUse[lowercase] = location }
        return VariableReader { context, output in context.appendSlot(slot, to: &output) }
    }

    /// Errors: a variable that is used and that nobody declares.
    public func check() throws(Diagnostic) {
        for (name, _) in slots.sorted(by: { $0.value < $1.value }) where !declared.contains(name) {
            throw Diagnostic("unknown \"\(name)\" variable", at: firstUse[name], hint: nearest(to: name))
        }
    }

    private func nearest(to name: String) -> String? {
        let candidates = exact.keys.filter { abs($0.count - name.count) <= 2 && $0.first == name.first }.sorted()
        return candidates.first.map { "did you mean \"$\($0)\"?" }
    }

    /// The computations by slot, for the site.
    public var computations: [VariableComputation?] {
        (0..<slots.count).map { computed[$0] }
    }
}

/// How a slot gets its value at its first use.
public struct VariableComputation: Sendable {
    /// The value is not kept.
    public let isVolatile: Bool
    public let compute: @Sendable (RequestContext, inout ByteString) -> Bool
}
