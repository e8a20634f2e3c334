/// A block of addresses: `10.0.0.0/8`, `2001:db8::/32`, one address, or `unix:`.
public enum CIDRBlock: Hashable, Sendable {
    case v4(network: UInt32, mask: UInt32)
    case v6(network: [UInt8], prefix: Int)
    case unix
    case all

    /// Reads the text form as `allow` and `set_real_ip_from` take it.
    public init?(_ text: String) {
        if text == "unix:" {
            self = .unix
            return
        }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let given: Int?
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ $0 &- 48 < 10 }), let number = Int(parts[1]) else { return nil }
            given = number
        } else {
            given = nil
        }
        if let address = IPv4Address(parts[0]) {
            let prefix = given ?? 32
            guard prefix <= 32 else { return nil }
            let mask: UInt32 = prefix == 0 ? 0 : ~0 << UInt32(32 - prefix)
            self = .v4(network: address.value & mask, mask: mask)
        } else if let address = IPv6Address(parts[0]) {
            let prefix = given ?? 128
            guard prefix <= 128 else { return nil }
            self = .v6(network: CIDRBlock.masked(address.bytes, prefix), prefix: prefix)
        } else {
            return nil
        }
    }

    /// Whether the text form sets bits behind its prefix, which mean nothing: `10.0.0.1/8`.
    public static func hasStrayBits(_ text: String) -> Bool {
        guard let address = SocketAddress.parse(ip: String(text.prefix { $0 != "/" }), port: 0) else { return false }
        switch (CIDRBlock(text), address) {
        case (.v4(let network, _), .v4(let address, _)): return network != address.value
        case (.v6(let network, _), .v6(let address, _)): return network != address.bytes
        default: return false
        }
    }

    /// Whether the address lies in the block; an IPv4 address mapped into IPv6 is looked at as IPv4 too.
    public func contains(_ address: SocketAddress) -> Bool {
        switch (self, address) {
        case (.all, _): true
        case (.unix, .unix): true
        case (.v4(let network, let mask), .v4(let address, _)): address.value & mask == network
        case (.v4(let network, let mask), .v6(let address, _)): address.mappedIPv4.map { $0.value & mask == network } ?? false
        case (.v6(let network, let prefix), .v6(let address, _)): CIDRBlock.masked(address.bytes, prefix) == network
        default: false
        }
    }

    private static func masked(_ bytes: [UInt8], _ prefix: Int) -> [UInt8] {
        var result = bytes
        for index in 0..<16 {
            let bits = min(max(prefix - index * 8, 0), 8)
            result[index] &= bits == 0 ? 0 : 0xff << UInt8(8 - bits)
        }
        return result
    }
}
