import Caching
import Configuration
import HTTP
import Platform
import Server

/// `proxy_cache` and what belongs to it.
public enum ProxyCache: Feature {
    public struct Settings: Sendable {
        var zones: [(definition: CacheZoneDefinition, location: SourceLocation)] = []
        /// nil: off.
        var zone: Argument?
        var key: TemplateSyntax?
        var validity = CacheValidity()
        var methods: CacheMethods = [.get, .head]
        var minUses = 1
        var bypass: [TemplateSyntax] = []
        var noStore: [TemplateSyntax] = []
        var stale: StaleConditions = []
        var background = false
        var revalidate = false
        var lock = false
        var lockTimeout: Int64?
        var lockAge: Int64?
        var convertsHead = true
        var maxRangeOffset: Int?
    }
    public static let initial = Settings()
    private static let everywhere: BlockContext = [.http, .server, .location]

    public static let directives: [Directive<Settings>] = storing + serving

    private static let storing: [Directive<Settings>] = [
        .custom(
            "proxy_cache_path", arity: 2..., inheritance: .list, in: .http,
            syntax:
                "*path* keys_zone=*name*:*size* [levels=*levels*] [max_size=*size*] [min_free=*size*] [inactive=*time*] [use_temp_path=on|off] …",
            "A cache: its directory, and the memory for its index and its hottest responses.", path),
        .custom(
            "proxy_cache", arity: 1...1, in: everywhere, syntax: "*zone* | off", default: "off", "The cache of the location.",
            cache),
        .template(
            "proxy_cache_key", \.key, in: everywhere, "What tells responses apart.", default: "$scheme$proxy_host$request_uri"),
        .custom(
            "proxy_cache_valid", arity: 1..., inheritance: .list, in: everywhere, syntax: "[*code* ...] *time*",
            "How long responses that name no lifetime are fresh, by status; without statuses: 200, 301, 302; `any`: all.", valid
        ),
        .custom(
            "proxy_cache_methods", arity: 1..., inheritance: .list, in: everywhere, syntax: "GET | HEAD | POST ...",
            default: "GET HEAD",
            "Methods whose responses are stored.", methods),
        .integer(
            "proxy_cache_min_uses", \.minUses, 1...65535, in: everywhere,
            "How many requests must come before a response is stored."),
        .templates(
            "proxy_no_cache", \.noStore, in: everywhere, "When a response is not stored: if any value is neither empty nor 0."),
    ]

    private static let serving: [Directive<Settings>] = [
        .templates(
            "proxy_cache_bypass", \.bypass, in: everywhere,
            "When a response is not taken from the cache: if any value is neither empty nor 0."),
        .custom(
            "proxy_cache_use_stale", arity: 1..., inheritance: .list, in: everywhere,
            syntax: "error | timeout | invalid_header | updating | http_500 | … | off ...",
            default: "off", "When a stale response is better than none.", useStale),
        .flag(
            "proxy_cache_background_update", \.background, in: everywhere,
            "Whether a stale response is served while it is refreshed."),
        .flag(
            "proxy_cache_revalidate", \.revalidate, in: everywhere,
            "Whether a stale response is refreshed by a conditional request."),
        .flag("proxy_cache_lock", \.lock, in: everywhere, "Whether one request at a time fetches a missing response."),
        .time(
            "proxy_cache_lock_timeout", \.lockTimeout, in: everywhere, "How long others wait for it.",
            default: "as long as it takes (nginx: 5s)"),
        .time(
            "proxy_cache_lock_age", \.lockAge, in: everywhere, "When another request may fetch it too.",
            default: "never (nginx: 5s)"),
        .flag(
            "proxy_cache_convert_head", \.convertsHead, in: everywhere, "Whether HEAD fetches the whole response for the cache."
        ),
        .size(
            "proxy_cache_max_range_offset", \.maxRangeOffset, in: everywhere,
            "Ranges that begin behind it are passed on uncached.", default: "no bound"),
    ]

    private static func cache(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        let argument = statement.arguments[0]
        s.zone = argument.text == "off" ? nil : argument
    }

