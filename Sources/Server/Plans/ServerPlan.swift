import Configuration
import Patterns
import TLS

/// One `server` block, ready to serve.
public final class ServerPlan: Sendable {
    /// The first name, as `$server_name` and redirects show it; may be empty.
    public let name: String
    /// The same as bytes.
    public let nameBytes: [UInt8]
    /// Named locations by name without `@`.
    public let namedLocations: [String: LocationPlan]
    public let options: ServerOptions
    /// Handlers of the server's own rewrite phase, run before a location is looked for.
    public let handlers: [Handler]
    public let locations: LocationIndex
    /// For requests that no location matches.
    public let fallback: LocationPlan
    /// What TLS does for this server; nil where it has no certificates of its own.
    public let tls: TLSServerContext?

    public init(
        _ builder: ServerPlanBuilder, locations: LocationTree, namedLocations: [String: LocationPlan], fallback: LocationPlan
    ) {
        name = builder.names.first?.text ?? ""
        nameBytes = Array(name.utf8)
        self.namedLocations = namedLocations
        options = builder.options
        handlers = builder.handlers
        tls = builder.tls
        self.locations = locations.index()
        self.fallback = fallback
    }
}

/// One `server_name`.
public struct ServerName: Sendable {
    /// As written.
    public let text: String
    public let pattern: NamePattern?
    /// What requests are compared with, where it is not `text`: `.example.com` is shown without its dot.
    public let wildcard: String?

    public init(text: String, pattern: NamePattern?, wildcard: String? = nil) {
        self.text = text
        self.pattern = pattern
        self.wildcard = wildcard
    }
}

/// A regex in `server_name` with the variables that its named groups set.
public struct NamePattern: Sendable {
    public let pattern: Pattern
    public let captures: [NamedCapture]

    public init(pattern: Pattern, captures: [NamedCapture]) {
        self.pattern = pattern
        self.captures = captures
    }
}

/// A named group of a regex, and the slot of the variable it sets.
public struct NamedCapture: Sendable {
    public let group: Int
    public let slot: Int

    public init(group: Int, slot: Int) {
        self.group = group
        self.slot = slot
    }
}

/// A server while it is built.
public struct ServerPlanBuilder {
    public let block: Block
    public let site: SiteBuilder
    public var names: [ServerName] = []
    public var listens: [ListenSpecification] = []
    public var options = ServerOptions()
    public var handlers: [Handler] = []
    /// Its certificates and what else it says about TLS.
    public var tls: TLSServerContext?

    public mutating func add(_ handler: Handler) { handlers.append(handler) }
    public func compile(_ syntax: TemplateSyntax, at location: SourceLocation? = nil) throws(Diagnostic) -> Template {
        try site.compile(syntax, at: location)
    }
}
