import Platform

/// Why a text is not the address of an upstream server; `message` is for a diagnostic.
public enum UpstreamAddressError: Error, Equatable {
    case noHost
    case invalidHost
    case invalidIPv6
    case invalidPort
    case noPath
    case pathTooLong

    public var message: String {
        switch self {
        case .noHost: "no host"
        case .invalidHost: "invalid host"
        case .invalidIPv6: "invalid IPv6 address"
        case .invalidPort: "invalid port"
        case .noPath: "no path in the unix domain socket"
        case .pathTooLong: "too long path in the unix domain socket"
        }
    }
}

/// The address of an upstream server as written in `server` or after the scheme of `proxy_pass`, before names are resolved.
public struct UpstreamAddress: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// A name: an `upstream`'s, or one to resolve.
        case name
        case ipv4
        /// `host` has no brackets.
        case ipv6
        /// `host` is the path.
        case unix
    }

    public var kind: Kind
    /// The name (lower case), the address or the path.
    public var host: String
    /// The port, where one was written; never 0.
    public var port: UInt16?

    public init(kind: Kind, host: String, port: UInt16?) {
        self.kind = kind
        self.host = host
        self.port = port
    }

    /// Reads the whole of `text`: `host`, `host:port`, `[v6]:port`, `unix:/path`.
    public static func parse(_ text: String) throws(UpstreamAddressError) -> UpstreamAddress {
        let bytes = Array(text.utf8)
        if isUnix(bytes) { return try unix(bytes[5...]) }
        return try internet(bytes[...])
    }

    /// Reads what follows `http://` in `proxy_pass`: an address and, where there is one, the URI part, which begins with `/`
    /// or `?`. A socket's path ends at a colon: `unix:/path:/uri`.
    public static func parse(
        proxyPass text: String
    ) throws(UpstreamAddressError) -> (address: UpstreamAddress, uri: String?) {
        let bytes = Array(text.utf8)
        if isUnix(bytes) {
            let path = bytes[5...]
            guard let colon = path.firstIndex(of: UInt8(ascii: ":")) else { return (try unix(path), nil) }
            let uri = path[(colon + 1)...]
            return (try unix(path[..<colon]), uri.isEmpty ? nil : String(decoding: uri, as: UTF8.self))
        }
        let end = bytes.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? bytes.count
        let uri = end < bytes.count ? String(decoding: bytes[end...], as: UTF8.self) : nil
        return (try internet(bytes[..<end]), uri)
    }

    /// The address to connect to, unless it is a name.
    public func socketAddress(defaultPort: UInt16) -> SocketAddress? {
        switch kind {
        case .name: nil
        case .unix: .unix(path: host)
        case .ipv4, .ipv6: SocketAddress.parse(ip: host, port: port ?? defaultPort)
        }
    }

    private static func isUnix(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 5 && String(decoding: bytes[..<5], as: UTF8.self).lowercased() == "unix:"
    }

    private static func unix(_ path: ArraySlice<UInt8>) throws(UpstreamAddressError) -> UpstreamAddress {
        guard !path.isEmpty else { throw .noPath }
        guard path.count <= SocketAddress.maximumPathLength else { throw .pathTooLong }
        return UpstreamAddress(kind: .unix, host: String(decoding: path, as: UTF8.self), port: nil)
    }

    private static func internet(_ text: ArraySlice<UInt8>) throws(UpstreamAddressError) -> UpstreamAddress {
        guard let first = text.first else { throw .noHost }
        if first == UInt8(ascii: "[") { return try bracketed(text) }
        let end = text.firstIndex(of: UInt8(ascii: ":")) ?? text.endIndex
        let port = end < text.endIndex ? try number(text[(end + 1)...]) : nil
        let name = text[..<end]
        guard !name.isEmpty else { throw .noHost }
        guard name.allSatisfy({ $0 > 32 && $0 != 127 }) else { throw .invalidHost }
        let host = String(decoding: name, as: UTF8.self).lowercased()
        return UpstreamAddress(kind: IPv4Address(host) == nil ? .name : .ipv4, host: host, port: port)
    }

    private static func bracketed(_ text: ArraySlice<UInt8>) throws(UpstreamAddressError) -> UpstreamAddress {
        guard let close = text.firstIndex(of: UInt8(ascii: "]")) else { throw .invalidIPv6 }
        let host = String(decoding: text[(text.startIndex + 1)..<close], as: UTF8.self)
        guard IPv6Address(host) != nil else { throw .invalidIPv6 }
        let rest = text[(close + 1)...]
        guard let colon = rest.first else { return UpstreamAddress(kind: .ipv6, host: host, port: nil) }
        guard colon == UInt8(ascii: ":") else { throw .invalidHost }
        return UpstreamAddress(kind: .ipv6, host: host, port: try number(rest.dropFirst()))
    }

    private static func number(_ text: ArraySlice<UInt8>) throws(UpstreamAddressError) -> UInt16 {
        guard !text.isEmpty, text.count <= 5, text.allSatisfy({ $0 &- 48 < 10 }),
            let port = UInt16(String(decoding: text, as: UTF8.self)), port > 0
        else { throw .invalidPort }
        return port
    }
}
