import Platform

/// The `http:` URL of a target.
public struct LoadURL: Sendable, Equatable {
    public let address: SocketAddress
    /// For the Host field.
    public let host: String
    /// Path and query; `/` when the URL has none.
    public let target: String

    /// Reads `http://host[:port][/path][?query]`. The host is an address or `localhost`; nginx's `unix:/socket:/path` is
    /// understood too. Throws why not.
    public init(_ text: String) throws(UsageError) {
        if text.hasPrefix("https://") {
            throw UsageError("\(text): https is not supported yet; ask the plain-text port of the server")
        }
        guard text.hasPrefix("http://") else {
            throw UsageError("\"\(text)\" is not a URL; it must begin with http://")
        }
        let rest = text.dropFirst("http://".count)
        if rest.hasPrefix("unix:") {
            self = try LoadURL.unix(rest.dropFirst("unix:".count), text)
            return
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let path = rest.dropFirst(authority.count).prefix { $0 != "#" }
        guard !authority.contains("@") else { throw UsageError("\(text): user names in URLs are not supported; use -H") }
        address = try LoadURL.address(of: authority, text)
        host = String(authority)
        target = path.hasPrefix("/") ? String(path) : "/" + path
        try LoadURL.check(target, text)
    }

    private init(address: SocketAddress, host: String, target: String) {
        (self.address, self.host, self.target) = (address, host, target)
    }

    private static func unix(_ rest: Substring, _ text: String) throws(UsageError) -> LoadURL {
        let parts = rest.split(separator: ":", maxSplits: 1)
        guard let path = parts.first, path.hasPrefix("/"), path.utf8.count <= SocketAddress.maximumPathLength else {
            throw UsageError("\(text): a Unix socket is written http://unix:/path/of/socket:/target")
        }
        let target = parts.count > 1 ? String(parts[1]) : "/"
        try check(target, text)
        return LoadURL(address: .unix(path: String(path)), host: "localhost", target: target)
    }

    private static func check(_ target: String, _ text: String) throws(UsageError) {
        guard target.hasPrefix("/"), target.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
            throw UsageError("\(text): the path must begin with / and hold no space")
        }
    }

    private static func address(of authority: Substring, _ text: String) throws(UsageError) -> SocketAddress {
        var name = authority
        var port: UInt16 = 80
        let isBracketed = authority.hasPrefix("[")
        if let colon = authority.lastIndex(of: ":"), !isBracketed || authority[authority.index(before: colon)] == "]" {
            guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else {
                throw UsageError("\(text): the port is a number from 1 to 65535")
            }
            port = number
            name = authority[..<colon]
        }
        if isBracketed, name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        if name == "localhost" { name = "127.0.0.1" }
        guard !name.isEmpty, let address = SocketAddress.parse(ip: String(name), port: port) else {
            throw UsageError(
                "\(text): \"\(name)\" is not an address; names are not looked up, use an address and -H \"Host: \(name)\"")
        }
        return address
    }
}
