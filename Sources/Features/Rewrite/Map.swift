import Bytes
import Configuration
import HTTP
import Server

/// Variables whose value depends on other variables (https://nginx.org/en/docs/http/ngx_http_map_module.html).
public enum Map: Feature {
    public struct Settings: Sendable {
        var maps: [MapSyntax] = []
    }

    public static let initial = Settings()

    public static let directives: [Directive<Settings>] = [
        .block(
            "map", arity: 2...2, inheritance: .list, repeats: true, in: .http, syntax: "*string* $*variable*",
            """
            Makes a variable whose value is looked up by another value: exact strings without regard to case, `~` and `~*` \
            regular expressions in their order, `default`; with `hostnames`, names with a leading or trailing `*`. The value is \
            found at the first use in a request and kept, unless the map is `volatile`.
            """, map)
    ]

    private static func map(
        _ settings: inout Settings, _ statement: Statement, _: ApplyContext
    ) throws(Diagnostic) {
        let map = try MapSyntax(statement)
        settings.maps.append(map)
    }

    public static func install(_ settings: Settings, from block: Block, in site: SiteBuilder) throws(Diagnostic) {
        // All names first: a map's values may name any other map.
        for map in settings.maps {
            if site.variables.isBuiltIn(map.name) {
                throw Diagnostic("the variable \"\(map.name)\" exists already", at: map.location)
            }
            _ = site.variables.declare(map.name)
        }
        for map in settings.maps {
            let variable = try MapVariable(map, site)
            _ = site.variables.declare(map.name, isVolatile: map.isVolatile, computedBy: variable.compute)
        }
    }
}

/// A `map` block as it is written.
struct MapSyntax: Sendable {
    struct Entry: Sendable {
        enum Key: Sendable {
            case text(String, isHost: Bool)
            case pattern(String, caseless: Bool)
        }

        let key: Key
        let value: TemplateSyntax
        let location: SourceLocation
    }

    let source: TemplateSyntax
    let name: String
    let location: SourceLocation
    private(set) var entries: [Entry] = []
    private(set) var defaultValue: TemplateSyntax?
    private(set) var isVolatile = false
    /// Keys from here on are host names.
    private(set) var hasHostNames = false

    init(_ statement: Statement) throws(Diagnostic) {
        guard statement.arguments.count == 2 else { throw Diagnostic("\"map\" needs two arguments", at: statement.location) }
        source = try statement.arguments[0].template()
        name = try VariableName.parse(statement.arguments[1])
        location = statement.location
        for entry in statement.block ?? [] { try add(entry) }
    }

    private mutating func add(_ entry: Statement) throws(Diagnostic) {
        if entry.arguments.isEmpty, entry.name == "hostnames" {
            hasHostNames = true
        } else if entry.arguments.isEmpty, entry.name == "volatile" {
            isVolatile = true
        } else {
            guard entry.arguments.count == 1 else {
                throw Diagnostic(
                    "invalid number of the map parameters", at: entry.location,
                    hint: "a line of a map is a key, a value, and \";\"; values with spaces need quotes")
            }
            try add(entry.name, try entry.arguments[0].template(), entry.location)
        }
    }

    private mutating func add(_ key: String, _ value: TemplateSyntax, _ location: SourceLocation) throws(Diagnostic) {
        if key == "default" {
            if defaultValue != nil { throw Diagnostic("duplicate default map parameter", at: location) }
            defaultValue = value
            return
        }
        let parsed: Entry.Key
        if key.hasPrefix("~*") {
            parsed = .pattern(String(key.dropFirst(2)), caseless: true)
        } else if key.hasPrefix("~") {
            parsed = .pattern(String(key.dropFirst()), caseless: false)
        } else if key.hasPrefix("\\") {
            parsed = .text(String(key.dropFirst()), isHost: hasHostNames)
        } else {
            parsed = .text(key, isHost: hasHostNames)
        }
        entries.append(Entry(key: parsed, value: value, location: location))
    }
}

/// A `map` bound to its site: looks its value up.
struct MapVariable: Sendable {
    private struct PatternEntry: Sendable {
        let pattern: NamePattern
        let value: Int
    }

    private let source: Template
    private let strips: Bool
    private var table = MapTable()
    private var patterns: [PatternEntry] = []
    private var values: [Template] = []
    private let defaultValue: Template?

    init(_ syntax: MapSyntax, _ site: SiteBuilder) throws(Diagnostic) {
        source = try site.compile(syntax.source, at: syntax.location)
        strips = syntax.hasHostNames
        if let value = syntax.defaultValue {
            defaultValue = try site.compile(value, at: syntax.location)
        } else {
            defaultValue = nil
        }
        for entry in syntax.entries {
            switch entry.key {
            case .text(let text, let isHost): try add(text, isHost, entry.location)
            case .pattern(let text, let caseless):
                let pattern = try site.compilePattern(text, caseless: caseless, at: entry.location)
                patterns.append(PatternEntry(pattern: pattern, value: values.count))
            }
            values.append(try site.compile(entry.value, at: entry.location))
        }
    }

    private mutating func add(_ text: String, _ isHost: Bool, _ location: SourceLocation) throws(Diagnostic) {
        do throws(MapTable.Problem) {
            try table.add(text, isHost: isHost, value: values.count)
        } catch {
            switch error {
            case .duplicate: throw Diagnostic("conflicting parameter \(Diagnostic.quoted(text))", at: location)
            case .invalidHostName:
                throw Diagnostic(
                    "invalid hostname or wildcard \(Diagnostic.quoted(text))", at: location,
                    hint: "\"*\" may stand for whole labels at one end: *.example.com or www.example.*")
            }
        }
    }

    /// Appends the value for this request. A map without a default gives the empty value where nothing fits; an expression
    /// that cannot be decided gives none.
    func compute(_ context: RequestContext, _ output: inout ByteString) -> Bool {
        var key = context.takeScratch()
        source.append(to: &key, context)
        if strips, key.last == UInt8(ascii: ".") { key.truncate(to: key.count - 1) }
        var lowered = context.takeScratch()
        for index in 0..<key.count { lowered.append(ASCII.lowercased(key[index])) }
        let exact = table.value(for: lowered.array)
        context.giveScratch(&lowered)
        defer { context.giveScratch(&key) }
        if let exact {
            values[exact].append(to: &output, context)
            return true
        }
        for entry in patterns {
            do throws(RequestFailure) {
                guard try context.match(entry.pattern, key.array) else { continue }
            } catch {
                return false
            }
            values[entry.value].append(to: &output, context)
            return true
        }
        defaultValue?.append(to: &output, context)
        return true
    }
}
