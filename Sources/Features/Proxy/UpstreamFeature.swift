import Configuration
import Platform
import Server
import Upstreams

/// `upstream` blocks: named groups of servers (https://nginx.org/en/docs/http/ngx_http_upstream_module.html).
public enum UpstreamFeature: Feature {
    public struct ServerLine: Sendable {
        let address: Argument
        var weight = 1
        var maxFails = 1
        var failTimeout: Int64 = 10_000
        var maxConnections = 0
        var isBackup = false
        var isDown = false
    }
    public struct Settings: Sendable {
        var servers: [ServerLine] = []
        /// nginx's default since 1.29.7.
        var keepalive = 32
        var timeout: Int64 = 60_000
        var requests = 1000
        var time: Int64 = 3_600_000
    }
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = [
        .opens(
            "upstream", as: .upstream, arity: 1...1, in: .http, syntax: "*name*",
            "A group of servers that requests are passed to."),
        .custom(
            "server", arity: 1..., inheritance: .own, repeats: true, in: .upstream,
            syntax: "*address* [weight=*n*] [max_fails=*n*] [fail_timeout=*time*] [max_conns=*n*] [backup] [down]",
            "One server of the group.", server),
        .custom(
            "keepalive", arity: 1...2, in: .upstream, syntax: "*connections* [local]", default: "32",
            "How many idle connections to the group each loop keeps.", keepalive),
        .time("keepalive_timeout", \.timeout, in: .upstream, "How long an idle connection to the group is kept."),
        .integer("keepalive_requests", \.requests, 1...Int.max, in: .upstream, "How many requests a connection may carry."),
        .time("keepalive_time", \.time, in: .upstream, "How long a connection may take requests after its opening."),
    ]

    private static func server(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        var line = ServerLine(address: statement.arguments[0])
        for option in statement.arguments.dropFirst() {
            if let value = option.value(of: "weight") {
                line.weight = try value.integer(1...1_000_000)
            } else if let value = option.value(of: "max_fails") {
                line.maxFails = try value.integer(0...1_000_000)
            } else if let value = option.value(of: "fail_timeout") {
                line.failTimeout = try value.milliseconds()
            } else if let value = option.value(of: "max_conns") {
                line.maxConnections = try value.integer(0...1_000_000)
            } else if option.text == "backup" {
                line.isBackup = true
            } else if option.text == "down" {
                line.isDown = true
            } else if ["resolve", "drain"].contains(option.text) || option.value(of: "slow_start") != nil
                || option.value(of: "route") != nil
                || option.value(of: "service") != nil
            {
                throw Diagnostic(
                    "the parameter \(Diagnostic.quoted(option.text)) comes with a later version", at: option.location)
            } else {
                throw option.unknownParameter(
                    of: "server", known: ["weight=", "max_fails=", "fail_timeout=", "max_conns=", "backup", "down"])
            }
        }
        s.servers.append(line)
    }

    private static func keepalive(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        s.keepalive = try statement.arguments[0].integer(0...100_000)
        if statement.arguments.count > 1, statement.arguments[1].text != "local" {
            throw statement.arguments[1].invalid(expected: "local")
        }
    }

    public static func install(_ settings: Settings, from block: Block, in site: SiteBuilder) throws(Diagnostic) {
        let directory = UpstreamDirectory()
        site.upstreamDirectory = directory
        var names: Set<String> = []
        for child in block.children(.upstream) {
            guard let name = child.header.arguments.first else { continue }
            guard names.insert(name.text.lowercased()).inserted else {
                throw Diagnostic("duplicate upstream \(Diagnostic.quoted(name.text))", at: name.location)
            }
            let own = child.settings(UpstreamFeature.self)
            let peers = try peers(own, name)
            let group = site.named.group("upstream \(name.text)") { UpstreamGroup(name: name.text, peers: peers) }
            group.apply(peers)
            let policy = KeepAlivePolicy(
                capacity: own.keepalive, timeout: own.timeout, requests: own.requests, lifetime: own.time)
            directory.add(name.text.lowercased(), UpstreamDirectory.Member(group: group, keepAlive: policy, port: nil))
        }
    }

    private static func peers(_ settings: Settings, _ name: Argument) throws(Diagnostic) -> [PeerDefinition] {
        var peers: [PeerDefinition] = []
        for line in settings.servers {
            for address in try UpstreamAddresses.resolve(line.address, line.address.text) {
                peers.append(
                    PeerDefinition(
                        address, name: line.address.text, weight: line.weight, maxFails: line.maxFails,
                        failTimeout: line.failTimeout,
                        isBackup: line.isBackup, isDown: line.isDown, maxConnections: line.maxConnections))
            }
        }
        guard peers.contains(where: { !$0.isBackup }) else {
            throw Diagnostic("no servers are inside upstream \(Diagnostic.quoted(name.text))", at: name.location)
        }
        return peers
    }
}

/// Addresses of upstream servers as written, turned into what can be connected to.
enum UpstreamAddresses {
    static func resolve(_ argument: Argument, _ text: String) throws(Diagnostic) -> [SocketAddress] {
        let parsed: UpstreamAddress
        do throws(UpstreamAddressError) {
            parsed = try UpstreamAddress.parse(text)
        } catch {
            throw Diagnostic("\(error.message) in upstream \(Diagnostic.quoted(text))", at: argument.location)
        }
        return try addresses(parsed, argument)
    }

    static func addresses(
        _ parsed: UpstreamAddress, _ argument: Argument, defaultPort: UInt16 = 80
    ) throws(Diagnostic) -> [SocketAddress] {
        if let address = parsed.socketAddress(defaultPort: defaultPort) { return [address] }
        do throws(NameResolutionError) {
            return try Platform.resolve(host: parsed.host, port: parsed.port ?? defaultPort)
        } catch {
            throw Diagnostic(
                "host not found in upstream \(Diagnostic.quoted(parsed.host))", at: argument.location,
                hint: "\(error.message); names are resolved when the configuration is read")
        }
    }
}
