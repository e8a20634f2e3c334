import Features
import Platform
import Server

/// Decides what this process is: the command line's, a check, or a worker.
enum ProcessEntry {
    static func run() -> Never {
        Socket.openStandardStreams()
        let program = Program(features: FeatureList.all, refused: FeatureList.refused, harmless: FeatureList.harmless)
        let arguments = CommandLine.arguments
        let status: Int32
        if arguments.count == 2, arguments[1] == Worker.argument {
            status = Worker.run(program)
        } else if arguments.count == 2, arguments[1] == CheckProcess.argument {
            status = CheckProcess.run(program)
        } else {
            status = Invocation.run(Array(arguments.dropFirst()), program, binary: binary(arguments.first ?? "zendan"))
        }
        ProcessControl.exitNow(status)
    }

    /// The path a new binary would be found at (USR2).
    private static func binary(_ name: String) -> String {
        if name.contains("/") {
            return name.hasPrefix("/") ? name : (Directory.current ?? "") + "/" + name
        }
        for directory in (ProcessControl.environmentValue("PATH") ?? "/usr/sbin:/usr/bin").split(separator: ":") {
            let path = "\(directory)/\(name)"
            if (try? File.status(path)) != nil { return path }
        }
        return "/proc/self/exe"
    }
}
