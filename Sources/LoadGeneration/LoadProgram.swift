import Bytes
import Platform

/// The program `zendan-load`, from its arguments to its exit status.
public enum LoadProgram {
    private static let version = "zendan-load 0.1"

    public static func run(_ arguments: [String]) -> Int32 {
        let options: LoadOptions
        do throws(UsageError) {
            options = try LoadOptions(arguments, readFile: readFile)
        } catch {
            write("zendan-load: \(error)\ntry zendan-load --help\n", to: 2)
            return 2
        }
        switch options.request {
        case .help:
            write(LoadOptions.help, to: 1)
            return 0
        case .version:
            write(version + "\n", to: 1)
            return 0
        case .run(let plan): return run(plan, options)
        }
    }

    private static func run(_ plan: LoadPlan, _ options: LoadOptions) -> Int32 {
        let showsProgress = options.showsProgress ?? Terminal.isTerminal(2)
        let report: LoadReport
        do throws(SystemError) {
            report = try LoadRunner.run(plan) { if showsProgress { show($0) } }
        } catch {
            write("zendan-load: \(error.message)\n", to: 2)
            return 1
        }
        if showsProgress { write("\r\u{1B}[K", to: 2) }
        switch options.format {
        case .table: write(report.table(), to: 1)
        case .json: write(report.json(), to: 1)
        }
        return report.statistics.requestsAnswered > 0 ? 0 : 1
    }

    private static func show(_ progress: LoadProgress) {
        let (elapsed, total) = (Double(progress.elapsed) / 1e9, Double(progress.total) / 1e9)
        let failed = progress.failed > 0 ? ", \(Figures.count(progress.failed)) failed" : ""
        write(
            "\r\u{1B}[K\(Figures.decimal(elapsed, places: 0)) of \(Figures.decimal(total, places: 0)) s, "
                + "\(Figures.count(progress.answered)) answered\(failed)", to: 2)
    }

    private static func readFile(_ path: String) -> Result<[UInt8], WorkloadParser.FileFailure> {
        do throws(SystemError) {
            return .success(try File.contents(path))
        } catch {
            return .failure(WorkloadParser.FileFailure(message: error.message))
        }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        // Nobody is left to be told that this cannot be written.
        try? File.write(descriptor, bytes.span)
    }
}
