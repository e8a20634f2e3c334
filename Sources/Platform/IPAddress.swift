import Glibc

/// An IPv4 address.
public struct IPv4Address: Hashable, Sendable, CustomStringConvertible {
    /// The four bytes as one number in host order: 127.0.0.1 is 0x7f000001.
    public let value: UInt32

    public init(value: UInt32) { self.value = value }
    init(networkOrder: UInt32) { value = UInt32(bigEndian: networkOrder) }

    public static let any = IPv4Address(value: 0)
    public static let loopback = IPv4Address(value: 0x7f00_0001)

    var networkOrder: UInt32 { value.bigEndian }

    public var bytes: (UInt8, UInt8, UInt8, UInt8) {
        (
            UInt8(truncatingIfNeeded: value >> 24), UInt8(truncatingIfNeeded: value >> 16),
            UInt8(truncatingIfNeeded: value >> 8),
            UInt8(truncatingIfNeeded: value)
        )
    }

    /// Reads four decimal numbers with dots.
    public init?(_ text: String) {
        var parts: [UInt32] = []
        for part in text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard (1...3).contains(part.count), part.allSatisfy({ $0 &- 48 < 10 }) else { return nil }
            guard let number = UInt32(String(decoding: Array(part), as: UTF8.self)), number < 256 else { return nil }
            parts.append(number)
        }
        guard parts.count == 4 else { return nil }
        value = parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3]
    }

    public var description: String {
        let bytes = self.bytes
        return "\(bytes.0).\(bytes.1).\(bytes.2).\(bytes.3)"
    }
}

/// An IPv6 address.
public struct IPv6Address: Hashable, Sendable, CustomStringConvertible {
    /// The sixteen bytes in network order.
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) {
        precondition(bytes.count == 16)
        self.bytes = bytes
    }

    public static let any = IPv6Address(bytes: [UInt8](repeating: 0, count: 16))
    public static let loopback = IPv6Address(bytes: [UInt8](repeating: 0, count: 15) + [1])

    /// Reads the text form (RFC 4291 §2.2).
    public init?(_ text: String) {
        var form = in6_addr()
        // Sound: inet_pton writes one in6_addr. It would read on the near side of a zero byte only.
        guard !text.utf8.contains(0), unsafe inet_pton(AF_INET6, text, &form) == 1 else { return nil }
        bytes = unsafe withUnsafeBytes(of: &form) { unsafe Array($0) }
    }

    /// The canonical text form (RFC 5952), as the C library writes it.
    public var description: String {
        var form = in6_addr()
        unsafe withUnsafeMutableBytes(of: &form) { unsafe $0.copyBytes(from: bytes) }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        // Sound: the text has the size that the call is told.
        guard unsafe inet_ntop(AF_INET6, &form, &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The IPv4 address inside `::ffff:a.b.c.d`.
    public var mappedIPv4: IPv4Address? {
        guard bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff else { return nil }
        return IPv4Address(value: bytes[12...].reduce(0) { $0 << 8 | UInt32($1) })
    }
}
