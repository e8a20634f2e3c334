import Configuration
import Platform
import Server

/// `listen`: the addresses of a server.
public enum Listen: Feature {
    public struct Settings: Sendable { var listens: [ListenSpecification] = [] }
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = [
        .custom(
            "listen", arity: 1..., inheritance: .own, repeats: true, in: .server,
            syntax:
                "*address*[:*port*] | *port* | unix:*path* [default_server] [ssl] [proxy_protocol] [backlog=*number*] [reuseport] [ipv6only=on|off] …",
            default: "*:80", "An address that the server answers on.", apply)
    ]

    private static func apply(_ settings: inout Settings, _ statement: Statement, _ context: ApplyContext) throws(Diagnostic) {
        let argument = statement.arguments[0]
        for address in try ListenAddress.parse(argument) {
            var listen = ListenSpecification(address: address, location: argument.location)
            for option in statement.arguments.dropFirst() { try apply(option, to: &listen, context) }
            settings.listens.append(listen)
        }
    }

    private static func apply(
        _ option: Argument, to listen: inout ListenSpecification, _ context: ApplyContext
    ) throws(Diagnostic) {
        switch option.text {
        case "default_server", "default": listen.isDefaultServer = true
        case "reuseport":
            listen.reusesPort = true
            listen.setsOptions = true
        case "bind": listen.setsOptions = true
        case "deferred":
            listen.options.defersAccept = true
            listen.setsOptions = true
        case "ssl": listen.isEncrypted = true
        case "http2": context.note(ServerTLS.http2Note, at: option.location)
        case "proxy_protocol": listen.expectsProxyHeader = true
        case "quic", "spdy", "multipath": throw later(option)
        default: try applyValue(option, to: &listen)
        }
    }

    private static func applyValue(_ option: Argument, to listen: inout ListenSpecification) throws(Diagnostic) {
        if let value = option.value(of: "backlog") {
            listen.backlog = try value.integer(-1...Int(Int32.max))
            listen.setsOptions = true
        } else if let value = option.value(of: "ipv6only") {
            listen.ipv6Only = try value.flag()
            listen.setsOptions = true
        } else if let value = option.value(of: "rcvbuf") {
            listen.options.receiveBuffer = Int32(clamping: try value.size())
            listen.setsOptions = true
        } else if let value = option.value(of: "sndbuf") {
            listen.options.sendBuffer = Int32(clamping: try value.size())
            listen.setsOptions = true
        } else if let value = option.value(of: "fastopen") {
            listen.options.fastOpenQueue = Int32(try value.integer(0...Int(Int32.max)))
            listen.setsOptions = true
        } else if let value = option.value(of: "so_keepalive") {
            try ListenKeepAlive.apply(value, to: &listen.options)
            listen.setsOptions = true
        } else if option.value(of: "setfib") != nil || option.value(of: "accept_filter") != nil {
            throw Diagnostic(
                "the parameter \(Diagnostic.quoted(option.text)) of \"listen\" has no meaning on Linux", at: option.location)
        } else {
            throw option.unknownParameter(
                of: "listen",
                known: [
                    "default_server", "ssl", "http2", "proxy_protocol", "reuseport", "deferred", "bind", "backlog=",
                    "ipv6only=", "rcvbuf=",
                    "sndbuf=",
                    "fastopen=",
                    "so_keepalive=",
                ])
        }
    }

    private static func later(_ option: Argument) -> Diagnostic {
        let reason: String
        switch option.text {
        case "spdy": reason = "SPDY was HTTP/2 before it had that name; take the word away"
        case "quic": reason = "HTTP/3 comes with a later version"
        default: reason = "this option of the socket comes with a later version"
        }
        return Diagnostic(
            "the parameter \(Diagnostic.quoted(option.text)) of \"listen\" is not supported yet", at: option.location,
            hint: reason)
    }

