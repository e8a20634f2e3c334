import Configuration
import Platform

/// What the command line says about the configuration and where things lie.
public struct LaunchOptions: Sendable, Hashable {
    /// Option -p. Ends in "/".
    public var prefix: String
    /// Option -c, relative to the prefix.
    public var file: String
    /// Option -g.
    public var globals = ""
    /// Option -e, relative to the prefix; "stderr": standard error.
    public var errorLog = "stderr"
    /// Directives without effect: only the debug build takes them (ZENDAN_WITHOUT).
    public var disabled: [String] = []

    public init(prefix: String, file: String) {
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
        self.file = file
    }

    public var paths: ConfigurationPaths { ConfigurationPaths(prefix: prefix, file: file) }

    /// The path of the error log that option -e names; nil: standard error.
    public var errorLogPath: String? { errorLog == "stderr" ? nil : paths.resolve(errorLog) }
}

extension LaunchOptions: BundleCodable {
    public func encode(to writer: inout BundleWriter) {
        writer.add(prefix)
        writer.add(file)
        writer.add(globals)
        writer.add(errorLog)
        writer.add(disabled) { writer, name in writer.add(name) }
    }

    public init(from reader: inout BundleReader) throws(BundleError) {
        self.init(prefix: try reader.string(), file: try reader.string())
        globals = try reader.string()
        errorLog = try reader.string()
        disabled = try reader.strings()
    }
}
