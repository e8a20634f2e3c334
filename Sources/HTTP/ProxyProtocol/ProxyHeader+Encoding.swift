import Bytes
import Platform

/// The header that goes to an upstream or a mail of ours before the first byte: who the client is, whom it asked for.
extension ProxyHeader {
    /// A header of version 1. Addresses of two families, or of a Unix socket, are `UNKNOWN`, as nginx writes it.
    public static func text(source: SocketAddress, destination: SocketAddress) -> [UInt8] {
        let family: StaticString
        switch (source, destination) {
        case (.v4, .v4): family = "TCP4"
        case (.v6, .v6): family = "TCP6"
        default: return Array("PROXY UNKNOWN\r\n".utf8)
        }
        return Array("PROXY \(family) \(source.host) \(destination.host) \(source.port ?? 0) \(destination.port ?? 0)\r\n".utf8)
    }

    /// A header of version 2. An IPv4 address beside an IPv6 one is mapped; a Unix socket makes it LOCAL.
    public static func binary(source: SocketAddress, destination: SocketAddress) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(literal: "\r\n\r\n\0\r\nQUIT\n")
        guard let sourcePort = source.port, let destinationPort = destination.port else {
            bytes.append(contentsOf: [0x20, 0, 0, 0])
            return bytes
        }
        var addresses: [UInt8]
        if case .v4(let from, _) = source, case .v4(let to, _) = destination {
            bytes.append(contentsOf: [0x21, 0x11, 0, 12])
            addresses = octets(from) + octets(to)
        } else {
            bytes.append(contentsOf: [0x21, 0x21, 0, 36])
            addresses = wide(source) + wide(destination)
        }
        for port in [sourcePort, destinationPort] { addresses += [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)] }
        return bytes + addresses
    }

    private static func octets(_ address: IPv4Address) -> [UInt8] {
        let (a, b, c, d) = address.bytes
        return [a, b, c, d]
    }

    private static func wide(_ address: SocketAddress) -> [UInt8] {
        switch address {
        case .v6(let address, _): address.bytes
        case .v4(let address, _): [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + octets(address)
        case .unix: [UInt8](repeating: 0, count: 16)
        }
    }
}