    public static func install(_ settings: Settings, in server: inout ServerPlanBuilder) throws(Diagnostic) {
        server.listens = settings.listens
        if server.listens.isEmpty {
            let port: UInt16 = ProcessControl.isRoot ? 80 : 8000
            server.listens = [ListenSpecification(address: .v4(.any, port: port), location: server.block.header.location)]
        }
    }
}

/// `so_keepalive=on|off|[idle]:[interval]:[count]`.
enum ListenKeepAlive {
    static func apply(_ value: Argument, to options: inout ListenOptions) throws(Diagnostic) {
        if let isOn = ArgumentTypes.flag(value.text) {
            options.keepAlive = isOn
            return
        }
        let parts = value.text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts.contains(where: { !$0.isEmpty }) else { throw invalid(value) }
        options.keepAlive = true
        options.keepAliveIdle = try number(parts[0], value, ArgumentTypes.seconds)
        options.keepAliveInterval = try number(parts[1], value, ArgumentTypes.seconds)
        options.keepAliveCount = try number(parts[2], value) { ArgumentTypes.integer($0).map { Int64($0) } }
    }

    /// nil where nothing is written: the system's own.
    private static func number(
        _ text: String, _ value: Argument, _ read: (String) -> Int64?
    ) throws(Diagnostic) -> Int32? {
        if text.isEmpty { return nil }
        guard let number = read(text), let small = Int32(exactly: number), small > 0 else { throw invalid(value) }
        return small
    }

    private static func invalid(_ value: Argument) -> Diagnostic {
        value.invalid(expected: "on, off, or idle:interval:count, at least one of them given")
    }
}

/// The address of a `listen`, as nginx writes it.
enum ListenAddress {
    /// One address, or several for a range of ports or a host name with several addresses.
    static func parse(_ argument: Argument) throws(Diagnostic) -> [SocketAddress] {
        let text = argument.text
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty, path.utf8.count <= SocketAddress.maximumPathLength else {
                throw Diagnostic("the path of a Unix socket has 1 to 107 bytes", at: argument.location)
            }
            return [.unix(path: path)]
        }
        var host = ""
        var ports = text
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw invalid(argument) }
            host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            if !rest.isEmpty, !rest.hasPrefix(":") { throw invalid(argument) }
            ports = rest.isEmpty ? "80" : String(rest.dropFirst())
        } else if let colon = text.lastIndex(of: ":") {
            host = String(text[..<colon])
            ports = String(text[text.index(after: colon)...])
        } else if text.utf8.contains(where: { !($0 >= 48 && $0 <= 57) && $0 != 45 }) || text.contains(".") {
            host = text
            ports = "80"
        }
        let range = try portRange(ports, argument)
        let base = try address(host, argument)
        return base.flatMap { address in range.map { address.withPort($0) } }
    }

    private static func portRange(_ text: String, _ argument: Argument) throws(Diagnostic) -> ClosedRange<UInt16> {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let low = UInt16(parts[0]), low > 0 else {
            throw Diagnostic("invalid port in \(Diagnostic.quoted(argument.text))", at: argument.location)
        }
        if parts.count == 1 { return low...low }
        guard let high = UInt16(parts[1]), high >= low else {
            throw Diagnostic("invalid port range in \(Diagnostic.quoted(argument.text))", at: argument.location)
        }
        return low...high
    }

    private static func address(_ host: String, _ argument: Argument) throws(Diagnostic) -> [SocketAddress] {
        if host.isEmpty || host == "*" { return [.v4(.any, port: 0)] }
        if let address = SocketAddress.parse(ip: host, port: 0) { return [address] }
        do throws(NameResolutionError) {
            return try resolve(host: host, port: 0)
        } catch {
            throw Diagnostic(
                "host not found in \(Diagnostic.quoted(argument.text))", at: argument.location, hint: error.message)
        }
    }

    private static func invalid(_ argument: Argument) -> Diagnostic {
        Diagnostic("invalid address \(Diagnostic.quoted(argument.text))", at: argument.location)
    }
}
