import Configuration

/// Everything that one location does, attached at load time: while a request is served nothing is looked up by name and
/// nothing is merged.
public final class LocationPlan: Sendable {
    /// As written: `/img/`, `~ \.php$`, `@app`; empty for the server itself.
    public let name: String
    /// Length of the prefix that a path has matched (for `alias` and for proxy_pass with a URI).
    public let prefixLength: Int
    public let isRegex: Bool
    public let isNamed: Bool
    /// Sorted by phase.
    public let handlers: [Handler]
    public let headerFilters: [HeaderFilter]
    /// All of them in their order, up to one that refuses the response.
    let filterHead: @Sendable (RequestContext) -> Void
    /// All log handlers.
    let log: @Sendable (RequestContext) -> Void
    public let core: CoreOptions
    /// A proxied location whose prefix ends in a slash answers its prefix without the slash by a redirect, as nginx does.
    public let redirectsToSlash: Bool
    /// Numbers the plans of a site: what a stored response's prepared head is kept by.
    public let number: Int
    /// The methods that `limit_except` leaves to this plan, and the plan for all others.
    public let exceptMethods: MethodLimit?
    /// How the location proxies, if it does: for `$proxy_host` and its like.
    public let proxy: ProxyPlan?

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
        filterHead = LocationPlan.chain(headerFilters.map { $0.call }) { $0.filterRefusal != 0 }
        log = LocationPlan.chain(builder.logHandlers.map { $0.call }) { _ in false }
        core = builder.core
        redirectsToSlash = builder.redirectsToSlash
        self.number = number
        exceptMethods = builder.exceptMethods
        proxy = builder.proxy
    }
}

extension LocationPlan {
    /// One call in place of several: what is taken out of an array is counted up and down for each request, what a closure
    /// holds is not.
    private static func chain(
        _ calls: [@Sendable (RequestContext) -> Void], until isOver: @escaping @Sendable (RequestContext) -> Bool
    ) -> @Sendable (RequestContext) -> Void {
        guard var chain = calls.last else { return { _ in } }
        for call in calls.dropLast().reversed() {
            let rest = chain
            chain = { context in
                call(context)
                if !isOver(context) { rest(context) }
            }
        }
        return chain
    }
}

/// A location's plan while it is built: what `Feature.install` adds to.
public struct LocationPlanBuilder {
    public let name: String
    public let prefixLength: Int
    public let isRegex: Bool
    public let isNamed: Bool
    /// The configuration block: a server, a location or a limit_except.
    public let block: Block
    /// What is common to the site: variables, upstreams, cache zones, logs.
    public let site: SiteBuilder
    public var handlers: [Handler] = []
    public var headerFilters: [HeaderFilter] = []
    public var logHandlers: [LogHandler] = []
    public var core = CoreOptions()
    public var redirectsToSlash = false
    public var exceptMethods: MethodLimit?
    public var proxy: ProxyPlan?

    public mutating func add(_ handler: Handler) { handlers.append(handler) }
    public mutating func add(_ filter: HeaderFilter) { headerFilters.append(filter) }
    public mutating func add(_ log: LogHandler) { logHandlers.append(log) }

    /// Compiles a value with variables.
    public func compile(_ syntax: TemplateSyntax, at location: SourceLocation? = nil) throws(Diagnostic) -> Template {
        try site.compile(syntax, at: location)
    }
}

/// `limit_except`: the methods that the location itself serves, and the plan for the others.
public struct MethodLimit: Sendable {
    public let methods: MethodSet
    public let others: LocationPlan
}