    private static func valid(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.validity = CacheValidity() }
        var words = statement.arguments
        let seconds = Int(try words.removeLast().seconds())
        if words.isEmpty { return s.validity.appendUsualStatuses(seconds: seconds) }
        for word in words {
            let status = word.text == "any" ? 0 : try word.integer(100...599)
            s.validity.rules.append(CacheValidity.Rule(status: status, seconds: seconds))
        }
    }

    private static func methods(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.methods = [.get, .head] }
        for argument in statement.arguments {
            switch argument.text {
            case "GET", "HEAD": break
            case "POST": s.methods.insert(.post)
            default: throw argument.invalid(expected: "GET, HEAD or POST")
            }
        }
    }

    private static func useStale(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        let known: [String: StaleConditions] = [
            "error": .error, "timeout": .timeout, "invalid_header": .invalidHeader, "updating": .updating, "http_500": .http500,
            "http_502": .http502, "http_503": .http503, "http_504": .http504, "http_403": .http403, "http_404": .http404,
            "http_429": .http429,
        ]
        if c.isFirst { s.stale = [] }
        for argument in statement.arguments where argument.text != "off" {
            guard let condition = known[argument.text] else {
                throw argument.invalid(expected: known.keys.sorted().joined(separator: ", ") + " or off")
            }
            s.stale.insert(condition)
        }
    }

    private static func path(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.zones = [] }
        let definition = try CachePathSyntax.parse(statement, c)
        if s.zones.contains(where: { $0.definition.name == definition.name }) {
            throw Diagnostic("duplicate zone \(Diagnostic.quoted(definition.name))", at: statement.location)
        }
        s.zones.append((definition, statement.location))
    }

    public static func install(_ s: Settings, from block: Block, in site: SiteBuilder) throws(Diagnostic) {
        for (definition, location) in s.zones {
            let named = site.named
            let zone = named.zone(definition.name) {
                CacheZone(definition) { event in CacheMessages.write(event, named.defaultErrorLog) }
            }
            if !zone.definition.isCompatible(with: definition) {
                throw Diagnostic(
                    "the cache \(Diagnostic.quoted(definition.name)) is in use with another path or other levels", at: location,
                    hint: "restart, or give the new cache another name")
            }
            zone.apply(definition)
            site.cacheZones[definition.name] = zone
        }
    }

    /// The cache of a proxied location; nil where there is none, or where variables choose it.
    static func plan(
        _ s: Settings, _ proxy: ProxyPass.Settings, _ pass: Argument, _ plan: LocationPlanBuilder
    ) throws(Diagnostic) -> CachePlan? {
        guard let name = s.zone, !name.text.contains("$") else { return nil }
        guard let zone = plan.site.cacheZones[name.text] else {
            throw Diagnostic(
                "unknown cache \(Diagnostic.quoted(name.text))", at: name.location,
                hint: "define it with proxy_cache_path … keys_zone=\(name.text):10m")
        }
        return try self.plan(zone, s, proxy, pass, name, plan)
    }

    /// For `proxy_cache` with variables: the value, and one plan for each cache that it may name.
    static func choice(
        _ s: Settings, _ proxy: ProxyPass.Settings, _ pass: Argument, _ options: ProxyPlan.Options, _ plan: LocationPlanBuilder
    ) throws(Diagnostic) -> CacheChoice? {
        guard let name = s.zone, name.text.contains("$") else { return nil }
        var plans: [[UInt8]: ProxyPlan] = [:]
        for (zoneName, zone) in plan.site.cacheZones {
            var options = options
            options.cache = try self.plan(zone, s, proxy, pass, name, plan)
            plans[Array(zoneName.utf8)] = ProxyPlan(options)
        }
        return CacheChoice(name: try plan.compile(try name.template(), at: name.location), plans: plans)
    }

    private static func plan(
        _ zone: CacheZone, _ s: Settings, _ proxy: ProxyPass.Settings, _ pass: Argument, _ name: Argument,
        _ plan: LocationPlanBuilder
    ) throws(Diagnostic) -> CachePlan {
        var settings = CacheSettings()
        settings.ignored = proxy.ignored
        settings.methods = s.methods
        settings.validity = s.validity
        settings.useStale = s.stale
        settings.updatesInBackground = s.background
        settings.hidesSetCookie = proxy.hidden.contains { $0.lowercased() == "set-cookie" }
        advise(s, proxy, settings, name, plan)
        // As nginx has it: what the upstream is asked for, not what the client wrote. After an internal redirect the two differ,
        // and the client's target would stand for two responses.
        let standard = try TemplateSyntax(parsing: "$proxy_internal_key", at: pass.location)
        let key = s.key ?? standard
        func compiled(_ list: [TemplateSyntax]) throws(Diagnostic) -> [Template] {
            var result: [Template] = []
            for syntax in list { result.append(try plan.compile(syntax, at: name.location)) }
            return result
        }
        return CachePlan(
            zone: zone, settings: settings, key: try plan.compile(key, at: name.location), bypass: try compiled(s.bypass),
            noStore: try compiled(s.noStore), minUses: s.minUses, usesLock: s.lock, lockTimeout: s.lockTimeout,
            lockAge: s.lockAge,
            revalidates: s.revalidate, convertsHead: s.convertsHead, maxRangeOffset: s.maxRangeOffset)
    }

    /// What an operator should know of a cache like this (`-t`).
    private static func advise(
        _ s: Settings, _ proxy: ProxyPass.Settings, _ settings: CacheSettings, _ name: Argument, _ plan: LocationPlanBuilder
    ) {
        func warn(_ message: String, _ hint: String, _ place: SourceLocation, _ severity: Diagnostic.Severity = .warning) {
            let warning = Diagnostic(message, at: place, hint: hint, severity: severity)
            if !plan.site.warnings.contains(where: { $0.message == message && $0.location == place }) {
                plan.site.warnings.append(warning)
            }
        }
        if proxy.ignored.contains(.setCookie), !settings.hidesSetCookie {
            warn(
                "\"proxy_ignore_headers Set-Cookie\" without \"proxy_hide_header Set-Cookie\" hands one visitor's cookies to all",
                "add proxy_hide_header Set-Cookie;", proxy.ignoresSetCookieAt ?? name.location)
        }
        if s.validity.rules.isEmpty {
            warn(
                "the cache has no \"proxy_cache_valid\": only responses that name their own lifetime are stored",
                "add proxy_cache_valid 200 10m; or let the app send Cache-Control", name.location, .note)
        }
        if !s.lock {
            warn(
                "the cache works without \"proxy_cache_lock\": every request for a missing response goes to the app",
                "add proxy_cache_lock on;", name.location, .note)
        }
        if !s.bypass.isEmpty, s.noStore.isEmpty, s.bypass.contains(where: { $0.names.contains { $0.hasPrefix("cookie_") } }) {
            warn(
                "\"proxy_cache_bypass\" by a cookie without \"proxy_no_cache\": what is personal may be stored for all",
                "add proxy_no_cache with the same values", name.location)
        }
    }
}

