/// One word of a statement, with quotes and escapes already resolved.
package struct Argument: Sendable, Hashable {
    package let text: String
    package let location: SourceLocation
    /// Whether it stood in quotes: `""` is an empty value, and some directives tell `"off"` from `off`.
    package let isQuoted: Bool

    package init(text: String, location: SourceLocation, isQuoted: Bool = false) {
        self.text = text
        self.location = location
        self.isQuoted = isQuoted
    }
}

/// A directive as it is written: a name, arguments, and `;` or a block.
package struct Statement: Sendable, Hashable {
    package let name: String
    package let location: SourceLocation
    package let arguments: [Argument]
    /// The statements between the braces; nil for a statement that ends in `;`.
    package let block: [Statement]?

    package init(name: String, location: SourceLocation, arguments: [Argument], block: [Statement]? = nil) {
        self.name = name
        self.location = location
        self.arguments = arguments
        self.block = block
    }
}

/// Where a directive may stand. `if` is not among them yet.
package struct BlockContext: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let main = BlockContext(rawValue: 1 << 0)
    package static let events = BlockContext(rawValue: 1 << 1)
    package static let http = BlockContext(rawValue: 1 << 2)
    package static let upstream = BlockContext(rawValue: 1 << 3)
    package static let server = BlockContext(rawValue: 1 << 4)
    package static let location = BlockContext(rawValue: 1 << 5)
    package static let limitExcept = BlockContext(rawValue: 1 << 6)

    private static let named: [(BlockContext, String)] = [
        (.main, "main"), (.events, "events"), (.http, "http"), (.upstream, "upstream"), (.server, "server"),
        (.location, "location"), (.limitExcept, "limit_except"),
    ]

    /// The names as the manual writes them, from the outermost inwards.
    package var names: [String] {
        BlockContext.named.compactMap { contains($0.0) ? $0.1 : nil }
    }
}
