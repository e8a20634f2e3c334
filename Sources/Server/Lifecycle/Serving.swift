import Configuration
import EventLoops
import Observability
import Platform

/// Builds what a process serves with, from a delivery: used by a worker and by a process that is all in one.
struct ServingSetup {
    let program: Program
    let named: NamedState

    /// The sites of a delivery, one for each loop, built from the texts that were accepted.
    func sites(_ delivery: Delivery, loopCount: Int) throws(Diagnostic) -> [Site] {
        try named.naming { () throws(Diagnostic) in try build(delivery, loopCount: loopCount) }
    }

    private func build(_ delivery: Delivery, loopCount: Int) throws(Diagnostic) -> [Site] {
        let options = delivery.bundle.options
        ResolvedNames.replace(with: delivery.bundle.names)
        for (path, log) in delivery.logs.files { named.addLog(path, log) }
        named.defaultErrorLog = errorLog(delivery)
        named.useTickets(delivery.ticketSecret)
        let loader = ConfigurationLoader(program.registry, reader: delivery.bundle.sources)
        let loaded: LoadedConfiguration
        do throws(ConfigurationFailure) {
            loaded = try loader.load(paths: options.paths, globals: options.globals, disabled: Set(options.disabled))
        } catch {
            throw error.error
        }
        var warnings: [Diagnostic] = []
        return try Assembly.build(
            program, loaded, options, named: named, files: delivery.bundle.sources, generation: delivery.generation,
            loopCount: loopCount, warnings: &warnings
        ).sites
    }

    /// The log of the process itself.
    func errorLog(_ delivery: Delivery) -> ErrorLog {
        var targets = delivery.bundle.plan.errorLogs
        if targets.isEmpty {
            let path = delivery.bundle.options.errorLogPath
            targets = [LogTarget(destination: path.map { .file($0) } ?? .stderr, level: .error)]
        }
        // A worker is handed its logs anew with each configuration; those it has are the ones that are reopened.
        var open = delivery.logs.files
        for case .file(let path) in targets.map(\.destination) { open[path] = named.log(path) ?? open[path] }
        return OpenLogs(open).errorLog(targets)
    }
}
