import Configuration
import EventLoops
import Observability
import Platform

/// Reads and checks a configuration as a start would, without starting anything.
public struct ConfigurationCheck {
    public enum Outcome: Sendable {
        case accepted(Bundle, warnings: [Diagnostic])
        case refused(Diagnostic, warnings: [Diagnostic])
    }

    private let program: Program
    private let options: LaunchOptions
    /// Files read, once each, in order: for -T. Empty before `run`.
    public private(set) var files: [ConfigurationFile] = []

    public init(_ program: Program, _ options: LaunchOptions) {
        self.program = program
        self.options = options
    }

    /// Reads the files, builds everything once, opens the logs (and makes those that are missing), resolves the names.
    public mutating func run() -> Outcome {
        let reader = RecordingReader()
        let loader = ConfigurationLoader(program.registry, reader: reader)
        let loaded: LoadedConfiguration
        do throws(ConfigurationFailure) {
            loaded = try loader.load(paths: options.paths, globals: options.globals, disabled: Set(options.disabled))
        } catch {
            files = error.files
            return .refused(error.error, warnings: error.warnings)
        }
        files = loaded.files
        var warnings = loaded.warnings
        do throws(Diagnostic) {
            let (plan, needs) = try plan(for: loaded, reader, &warnings)
            let bundle = Bundle(
                options: options, sources: reader.recorded, names: ResolvedNames.all, plan: plan, tlsNeeds: needs)
            return .accepted(bundle, warnings: warnings)
        } catch {
            return .refused(error, warnings: warnings)
        }
    }

    private func plan(
        for loaded: LoadedConfiguration, _ reader: RecordingReader, _ warnings: inout [Diagnostic]
    ) throws(Diagnostic) -> (StartPlan, TLSNeeds) {
        let named = NamedState(pool: BlockingPool(threads: 1))
        try openDefaultLog(named)
        let assembly = try Assembly.build(
            program, loaded, options, named: named, files: reader, generation: 1, loopCount: 1, warnings: &warnings)
        _ = try named.errorLog(assembly.process.errorLogs, paths: options.paths, at: nil)
        let plan = try StartPlan.make(
            assembly, loaded.root, options, logs: named.logs.compactMap(\.path), &warnings)
        return (plan, assembly.tlsNeeds)
    }

    private func openDefaultLog(_ named: NamedState) throws(Diagnostic) {
        guard let path = options.errorLogPath else { return }
        do throws(SystemError) {
            _ = try named.openLog(path)
        } catch {
            throw Diagnostic("open() \(Diagnostic.quoted(path)) failed (\(error))", at: nil)
        }
    }
}
