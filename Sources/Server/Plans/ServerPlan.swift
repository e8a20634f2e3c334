import Configuration
import Patterns

/// One `server` block, ready to serve.
package final class ServerPlan: Sendable {
    /// The first name, as `$server_name` and redirects show it; may be empty.
    package let name: String
    /// The same as bytes.
    package let nameBytes: [UInt8]
    /// Named locations by name without `@`.
    package let namedLocations: [String: LocationPlan]
    package let options: ServerOptions
    /// Handlers of the server's own rewrite phase, run before a location is looked for.
    package let handlers: [Handler]
    package let locations: LocationIndex
    /// For requests that no location matches.
    package let fallback: LocationPlan

    package init(
        _ builder: ServerPlanBuilder, locations: LocationTree, namedLocations: [String: LocationPlan], fallback: LocationPlan
    ) {
        name = builder.names.first?.text ?? ""
        nameBytes = Array(name.utf8)
        self.namedLocations = namedLocations
        options = builder.options
        handlers = builder.handlers
        self.locations = locations.index()
        self.fallback = fallback
    }
}

/// One `server_name`.
package struct ServerName: Sendable {
    /// As written.
    package let text: String
    package let pattern: NamePattern?
    /// What requests are compared with, where it is not `text`: `.example.com` is shown without its dot.
    package let wildcard: String?

    package init(text: String, pattern: NamePattern?, wildcard: String? = nil) {
        self.text = text
        self.pattern = pattern
        self.wildcard = wildcard
    }
}

/// A regex in `server_name` with the variables that its named groups set.
package struct NamePattern: Sendable {
    package let pattern: Pattern
    package let captures: [NamedCapture]

    package init(pattern: Pattern, captures: [NamedCapture]) {
        self.pattern = pattern
        self.captures = captures
    }
}

/// A named group of a regex, and the slot of the variable it sets.
package struct NamedCapture: Sendable {
    package let group: Int
    package let slot: Int

    package init(group: Int, slot: Int) {
        self.group = group
        self.slot = slot
    }
}

/// A server while it is built.
package struct ServerPlanBuilder {
    package let block: Block
    package let site: SiteBuilder
    package var names: [ServerName] = []
    package var listens: [ListenSpecification] = []
    package var options = ServerOptions()
    package var handlers: [Handler] = []

    package mutating func add(_ handler: Handler) { handlers.append(handler) }
    package func compile(_ syntax: TemplateSyntax, at location: SourceLocation? = nil) throws(Diagnostic) -> Template {
        try site.compile(syntax, at: location)
    }
}