/// Reads `proxy_cache_path`.
enum CachePathSyntax {
    static func parse(_ statement: Statement, _ c: ApplyContext) throws(Diagnostic) -> CacheZoneDefinition {
        var path = c.paths.resolve(statement.arguments[0].text)
        if path.hasSuffix("/"), path.count > 1 { path.removeLast() }
        var name: String?
        var memory = 0
        for option in statement.arguments.dropFirst() {
            guard let value = option.value(of: "keys_zone") else { continue }
            guard let colon = value.text.lastIndex(of: ":"), colon != value.text.startIndex,
                let size = ArgumentTypes.size(String(value.text[value.text.index(after: colon)...])), size >= 8192
            else { throw value.invalid(expected: "name:size, the size at least 8k") }
            name = String(value.text[..<colon])
            memory = size
        }
        guard let name else {
            throw Diagnostic("\"proxy_cache_path\" must have the \"keys_zone\" parameter", at: statement.location)
        }
        var definition = CacheZoneDefinition(name: name, path: path, memory: memory)
        for option in statement.arguments.dropFirst() { try apply(option, &definition) }
        return definition
    }

    private static func apply(_ option: Argument, _ d: inout CacheZoneDefinition) throws(Diagnostic) {
        if option.value(of: "keys_zone") != nil { return }
        if let value = option.value(of: "levels") {
            d.levels = try levels(value)
        } else if let value = option.value(of: "max_size") {
            d.maxSize = try value.size()
        } else if let value = option.value(of: "min_free") {
            d.minFree = try value.size()
        } else if let value = option.value(of: "inactive") {
            d.inactive = Int(try value.seconds())
        } else if let value = option.value(of: "use_temp_path") {
            d.usesTemporaryPath = try value.flag()
        } else if let value = option.value(of: "loader_files") {
            d.loaderFiles = try value.integer(1...1_000_000)
        } else if let value = option.value(of: "loader_sleep") {
            d.loaderSleep = Int(try value.milliseconds())
        } else if let value = option.value(of: "loader_threshold") {
            d.loaderThreshold = Int(try value.milliseconds())
        } else if let value = option.value(of: "manager_files") {
            d.managerFiles = try value.integer(1...1_000_000)
        } else if let value = option.value(of: "manager_sleep") {
            d.managerSleep = Int(try value.milliseconds())
        } else if let value = option.value(of: "manager_threshold") {
            d.managerThreshold = Int(try value.milliseconds())
        } else {
            throw option.unknownParameter(
                of: "proxy_cache_path",
                known: [
                    "levels=", "keys_zone=", "max_size=", "min_free=", "inactive=", "use_temp_path=", "loader_files=",
                    "loader_sleep=", "loader_threshold=", "manager_files=", "manager_sleep=", "manager_threshold=",
                ])
        }
    }

    private static func levels(_ value: Argument) throws(Diagnostic) -> [Int] {
        var levels: [Int] = []
        for part in value.text.split(separator: ":", omittingEmptySubsequences: false) {
            guard part == "1" || part == "2", levels.count < 3 else {
                throw value.invalid(expected: "one to three numbers 1 or 2 with colons: 1:2")
            }
            levels.append(part == "1" ? 1 : 2)
        }
        return levels
    }
}
