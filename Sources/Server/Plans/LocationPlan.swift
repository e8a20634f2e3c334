import Configuration

/// Everything that one location does, attached at load time: while a request is served nothing is looked up by name and
/// nothing is merged.
package final class LocationPlan: Sendable {
    /// As written: `/img/`, `~ \.php$`, `@app`; empty for the server itself.
    package let name: String
    /// Length of the prefix that a path has matched (for `alias` and for proxy_pass with a URI).
    package let prefixLength: Int
    package let isRegex: Bool
    package let isNamed: Bool
    /// Sorted by phase.
    package let handlers: [Handler]
    package let headerFilters: [HeaderFilter]
    package let logHandlers: [LogHandler]
    package let core: CoreOptions
    /// A proxied location whose prefix ends in a slash answers its prefix without the slash by a redirect, as nginx does.
    package let redirectsToSlash: Bool
    /// Numbers the plans of a site: what a stored response's prepared head is kept by.
    package let number: Int
    /// The methods that `limit_except` leaves to this plan, and the plan for all others.
    package let exceptMethods: MethodLimit?
    /// How the location proxies, if it does: for `$proxy_host` and its like.
    package let proxy: ProxyPlan?

    init(_ builder: LocationPlanBuilder, number: Int) {
        name = builder.name
        prefixLength = builder.prefixLength
        isRegex = builder.isRegex
        isNamed = builder.isNamed
        handlers = builder.handlers.enumerated().sorted { ($0.element.phase, $0.offset) < ($1.element.phase, $1.offset) }
            .map(\.element)
        headerFilters = builder.headerFilters.enumerated().sorted {
            ($0.element.order, $0.offset) < ($1.element.order, $1.offset)
        }
        .map(\.element)
        logHandlers = builder.logHandlers
        core = builder.core
        redirectsToSlash = builder.redirectsToSlash
        self.number = number
        exceptMethods = builder.exceptMethods
        proxy = builder.proxy
    }
}

/// A location's plan while it is built: what `Feature.install` adds to.
package struct LocationPlanBuilder {
    package let name: String
    package let prefixLength: Int
    package let isRegex: Bool
    package let isNamed: Bool
    /// The configuration block: a server, a location or a limit_except.
    package let block: Block
    /// What is common to the site: variables, upstreams, cache zones, logs.
    package let site: SiteBuilder
    package var handlers: [Handler] = []
    package var headerFilters: [HeaderFilter] = []
    package var logHandlers: [LogHandler] = []
    package var core = CoreOptions()
    package var redirectsToSlash = false
    package var exceptMethods: MethodLimit?
    package var proxy: ProxyPlan?

    package mutating func add(_ handler: Handler) { handlers.append(handler) }
    package mutating func add(_ filter: HeaderFilter) { headerFilters.append(filter) }
    package mutating func add(_ log: LogHandler) { logHandlers.append(log) }

    /// Compiles a value with variables.
    package func compile(_ syntax: TemplateSyntax, at location: SourceLocation? = nil) throws(Diagnostic) -> Template {
        try site.compile(syntax, at: location)
    }
}

/// `limit_except`: the methods that the location itself serves, and the plan for the others.
package struct MethodLimit: Sendable {
    package let methods: MethodSet
    package let others: LocationPlan
}
