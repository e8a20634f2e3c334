import Bytes
import Caching
import Configuration
import Observability
import Patterns
import Platform
import Upstreams

/// What all servers of a configuration share while it is built for one loop: variables, upstreams, cache zones, logs.
///
/// A class, because features of every block add to the same one. It lives only as long as the build.
public final class SiteBuilder {
    public var variables: VariableTable
    public let paths: ConfigurationPaths
    /// State that outlives configurations, by name.
    public let named: NamedState
    /// Which loop this site is for.
    public let loopIndex: Int
    public let loopCount: Int
    /// `log_format`s by name.
    public var logFormats: [String: LogFormat] = [:]
    /// Upstreams and proxied hosts by name.
    public var upstreamDirectory: UpstreamDirectory?
    /// Cache zones by name.
    public var cacheZones: [String: CacheZone] = [:]
    /// Plans made so far; each gets a number.
    public private(set) var planCount = 0
    /// Named locations of the server that is being built, by name without `@`.
    public var namedLocations: [String: LocationPlan] = [:]
    /// Called when every server has been built: errors that only show then.
    public var checks: [() throws(Diagnostic) -> Void] = []
    /// Directories that must exist and belong to `user` before the first request: absolute paths.
    public var directories: Set<String> = []
    /// Things that one feature keeps for another of its kind while the site is built, by name.
    public var shared: [String: any Sendable] = [:]
    /// Oddities that are no errors, for `-t`.
    public var warnings: [Diagnostic] = []
    /// Reads the files that the configuration names and that are part of it: certificates, keys. A worker, which has no
    /// right to, finds here what the supervisor has read for it.
    public let files: any SourceReader
    /// What the servers need for TLS beside their own settings.
    public var tlsNeeds = TLSNeeds()

    public init(
        variables: [VariableDefinition], paths: ConfigurationPaths, named: NamedState,
        files: any SourceReader = FileSourceReader(),
        loopIndex: Int = 0, loopCount: Int = 1
    ) {
        self.files = files
        self.variables = VariableTable(variables)
        self.paths = paths
        self.named = named
        self.loopIndex = loopIndex
        self.loopCount = loopCount
    }

    /// Compiles a value with variables.
    public func compile(_ syntax: TemplateSyntax, at location: SourceLocation? = nil) throws(Diagnostic) -> Template {
        try Template(syntax) { (name: String) throws(Diagnostic) -> VariableReader in
            variables.reader(name, at: location)
        }
    }

    /// Compiles a regex and declares a variable for each of its named groups. Errors: also a group with the name of a variable
    /// that a feature offers, which nobody could ask for any more.
    public func compilePattern(_ text: String, caseless: Bool, at location: SourceLocation) throws(Diagnostic) -> NamePattern {
        let pattern: Pattern
        do throws(PatternError) {
            pattern = try Pattern(text, ignoringCase: caseless)
        } catch {
            throw Diagnostic("regular expression \"\(text)\": \(error.message) at offset \(error.offset)", at: location)
        }
        var captures: [NamedCapture] = []
        for group in pattern.captureNames {
            let name = group.name.lowercased()
            if variables.isBuiltIn(name) { throw Diagnostic("the duplicate \"\(group.name)\" variable", at: location) }
            captures.append(NamedCapture(group: group.index, slot: variables.declare(name)))
        }
        return NamePattern(pattern: pattern, captures: captures)
    }

    /// The error log with these targets; without any, the process's own.
    public func errorLog(_ targets: [LogTarget], at location: SourceLocation?) throws(Diagnostic) -> ErrorLog {
        try named.errorLog(targets, paths: paths, at: location)
    }

    func nextPlanNumber() -> Int {
        planCount += 1
        return planCount - 1
    }
}

extension NamedState {
    /// The error log with these targets, opening what is not open yet; without any, the process's own.
    public func errorLog(
        _ targets: [LogTarget], paths: ConfigurationPaths, at location: SourceLocation?
    ) throws(Diagnostic) -> ErrorLog {
        if targets.isEmpty { return defaultErrorLog }
        var opened: [ErrorLog.Target] = []
        for target in targets {
            do throws(SystemError) {
                switch target.destination {
                case .stderr: opened.append(ErrorLog.Target(file: try openStandardError(), level: target.level))
                case .file(let path):
                    opened.append(ErrorLog.Target(file: try openLog(paths.resolve(path)), level: target.level))
                }
            } catch {
                var name = "standard error"
                if case .file(let path) = target.destination { name = Diagnostic.quoted(paths.resolve(path)) }
                throw Diagnostic("open() \(name) failed (\(error))", at: location)
            }
        }
        return ErrorLog(opened)
    }
}

/// A `log_format`: a template and how values are escaped in it.
public struct LogFormat: Sendable {
    public enum Escape: Sendable { case standard, json, none }
    public let syntax: TemplateSyntax
    public let escape: Escape

    public init(syntax: TemplateSyntax, escape: Escape) {
        self.syntax = syntax
        self.escape = escape
    }
}
