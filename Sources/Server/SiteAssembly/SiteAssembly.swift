import Configuration
import Platform

/// From a loaded configuration to what serves: walks its blocks and has every feature add its part.
///
/// Order: the site, then for each server its own hooks, its named locations, and its other locations, outer before inner.
public enum SiteAssembly {
    /// What a configuration comes to.
    public struct Result {
        public let site: Site
        /// The sockets that the site needs.
        public let listens: ListenSet
        /// Oddities that only show when everything is put together.
        public let warnings: [Diagnostic]
        public let tlsNeeds: TLSNeeds
    }

    /// Builds the site for one loop. Errors: what only shows when blocks are put together (duplicates, unknown names).
    ///
    /// - Parameters:
    ///   - named: what outlives configurations; logs and zones that are not there yet are made.
    ///   - files: reads certificates and keys.
    ///   - loopIndex: which of `loopCount` loops the site is for.
    ///   - generation: 1 at start, one more with each reload.
    public static func assemble(
        _ loaded: LoadedConfiguration, _ features: [any Feature.Type], paths: ConfigurationPaths, named: NamedState,
        files: any SourceReader = FileSourceReader(), loopIndex: Int = 0, loopCount: Int = 1, generation: Int = 1
    ) throws(Diagnostic) -> Result {
        let hooks = FeatureHooks(features: features)
        let process = try processPlan(loaded, features, paths: paths)
        let site = SiteBuilder(
            variables: hooks.variables, paths: paths, named: named, files: files, loopIndex: loopIndex,
            loopCount: loopCount)
        var hosts = HostAssembly()
        if let http = loaded.root.children(.http).first {
            try hooks.install(from: http, in: site)
            let servers = ServerAssembly(hooks: hooks, site: site)
            for block in http.children(.server) {
                let server = try servers.build(block)
                try hosts.add(server)
            }
        }
        for check in site.checks { try check() }
        try site.variables.check()
        let table = try hosts.hosts()
        let built = Site(
            hosts: table, variables: site.variables.computations, generation: generation, planCount: site.planCount,
            workerConnections: process.workerConnections, sharedListeners: hosts.sharedListeners,
            preparesHeads: !site.variables.readsResponseFields)
        return Result(
            site: built, listens: hosts.listenSet, warnings: site.warnings + hosts.warnings,
            tlsNeeds: site.tlsNeeds)
    }

    /// As `assemble`, for who only serves.
    public static func build(
        _ loaded: LoadedConfiguration, _ features: [any Feature.Type], paths: ConfigurationPaths, named: NamedState,
        loopIndex: Int = 0, loopCount: Int = 1, generation: Int = 1
    ) throws(Diagnostic) -> Site {
        let result = try assemble(
            loaded, features, paths: paths, named: named, loopIndex: loopIndex, loopCount: loopCount, generation: generation)
        return result.site
    }

    /// What the main block and `events` say about the process.
    public static func processPlan(
        _ loaded: LoadedConfiguration, _ features: [any Feature.Type], paths: ConfigurationPaths
    ) throws(Diagnostic) -> ProcessPlan {
        guard let events = loaded.root.children(.events).first else {
            throw Diagnostic(
                "no \"events\" section in configuration", at: nil, hint: "add \"events { }\" to \(paths.file)")
        }
        var plan = ProcessPlan(paths: paths)
        try FeatureHooks(features: features).install(from: events, in: &plan)
        return plan
    }
}
