import Bytes
import Platform

/// Why what a balancer sent is no header of the PROXY protocol. The connection is closed without an answer.
public struct ProxyHeaderFailure: Error, Sendable, Equatable {
    /// What is wrong.
    public let reason: String
    /// nginx's words for the log; nil: it shows the line, which is no header.
    public let words: String?

    init(_ reason: StaticString) {
        self.reason = "\(reason)"
        words = nil
    }

    init(saying words: String) {
        reason = words
        self.words = words
    }
}

/// What a balancer tells of a connection before its first byte: the PROXY protocol, version 1 (text) and 2 (binary), as
/// HAProxy's `proxy-protocol.txt` describes it.
public struct ProxyHeader: Sendable, Equatable {
    /// Who connected to the balancer; nil when it does not say (`UNKNOWN`, `LOCAL`, a family that is neither IPv4 nor IPv6).
    public let source: SocketAddress?
    /// Whom they connected to.
    public let destination: SocketAddress?
    /// The additional values of version 2, as they came.
    public let values: [UInt8]
    /// Bytes that the header took; what follows is the client's.
    public let length: Int

    /// The longest header of version 1, bytes.
    public static let longestText = 107
    /// The longest header of version 2 that is accepted, bytes.
    public static let longest = 4096

    /// Reads a header at the beginning of `bytes`; nil: it is not whole yet, and nothing in it is wrong so far.
    public static func read(_ bytes: Span<UInt8>) throws(ProxyHeaderFailure) -> ProxyHeader? {
        if bytes.count == 0 { return nil }
        return bytes[0] == ASCII.carriageReturn ? try readBinary(bytes) : try readText(bytes)
    }

    // MARK: Version 1

    private static func readText(_ bytes: Span<UInt8>) throws(ProxyHeaderFailure) -> ProxyHeader? {
        try expect("PROXY ", bytes)
        guard let end = bytes.extracting(0..<min(bytes.count, longestText)).firstIndex(of: ASCII.lineFeed) else {
            if bytes.count >= longestText { throw ProxyHeaderFailure("the line is too long") }
            return nil
        }
        guard end > 6, bytes[end - 1] == ASCII.carriageReturn else {
            throw ProxyHeaderFailure("the line does not end with CRLF")
        }
        let line = bytes.extracting(6..<(end - 1))
        if line.hasPrefix("UNKNOWN") { return ProxyHeader(source: nil, destination: nil, values: [], length: end + 1) }
        guard line.hasPrefix("TCP4 ") || line.hasPrefix("TCP6 ") else { throw ProxyHeaderFailure("an unknown family") }
        let isV6 = line[3] == UInt8(ascii: "6")
        var place = 5
        let source = try address(word(line, &place), isV6)
        let destination = try address(word(line, &place), isV6)
        let sourcePort = try port(word(line, &place))
        let destinationPort = try port(line.extracting(min(place, line.count)..<line.count))
        return ProxyHeader(
            source: source.withPort(sourcePort), destination: destination.withPort(destinationPort), values: [],
            length: end + 1)
    }

    /// The bytes up to the next space, which is passed over.
    @_lifetime(copy line)
    private static func word(_ line: Span<UInt8>, _ place: inout Int) throws(ProxyHeaderFailure) -> Span<UInt8> {
        guard let end = line.firstIndex(of: ASCII.space, from: place), end > place else {
            throw ProxyHeaderFailure("a part is missing")
        }
        let found = line.extracting(place..<end)
        place = end + 1
        return found
    }

    private static func address(_ text: Span<UInt8>, _ isV6: Bool) throws(ProxyHeaderFailure) -> SocketAddress {
        if isV6 {
            guard let address = IPv6Address(text.string) else { throw ProxyHeaderFailure("no IPv6 address") }
            return .v6(address, port: 0)
        }
        guard let address = IPv4Address(text.string) else { throw ProxyHeaderFailure("no IPv4 address") }
        return .v4(address, port: 0)
    }

    private static func port(_ text: Span<UInt8>) throws(ProxyHeaderFailure) -> UInt16 {
        guard text.count <= 5, let number = text.decimal(), let port = UInt16(exactly: number) else {
            throw ProxyHeaderFailure("no port")
        }
        return port
    }

    /// Checks as much of `literal` as has come.
    private static func expect(_ literal: StaticString, _ bytes: Span<UInt8>) throws(ProxyHeaderFailure) {
        var expected: [UInt8] = []
        expected.append(literal: literal)
        for index in 0..<min(expected.count, bytes.count) where bytes[index] != expected[index] {
            throw ProxyHeaderFailure("it does not begin as one")
        }
    }

    // MARK: Version 2

    private static func readBinary(_ bytes: Span<UInt8>) throws(ProxyHeaderFailure) -> ProxyHeader? {
        try expect("\r\n\r\n\0\r\nQUIT\n", bytes)
        guard bytes.count >= 16 else { return nil }
        guard bytes[12] >> 4 == 2 else { throw ProxyHeaderFailure(saying: "unknown PROXY protocol version: \(bytes[12] >> 4)") }
        let total = 16 + (Int(bytes[14]) << 8 | Int(bytes[15]))
        if total > longest { throw ProxyHeaderFailure(saying: "header is too large") }
        if bytes.count < total { return nil }
        // Command 1 is PROXY, transport 1 a stream. All else tells nothing of a client: a balancer's own check is LOCAL.
        let silent = ProxyHeader(source: nil, destination: nil, values: [], length: total)
        guard bytes[12] & 15 == 1, bytes[13] & 15 == 1 else { return silent }
        let body = bytes.extracting(16..<total)
        let size: Int
        switch bytes[13] >> 4 {
        case 1: size = 4
        case 2: size = 16
        default: return silent
        }
        guard body.count >= 2 * size + 4 else { throw ProxyHeaderFailure(saying: "header is too short for its addresses") }
        let ports = body.extracting((2 * size)..<(2 * size + 4))
        return ProxyHeader(
            source: address(body.extracting(0..<size), UInt16(ports[0]) << 8 | UInt16(ports[1])),
            destination: address(body.extracting(size..<(2 * size)), UInt16(ports[2]) << 8 | UInt16(ports[3])),
            values: body.extracting((2 * size + 4)..<body.count).array, length: total)
    }

    /// An address of 4 or 16 bytes.
    private static func address(_ bytes: Span<UInt8>, _ port: UInt16) -> SocketAddress {
        if bytes.count == 16 { return .v6(IPv6Address(bytes: bytes.array), port: port) }
        var value: UInt32 = 0
        for index in 0..<bytes.count { value = value << 8 | UInt32(bytes[index]) }
        return .v4(IPv4Address(value: value), port: port)
    }
}
