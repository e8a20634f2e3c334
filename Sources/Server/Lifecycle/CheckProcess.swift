import Configuration
import Platform

/// A configuration check in a process of its own: one that is slow, runs out of memory or traps costs only itself.
public struct CheckProcess: Sendable {
    public let pid: Int32
    private let result: SharedDescriptor

    /// The hidden argument that makes a process a check.
    public static let argument = "--check-configuration"
    /// Where the process finds its orders and leaves its result.
    private static let descriptor: Int32 = 3

    /// Starts to check what `options` name.
    public static func start(_ options: LaunchOptions) throws(SystemError) -> CheckProcess {
        let file = try File.inMemory("zendan-check")
        var writer = BundleWriter()
        writer.add(options)
        let bytes = writer.bytes
        try File.write(file.rawValue, bytes.span, at: 0)
        let pid = try ProcessControl.spawn(
            ProcessControl.ownExecutable, ["zendan: checking the configuration", argument],
            environment: ProcessControl.environment + ["SWIFT_BACKTRACE=enable=no"], keeping: [(file.rawValue, descriptor)])
        return CheckProcess(pid: pid, result: SharedDescriptor(file))
    }

    /// Waits for the end and returns what came of it.
    public func wait() -> ConfigurationCheck.Outcome {
        guard let end = ProcessControl.reap(pid, wait: true) else { return CheckProcess.lost("it is gone") }
        return outcome(end.ending)
    }

    /// What came of a check that has ended so.
    public func outcome(_ ending: ProcessControl.Ending) -> ConfigurationCheck.Outcome {
        switch ending {
        case .signaled(let number): return CheckProcess.lost("it was ended by signal \(number)")
        case .exited(let status) where status != 0: return CheckProcess.lost("it ended with status \(status)")
        case .exited: break
        }
        File.seek(result.rawValue, to: 0)
        guard let bytes = try? File.contents(of: result.rawValue, limit: 1 << 30) else {
            return CheckProcess.lost("its result cannot be read")
        }
        var reader = BundleReader(bytes)
        do throws(BundleError) {
            return try ConfigurationCheck.Outcome(from: &reader)
        } catch {
            return CheckProcess.lost("its result makes no sense")
        }
    }

    private static func lost(_ reason: String) -> ConfigurationCheck.Outcome {
        .refused(Diagnostic("the check of the configuration failed: \(reason)", at: nil), warnings: [])
    }

    /// The body of the process. Returns its exit status.
    public static func run(_ program: Program) -> Int32 {
        Threads.setName("zendan")
        Signals.block([.hangUp, .quit, .user1, .user2, .windowChange])
        let options: LaunchOptions
        do throws(SystemError) {
            File.seek(descriptor, to: 0)
            var reader = BundleReader(try File.contents(of: descriptor))
            guard let read = try? LaunchOptions(from: &reader) else { return 2 }
            options = read
            var check = ConfigurationCheck(program, options)
            let outcome = check.run()
            var writer = BundleWriter()
            writer.add(outcome)
            let bytes = writer.bytes
            try File.truncate(descriptor, to: 0)
            try File.write(descriptor, bytes.span, at: 0)
            return 0
        } catch {
            return 2
        }
    }
}

extension ConfigurationCheck.Outcome: BundleCodable {
    public func encode(to writer: inout BundleWriter) {
        switch self {
        case .accepted(let bundle, let warnings):
            writer.add(true)
            writer.add(warnings) { writer, warning in writer.add(warning) }
            writer.add(bundle)
        case .refused(let error, let warnings):
            writer.add(false)
            writer.add(warnings) { writer, warning in writer.add(warning) }
            writer.add(error)
        }
    }

    public init(from reader: inout BundleReader) throws(BundleError) {
        let isAccepted = try reader.flag()
        let warnings = try reader.list(Diagnostic.init(from:))
        self =
            isAccepted
            ? .accepted(try Bundle(from: &reader), warnings: warnings)
            : .refused(try Diagnostic(from: &reader), warnings: warnings)
    }
}

extension Diagnostic: BundleCodable {
    private static let severities: [Severity] = [.error, .fault, .warning, .note]

    public func encode(to writer: inout BundleWriter) {
        writer.add(Diagnostic.severities.firstIndex(of: severity) ?? 0)
        writer.add(message)
        writer.add(location) { writer, location in
            writer.add(location.file)
            writer.add(location.line)
            writer.add(location.column)
        }
        writer.add(hint) { writer, hint in writer.add(hint) }
    }

    public init(from reader: inout BundleReader) throws(BundleError) {
        let severities = Diagnostic.severities
        let number = try reader.integer()
        guard severities.indices.contains(number) else { throw BundleError() }
        let message = try reader.string()
        let location = try reader.optional { (reader: inout BundleReader) throws(BundleError) in
            SourceLocation(file: try reader.string(), line: try reader.integer(), column: try reader.integer())
        }
        let hint = try reader.optional { (reader: inout BundleReader) throws(BundleError) in try reader.string() }
        self.init(message, at: location, hint: hint, severity: severities[number])
    }
}
