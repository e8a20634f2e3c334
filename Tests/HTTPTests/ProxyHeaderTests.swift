import Bytes
import HTTP
import Platform
import Testing

@Suite("PROXY protocol")
struct ProxyHeaderTests {
    private func read(_ input: [UInt8]) -> String {
        do throws(ProxyHeaderFailure) {
            guard let header = try ProxyHeader.read(input.span) else { return "unfinished" }
            let ends = [header.source, header.destination].map { $0?.description ?? "-" }
            return ends.joined(separator: " ") + " \(header.length)"
        } catch { return error.reason }
    }

    private func read(_ text: String) -> String { read(Array(text.utf8)) }

    @Test("Version 1")
    func text() {
        #expect(read("PROXY TCP4 192.0.2.1 192.0.2.2 123 5678\r\nGET") == "192.0.2.1:123 192.0.2.2:5678 41")
        #expect(read("PROXY TCP6 2001:Db8::1 2001:Db8::2 123 5678\r\n") == "[2001:db8::1]:123 [2001:db8::2]:5678 45")
        #expect(read("PROXY TCP4 192.0.2.1 192.0.2.2 0 00123\r\n") == "192.0.2.1:0 192.0.2.2:123 40")
        #expect(read("PROXY UNKNOWN\r\n") == "- - 15" && read("PROXY UNKNOWN 1 2 3\r\n") == "- - 21")
        #expect(read("PROXY UNKNOWNx\r\n") == "- - 16")
        for part in ["", "P", "PROXY", "PROXY TCP4 1.2.3.4", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r"] {
            #expect(read(part) == "unfinished")
        }
    }

    @Test("What is no header of version 1")
    func brokenText() {
        for broken in [
            "GET / HTTP/1.0\r\n", "proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n", "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n",
            "PROXY UNKNOWN\n", "PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n", "PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n",
            "PROXY TCP4 1.1.1.1 2.2.2.2 1 99999\r\n", "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 x\r\n",
            "PROXY TCP4 1.1.1.1 2.2.2.2 1 \r\n", "PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n", "PROXY TCP4 999.1.1.1 2.2.2.2 1 2\r\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n", "PROXY TCP4 1.1.1.1 2.2.2.2 1 -2\r\n",
            "PROXY \r\n", "PROXY TCP4\r\n", "PROXY UNKNOWN " + String(repeating: "x", count: 100) + "\r\n",
        ] {
            #expect(throws: ProxyHeaderFailure.self, "\(broken)") { try ProxyHeader.read(Array(broken.utf8).span) }
        }
    }

    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
    private static let v4: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 2, 0, 123, 0x16, 0x2e]

    private func binary(_ command: UInt8, _ family: UInt8, _ body: [UInt8], length: Int? = nil) -> [UInt8] {
        let count = length ?? body.count
        return Self.signature + [command, family, UInt8(count >> 8), UInt8(truncatingIfNeeded: count)] + body
    }

    @Test("Version 2")
    func binary() {
        #expect(read(binary(0x21, 0x11, Self.v4) + [71]) == "192.0.2.1:123 192.0.2.2:5678 28")
        let v6 = IPv6Address("2001:db8::1")!.bytes + IPv6Address("2001:db8::2")!.bytes + [0, 123, 0x16, 0x2e]
        #expect(read(binary(0x21, 0x21, v6)) == "[2001:db8::1]:123 [2001:db8::2]:5678 52")
        for (command, family) in [(0x20, 0x11), (0x22, 0x11), (0x21, 0x12), (0x21, 0x31), (0x20, 0)] as [(UInt8, UInt8)] {
            #expect(read(binary(command, family, Self.v4)) == "- - 28")
        }
        #expect(read(binary(0x20, 0, [])) == "- - 16")
        let whole = binary(0x21, 0x11, Self.v4)
        for length in 0..<whole.count { #expect(read(Array(whole[..<length])) == "unfinished") }
        #expect(read(binary(0x11, 0x11, Self.v4)) == "unknown PROXY protocol version: 1")
        #expect(read(binary(0x21, 0x11, Array(Self.v4.dropLast()))) == "header is too short for its addresses")
        #expect(read(binary(0x21, 0x21, Self.v4)) == "header is too short for its addresses")
        #expect(read(binary(0x21, 0x11, [], length: 5000)) == "header is too large")
        #expect(read([13, 10, 13, 11]) == "it does not begin as one")
    }

    @Test("Additional values")
    func values() throws {
        func value(_ kind: UInt8, _ text: String) -> [UInt8] { [kind, 0, UInt8(text.utf8.count)] + Array(text.utf8) }
        let inner = value(0x21, "TLSv1.2") + value(0x22, "example.com") + value(0x25, "RSA512")
        let ssl: [UInt8] = [1, 0, 0, 0, 255] + inner
        let all = value(0x01, "ALPN1") + value(0x02, "localhost") + [0x20, 0, UInt8(ssl.count)] + ssl + value(0xae, "12345")
        let header = try #require(try ProxyHeader.read(binary(0x21, 0x11, Self.v4 + all).span))
        func found(_ name: String) throws -> String? {
            try header.value(#require(ProxyValueName(name))).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(try found("alpn") == "ALPN1" && found("0x01") == "ALPN1" && found("0x1") == "ALPN1")
        #expect(try found("authority") == "localhost" && found("0x000ae") == "12345" && found("unique_id") == nil)
        #expect(try found("ssl_verify") == "255" && found("ssl_version") == "TLSv1.2" && found("ssl_0x21") == "TLSv1.2")
        #expect(try found("ssl_cn") == "example.com" && found("ssl_key_alg") == "RSA512" && found("ssl_cipher") == nil)
        #expect(try header.value(#require(ProxyValueName("ssl"))) == ssl)
        for wrong in ["", "x", "0x", "0xg", "0x100", "ssl_", "ssl_x", "ssl_0xffffffffffffffffffff"] {
            #expect(ProxyValueName(wrong) == nil)
        }
        let cut = try #require(try ProxyHeader.read(binary(0x21, 0x11, Self.v4 + [1, 0, 9, 65]).span))
        #expect(try cut.value(#require(ProxyValueName("alpn"))) == nil)
    }

    @Test("Headers that go out")
    func encoding() {
        let v4 = SocketAddress.v4(IPv4Address("192.0.2.1")!, port: 123)
        let v6 = SocketAddress.v6(IPv6Address("2001:db8::1")!, port: 456)
        func text(_ a: SocketAddress, _ b: SocketAddress) -> String {
            String(decoding: ProxyHeader.text(source: a, destination: b), as: UTF8.self)
        }
        #expect(text(v4, v4) == "PROXY TCP4 192.0.2.1 192.0.2.1 123 123\r\n")
        #expect(text(v6, v6) == "PROXY TCP6 2001:db8::1 2001:db8::1 456 456\r\n")
        #expect(text(v4, v6) == "PROXY UNKNOWN\r\n" && text(.unix(path: "/x"), v4) == "PROXY UNKNOWN\r\n")
        #expect(read(ProxyHeader.binary(source: v4, destination: v4)) == "192.0.2.1:123 192.0.2.1:123 28")
        #expect(read(ProxyHeader.binary(source: v6, destination: v4)) == "[2001:db8::1]:456 [::ffff:192.0.2.1]:123 52")
        #expect(read(ProxyHeader.binary(source: .unix(path: ""), destination: v4)) == "- - 16")
    }
}
