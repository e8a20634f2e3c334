import Bytes

/// A host and perhaps a port, as in Host or an absolute target (RFC 9110 §7.2, RFC 3986 §3.2).
public enum Authority {
    /// Reads `host[:port]`: the host goes to `host` in lower case and without a trailing dot, an IPv6 address with its
    /// brackets. A colon without digits is no port. False when it is malformed, empty, or the port is above 65535.
    public static func parse(_ text: Span<UInt8>, host: inout [UInt8], port: inout Int?) -> Bool {
        guard text.count > 0 else { return false }
        guard let hostEnd = text[0] == UInt8(ascii: "[") ? literalEnd(text) : nameEnd(text) else { return false }
        guard let value = parsePort(text, from: hostEnd) else { return false }
        var end = hostEnd
        if text[end - 1] == UInt8(ascii: ".") { end -= 1 }
        guard end > 0 else { return false }
        if !host.isEmpty { host.removeAll(keepingCapacity: true) }
        host.append(text.extracting(0..<end))
        for index in 0..<end where host[index] &- 65 < 26 { host[index] |= 0x20 }
        port = value < 0 ? nil : value
        return true
    }

    /// The position after a registered name or IPv4 address.
    private static func nameEnd(_ text: Span<UInt8>) -> Int? {
        var index = 0
        var previous: UInt8 = 0
        while index < text.count {
            let byte = text[index]
            if ASCII.isLetter(byte) {
                previous = byte
                index &+= 1
                continue
            }
            if byte == UInt8(ascii: ":") { break }
            if byte == UInt8(ascii: ".") {
                if previous == byte { return nil }
            } else if !isHostByte(byte), byte != UInt8(ascii: "%") {
                return nil
            }
            previous = byte
            index &+= 1
        }
        return index > 0 ? index : nil
    }

    /// The position after the closing bracket of an IP literal.
    private static func literalEnd(_ text: Span<UInt8>) -> Int? {
        var index = 1
        var previous: UInt8 = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "]") { return index + 1 }
            if byte == UInt8(ascii: ".") {
                if previous == byte { return nil }
            } else if !isHostByte(byte), byte != UInt8(ascii: ":") {
                return nil
            }
            previous = byte
            index &+= 1
        }
        return nil
    }

    /// The port after a host that ends at `start`; -1 when there is none, nil when it is malformed.
    private static func parsePort(_ text: Span<UInt8>, from start: Int) -> Int? {
        guard start < text.count else { return -1 }
        guard text[start] == UInt8(ascii: ":") else { return nil }
        if start + 1 == text.count { return -1 }
        var port = 0
        for index in (start + 1)..<text.count {
            guard ASCII.isDigit(text[index]) else { return nil }
            port = port * 10 + Int(text[index] &- 48)
            if port > 65535 { return nil }
        }
        return port
    }

    /// Unreserved characters and sub-delimiters (RFC 3986 §2), the full stop apart.
    @inline(__always)
    private static func isHostByte(_ byte: UInt8) -> Bool {
        if byte < 64 { return 0x2bff_3fd2_0000_0000 as UInt64 &>> UInt64(byte) & 1 != 0 }
        return byte < 128 && 0x47ff_fffe_87ff_fffe as UInt64 &>> UInt64(byte &- 64) & 1 != 0
    }
}
