import Bytes
import Platform

/// Finds the client behind trusted proxies (`set_real_ip_from`, `real_ip_header`, `real_ip_recursive`), as nginx does.
///
/// Nobody is believed who is not trusted: a value counts only when the address that vouches for it is within `trusted`.
/// The walk begins with the connection's peer and reads the field's lines from the last to the first, each from its end.
public struct ForwardedAddress {
    /// The address so far: the peer's, then the last one that was believed.
    public private(set) var address: SocketAddress
    /// Whether any value was believed.
    public private(set) var isForwarded = false
    private let trusted: [CIDRBlock]
    private let isRecursive: Bool

    /// Starts with the peer of the connection.
    public init(peer: SocketAddress, trusted: [CIDRBlock], isRecursive: Bool) {
        address = peer
        self.trusted = trusted
        self.isRecursive = isRecursive
    }

    /// Whether the address so far may say on whose behalf it asks.
    public var isTrusted: Bool {
        for block in trusted where block.contains(address) { return true }
        return false
    }

    /// Reads one line of the field, the last line of the request first. True: the line before it is to be read as well.
    public mutating func take(_ line: Span<UInt8>) -> Bool {
        var end = line.count
        repeat {
            guard isTrusted else { return false }
            // Spaces and commas at the end, then what stands before them up to the next space or comma. The first byte of
            // the line is never looked at as a separator.
            while end > 1, Self.separates(line[end - 1]) { end -= 1 }
            guard end > 0 else { return false }
            var start = end - 1
            while start > 0, !Self.separates(line[start]) { start -= 1 }
            if start > 0 || Self.separates(line[start]) && end > 1 { start += 1 }
            guard let found = Self.parse(line.extracting(start..<end)) else { return false }
            address = found
            isForwarded = true
            guard isRecursive, start > 0 else { break }
            end = start - 1
        } while end > 0
        return isRecursive
    }

    private static func separates(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == UInt8(ascii: ",") }

    /// The client that a PROXY header named (`real_ip_header proxy_protocol`), where the peer is trusted.
    public static func behind(_ header: ProxyHeader?, peer: SocketAddress, trusted: [CIDRBlock]) -> SocketAddress? {
        guard let source = header?.source else { return nil }
        return ForwardedAddress(peer: peer, trusted: trusted, isRecursive: false).isTrusted ? source : nil
    }

    /// Reads an address with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`. Without
    /// one the port is 0; a port of 0 is none, and brackets demand one, as in nginx.
    public static func parse(_ text: Span<UInt8>) -> SocketAddress? {
        if text.count == 0 || text.count > 64 { return nil }
        if let address = ipv4(text) { return .v4(address, port: 0) }
        if text[0] == UInt8(ascii: "[") {
            guard let close = text.firstIndex(of: UInt8(ascii: "]")), close + 1 < text.count,
                text[close + 1] == UInt8(ascii: ":"), let port = port(text.extracting((close + 2)..<text.count)),
                let address = IPv6Address(text.extracting(1..<close).string)
            else { return nil }
            return .v6(address, port: port)
        }
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        if let address = ipv4(text.extracting(0..<colon)) {
            return port(text.extracting((colon + 1)..<text.count)).map { .v4(address, port: $0) }
        }
        return IPv6Address(text.string).map { .v6($0, port: 0) }
    }

    private static func port(_ text: Span<UInt8>) -> UInt16? {
        guard text.count <= 5, let number = text.decimal(), number > 0 else { return nil }
        return UInt16(exactly: number)
    }

    /// Four decimal numbers with dots, without allocating: behind a balancer each request is asked.
    private static func ipv4(_ text: Span<UInt8>) -> IPv4Address? {
        guard text.count >= 7, text.count <= 15 else { return nil }
        var value: UInt32 = 0
        var part: UInt32 = 0
        var digits = 0
        var dots = 0
        for index in 0..<text.count {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                value = value << 8 | part
                (part, digits, dots) = (0, 0, dots + 1)
            } else {
                guard ASCII.isDigit(byte), digits < 3 else { return nil }
                part = part * 10 + UInt32(byte &- 48)
                digits += 1
                guard part < 256 else { return nil }
            }
        }
        guard dots == 3, digits > 0 else { return nil }
        return IPv4Address(value: value << 8 | part)
    }
}
