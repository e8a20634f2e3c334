import Configuration
import Platform

/// A configuration built for serving: what the process is asked for, and one site for each loop.
public struct Assembly {
    public let process: ProcessPlan
    public let sites: [Site]
    public let listens: [ListenSpecification]
    public let tlsNeeds: TLSNeeds

    /// Builds everything that was loaded.
    ///
    /// - Parameters:
    ///   - loopCount: nil: as many as `worker_processes` says.
    ///   - files: reads certificates and keys.
    ///   - warnings: oddities that show only now are added.
    static func build(
        _ program: Program, _ loaded: LoadedConfiguration, _ options: LaunchOptions, named: NamedState,
        files: any SourceReader, generation: Int, loopCount: Int? = nil, warnings: inout [Diagnostic]
    ) throws(Diagnostic) -> Assembly {
        let paths = options.paths
        let process = try SiteAssembly.processPlan(loaded, program.features, paths: paths)
        let count = loopCount ?? StartPlan.loopCount(process)
        var sites: [Site] = []
        var listens: [ListenSpecification] = []
        var tlsNeeds = TLSNeeds()
        for index in 0..<count {
            let result = try SiteAssembly.assemble(
                loaded, program.features, paths: paths, named: named, files: files, loopIndex: index, loopCount: count,
                generation: generation)
            sites.append(result.site)
            guard index == 0 else { continue }
            listens = result.listens.sockets
            warnings += result.warnings
            tlsNeeds = result.tlsNeeds
        }
        return Assembly(process: process, sites: sites, listens: listens, tlsNeeds: tlsNeeds)
    }
}
