import Configuration

/// Makes a `ServerPlan` of a `server` block: its own hooks, then its named locations, then all others.
struct ServerAssembly {
    let hooks: FeatureHooks
    let site: SiteBuilder

    /// A server and what decides which requests reach it.
    struct Result {
        let plan: ServerPlan
        let names: [ServerName]
        let listens: [ListenSpecification]
        let block: Block
    }

    func build(_ block: Block) throws(Diagnostic) -> Result {
        var server = ServerPlanBuilder(block: block, site: site)
        try hooks.install(in: &server)
        site.namedLocations = [:]
        // Before other locations, so that features find their plans while those are built.
        let locations = block.children(.location)
        for inner in locations { try addNamed(inner) }
        let fallback = try plan(of: block, name: "", prefixLength: 0)
        var tree = LocationTree()
        for inner in locations { try add(inner, inside: nil, to: &tree) }
        let plan = ServerPlan(server, locations: tree, namedLocations: site.namedLocations, fallback: fallback)
        site.namedLocations = [:]
        return Result(plan: plan, names: server.names, listens: server.listens, block: block)
    }

    private func addNamed(_ block: Block) throws(Diagnostic) {
        let syntax = try LocationSyntax(block.header)
        guard syntax.kind == .named else { return }
        guard site.namedLocations[syntax.text] == nil else {
            // nginx does not notice, and the first one is found.
            site.warnings.append(
                Diagnostic(
                    "duplicate location \(syntax.shown), ignored: the first one counts", at: syntax.location, severity: .warning
                ))
            return
        }
        let plan = try plan(of: block, name: syntax.written, prefixLength: 0, isNamed: true)
        site.namedLocations[syntax.text] = plan
        for inner in block.children(.location) {
            try LocationSyntax(inner.header).checkNesting(in: syntax)
        }
    }

    private func add(_ block: Block, inside outer: LocationSyntax?, to tree: inout LocationTree) throws(Diagnostic) {
        let syntax = try LocationSyntax(block.header)
        if let outer { try syntax.checkNesting(in: outer) }
        if syntax.kind == .named { return }
        let pattern: NamePattern?
        if case .regex(let caseless) = syntax.kind {
            pattern = try site.compilePattern(syntax.text, caseless: caseless, at: syntax.location)
        } else {
            pattern = nil
        }
        // The outer plan comes before the inner ones: what they inherit of it may depend on where it stands (`alias`).
        let plan = try plan(
            of: block, name: syntax.written, prefixLength: syntax.isRegex ? 0 : syntax.text.utf8.count,
            isRegex: syntax.isRegex)
        var nested = LocationTree()
        for inner in block.children(.location) { try add(inner, inside: syntax, to: &nested) }
        let path = Array(syntax.text.utf8)
        let isNew: Bool
        switch syntax.kind {
        case .exact: isNew = tree.addExact(path, plan)
        case .prefix(let stops): isNew = tree.addPrefix(path, plan, stopsRegexes: stops, nested: nested)
        case .regex, .named:
            isNew = true
            if let pattern { tree.addRegex(pattern, plan, nested: nested) }
        }
        if !isNew { throw duplicate(syntax) }
    }

    private func duplicate(_ syntax: LocationSyntax) -> Diagnostic {
        Diagnostic("duplicate location \(syntax.shown)", at: syntax.location)
    }

    /// The plan of a server or a location, and that of its `limit_except`.
    private func plan(
        of block: Block, name: String, prefixLength: Int, isRegex: Bool = false, isNamed: Bool = false
    ) throws(Diagnostic) -> LocationPlan {
        func builder(_ block: Block) throws(Diagnostic) -> LocationPlanBuilder {
            var builder = LocationPlanBuilder(
                name: name, prefixLength: prefixLength, isRegex: isRegex, isNamed: isNamed, block: block, site: site)
            builder.core.errorLog = site.named.defaultErrorLog
            try hooks.install(in: &builder)
            return builder
        }
        var outer = try builder(block)
        if let limit = block.children(.limitExcept).first {
            let others = try builder(limit)
            outer.exceptMethods = MethodLimit(
                methods: try ServerAssembly.methods(limit.header),
                others: LocationPlan(others, number: site.nextPlanNumber()))
        }
        return LocationPlan(outer, number: site.nextPlanNumber())
    }
}
