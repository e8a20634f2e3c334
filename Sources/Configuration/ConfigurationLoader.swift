/// A configuration that was read, checked and built.
public struct LoadedConfiguration: Sendable {
    /// The main block.
    public let root: Block
    /// Warnings and notes, in the order they were found.
    public let warnings: [Diagnostic]
    /// Every file that was read, once, in order of first reading.
    public let files: [ConfigurationFile]
}

/// A configuration that is refused.
public struct ConfigurationFailure: Error, Sendable, CustomStringConvertible {
    /// The first error.
    public let error: Diagnostic
    /// What was found besides, before the error.
    public let warnings: [Diagnostic]
    /// The files read so far.
    public let files: [ConfigurationFile]

    public var description: String { error.description }
}

/// Reads a configuration: files to statements, statements to directives, directives to settings.
public struct ConfigurationLoader {
    private let registry: DirectiveRegistry
    private let reader: any SourceReader

    public init(_ registry: DirectiveRegistry, reader: any SourceReader = FileSourceReader()) {
        self.registry = registry
        self.reader = reader
    }

    /// Loads `paths.file`.
    ///
    /// - Parameters:
    ///   - globals: statements of the main level that come before the file's (option `-g`).
    ///   - disabled: directives that are parsed and checked but have no effect (the debug build's ZENDAN_WITHOUT).
    public func load(
        paths: ConfigurationPaths, globals: String = "", disabled: Set<String> = []
    ) throws(ConfigurationFailure) -> LoadedConfiguration {
        let collector = DiagnosticCollector()
        var parser = Parser(reader: reader, paths: paths, includes: !disabled.contains("include"))
        do throws(Diagnostic) {
            var statements: [Statement] = []
            var unreadable: Diagnostic?
            do throws(Diagnostic) {
                try parser.parse(commandLine: globals, into: &statements)
                try parser.parse(file: paths.file, at: nil, into: &statements)
            } catch {
                unreadable = error
            }
            let resolved = try Resolver(registry: registry, collector: collector).resolve(statements, in: .main)
            if let unreadable { throw unreadable }
            let start = SourceLocation(file: paths.file, line: 1, column: 1)
            let header = Statement(name: "main", location: start, arguments: [])
            let builder = Builder(registry: registry, paths: paths, disabled: disabled, collector: collector)
            let root = try builder.build(resolved, header: header, context: .main, inherited: registry.initial)
            return LoadedConfiguration(root: root, warnings: collector.diagnostics, files: parser.files)
        } catch {
            throw ConfigurationFailure(error: error, warnings: collector.diagnostics, files: parser.files)
        }
    }

    /// As above; `file` is relative to the prefix of `paths`.
    public func load(
        file: String, globals: String = "", paths: ConfigurationPaths, disabled: Set<String> = []
    ) throws(ConfigurationFailure) -> LoadedConfiguration {
        try load(paths: ConfigurationPaths(prefix: paths.prefix, file: file), globals: globals, disabled: disabled)
    }
}
