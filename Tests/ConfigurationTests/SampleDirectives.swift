import Configuration

/// The blocks of an nginx configuration.
enum Structure: DirectiveSet {
    struct Settings: Sendable {
        var names: [String] = []
        var isOff = false
    }

    static let initial = Settings()
    static let directives: [Directive<Settings>] = [
        .opens("events", as: .events, repeats: false, in: .main, "Holds what concerns connections."),
        .opens("http", as: .http, repeats: false, in: .main, "Holds the servers."),
        .opens("upstream", as: .upstream, arity: 1...1, in: .http, syntax: "*name*", "A group of servers."),
        .opens("server", as: .server, in: .http, "A virtual server."),
        .opens("location", as: .location, arity: 1...2, in: [.server, .location], "A part of a server."),
        .opens("limit_except", as: .limitExcept, arity: 1..., in: .location, "For methods other than these."),
        .texts("server_name", \.names, in: .server, "Names of the server."),
        .flag("daemon", \.isOff, in: .main, "Whether to leave the terminal."),
    ]
}

enum Compression: DirectiveSet {
    enum Version: Sendable { case v10, v11 }
    struct Settings: Sendable {
        var isEnabled = false
        var level = 1
        var maybe: Bool?
        var largest = 1 << 20
        var smallest: Int?
        var timeout: Int64 = 60_000
        var validity: Int64 = 60
        var version = Version.v11
        var other: Version?
        var proxied: [Version] = []
        var directory = "cache"
        var key = TemplateSyntax(constant: "a")
        var maybeKey: TemplateSyntax?
        var keys: [TemplateSyntax] = []
    }

    static let initial = Settings()
    static let contexts: BlockContext = [.http, .server, .location]
    static let directives: [Directive<Settings>] = [
        .flag("gzip", \.isEnabled, in: contexts, "Compresses answers."),
        .flag("maybe", \.maybe, in: contexts, "Perhaps."),
        .integer("gzip_comp_level", \.level, 1...9, in: contexts, "Trades time for size."),
        .integer("gzip_min_length", \.smallest, in: contexts, "Smaller answers stay."),
        .size("client_max_body_size", \.largest, in: contexts, "Bound of a body."),
        .time("send_timeout", \.timeout, in: contexts, "Patience."),
        .seconds("open_file_cache_valid", \.validity, in: contexts, "Seconds."),
        .choice("proxy_http_version", \.version, ["1.0": .v10, "1.1": .v11], in: contexts, "Version."),
        .choice("other_version", \.other, ["old": .v10, "new": .v11], in: contexts, "Version.", isOwn: true),
        .choices("gzip_proxied", \.proxied, ["old": .v10, "new": .v11], in: contexts, "Versions."),
        .path("temp_path", \.directory, in: contexts, "A place."),
        .template("key", \.key, in: contexts, "A key."),
        .template("maybe_key", \.maybeKey, in: contexts, "A key."),
        .templates("keys", \.keys, in: contexts, "Keys."),
    ]
}

enum Content: DirectiveSet {
    struct Settings: Sendable {
        var fields: [String] = []
        var rules: [String] = []
        var target: String?
        var file: String?
        var types: [String: String] = ["html": "text/html"]
        var peers: [String] = []
    }

    static let initial = Settings()
    static let everywhere: BlockContext = [.http, .server, .location]
    static let directives: [Directive<Settings>] = [
        .custom("add_header", arity: 2...3, inheritance: .list, in: everywhere, "Adds a field.", addHeader),
        .custom(
            "allow", arity: 1...1, inheritance: .list, group: "access", in: [.http, .server, .location, .limitExcept],
            "Lets in.",
            addRule),
        .custom(
            "deny", arity: 1...1, inheritance: .list, group: "access", in: [.http, .server, .location, .limitExcept],
            "Keeps out.", addRule),
        .custom("proxy_pass", arity: 1...1, inheritance: .ownAndConditional, in: [.location, .limitExcept], "Passes.", pass),
        .custom("try_files", arity: 2..., inheritance: .own, in: [.server, .location], "Tries.", tryFiles),
        .block("types", arity: 0...0, in: everywhere, "Types by extension.", setTypes),
        .custom("server", arity: 1..., inheritance: .list, in: .upstream, "A peer.", addPeer),
    ]

    static func addHeader(_ s: inout Settings, _ statement: Statement, _ context: ApplyContext) throws(Diagnostic) {
        if context.isFirst { s.fields = [] }
        s.fields.append(statement.arguments.map(\.text).joined(separator: "="))
        if statement.arguments[0].text == "odd" { context.warn("odd field", at: statement.arguments[0].location) }
    }

    static func addRule(_ s: inout Settings, _ statement: Statement, _ context: ApplyContext) throws(Diagnostic) {
        if context.isFirst { s.rules = [] }
        s.rules.append("\(statement.name) \(statement.arguments[0].text)")
    }

    static func pass(_ s: inout Settings, _ statement: Statement, _: ApplyContext) throws(Diagnostic) {
        s.target = statement.arguments[0].text
    }

    static func tryFiles(_ s: inout Settings, _ statement: Statement, _: ApplyContext) throws(Diagnostic) {
        s.file = statement.arguments[0].text
    }

    static func addPeer(_ s: inout Settings, _ statement: Statement, _ context: ApplyContext) throws(Diagnostic) {
        s.peers.append(statement.arguments[0].text)
        for argument in statement.arguments.dropFirst() {
            guard let weight = argument.value(of: "weight") else { throw argument.invalid(expected: "weight=number") }
            _ = try weight.integer(1...100)
        }
    }

    static func setTypes(_ s: inout Settings, _ statement: Statement, _ context: ApplyContext) throws(Diagnostic) {
        if context.isFirst { s.types = [:] }
        for entry in statement.block ?? [] {
            for suffix in entry.arguments { s.types[suffix.text] = entry.name }
        }
    }
}

let sampleRegistry = DirectiveRegistry(
    [Structure.self, Compression.self, Content.self],
    refused: ["rewrite": "it comes with a later version; use \"return\" or \"try_files\"", "if": "it comes later"],
    harmless: ["accept_mutex": "each loop has its own socket"])

/// Loads a main file with other files beside it, under /etc/zendan.
func load(
    _ text: String, _ others: [String: String] = [:], globals: String = "", disabled: Set<String> = []
) throws(ConfigurationFailure) -> LoadedConfiguration {
    var files = ["/etc/zendan/main.conf": text]
    for (name, text) in others { files["/etc/zendan/\(name)"] = text }
    let loader = ConfigurationLoader(sampleRegistry, reader: MemorySourceReader(files))
    let paths = ConfigurationPaths(prefix: "/etc/zendan", file: "main.conf")
    return try loader.load(paths: paths, globals: globals, disabled: disabled)
}

/// The description of the error that a configuration gives, without its directory.
func refusal(_ text: String, _ others: [String: String] = [:], globals: String = "") -> String {
    do throws(ConfigurationFailure) {
        _ = try load(text, others, globals: globals)
        return "accepted"
    } catch {
        return error.description.replacing("/etc/zendan/", with: "")
    }
}
