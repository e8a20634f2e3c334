/// One word of a statement, with quotes and escapes already resolved.
public struct Argument: Sendable, Hashable {
    public let text: String
    public let location: SourceLocation
    /// Whether it stood in quotes: `""` is an empty value, and some directives tell `"off"` from `off`.
    public let isQuoted: Bool

    public init(text: String, location: SourceLocation, isQuoted: Bool = false) {
        self.text = text
        self.location = location
        self.isQuoted = isQuoted
    }
}

/// A directive as it is written: a name, arguments, and `;` or a block.
public struct Statement: Sendable, Hashable {
    public let name: String
    public let location: SourceLocation
    public let arguments: [Argument]
    /// The statements between the braces; nil for a statement that ends in `;`.
    public let block: [Statement]?

    public init(name: String, location: SourceLocation, arguments: [Argument], block: [Statement]? = nil) {
        self.name = name
        self.location = location
        self.arguments = arguments
        self.block = block
    }
}

/// Where a directive may stand. `if` is not among them yet.
public struct BlockContext: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let main = BlockContext(rawValue: 1 << 0)
    public static let events = BlockContext(rawValue: 1 << 1)
    public static let http = BlockContext(rawValue: 1 << 2)
    public static let upstream = BlockContext(rawValue: 1 << 3)
    public static let server = BlockContext(rawValue: 1 << 4)
    public static let location = BlockContext(rawValue: 1 << 5)
    public static let limitExcept = BlockContext(rawValue: 1 << 6)

    private static let named: [(BlockContext, String)] = [
        (.main, "main"), (.events, "events"), (.http, "http"), (.upstream, "upstream"), (.server, "server"),
        (.location, "location"), (.limitExcept, "limit_except"),
    ]

    /// The names as the manual writes them, from the outermost inwards.
    public var names: [String] {
        BlockContext.named.compactMap { contains($0.0) ? $0.1 : nil }
    }
}
