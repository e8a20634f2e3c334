import Platform
import Testing

@testable import Upstreams

@Suite("Upstream addresses")
struct UpstreamAddressTests {
    typealias Address = UpstreamAddress

    @Test(
        "what a server line may say",
        arguments: [
            ("app", Address(kind: .name, host: "app", port: nil)),
            ("App.Example:8080", Address(kind: .name, host: "app.example", port: 8080)),
            ("127.0.0.1", Address(kind: .ipv4, host: "127.0.0.1", port: nil)),
            ("127.0.0.1:3000", Address(kind: .ipv4, host: "127.0.0.1", port: 3000)),
            ("[::1]", Address(kind: .ipv6, host: "::1", port: nil)),
            ("[2001:db8::2]:65535", Address(kind: .ipv6, host: "2001:db8::2", port: 65535)),
            ("unix:/run/app.sock", Address(kind: .unix, host: "/run/app.sock", port: nil)),
            ("UNIX:/Run/App", Address(kind: .unix, host: "/Run/App", port: nil)),
        ])
    func server(text: String, expected: Address) throws {
        #expect(try Address.parse(text) == expected)
    }

    @Test(
        "what it may not say",
        arguments: [
            ("", UpstreamAddressError.noHost), (":80", .noHost), ("app:", .invalidPort), ("app:0", .invalidPort),
            ("app:65536", .invalidPort), ("app:8o", .invalidPort), ("app:-1", .invalidPort), ("app:99999999999", .invalidPort),
            ("::1", .invalidPort), ("[::1", .invalidIPv6), ("[]:80", .invalidIPv6), ("[::g]", .invalidIPv6),
            ("[::1]80", .invalidHost), ("[::1]:", .invalidPort), ("a b", .invalidHost), ("unix:", .noPath),
            ("unix:/" + String(repeating: "x", count: 107), .pathTooLong),
        ])
    func refused(text: String, error: UpstreamAddressError) {
        #expect(throws: error) { _ = try Address.parse(text) }
        #expect(!error.message.isEmpty)
    }

    @Test(
        "an address and the URI part of proxy_pass",
        arguments: [
            ("app", "app", nil as UInt16?, nil as String?), ("app/", "app", nil, "/"), ("app:81/x/y?z", "app", 81, "/x/y?z"),
            ("127.0.0.1:3000?a=/b", "127.0.0.1", 3000, "?a=/b"), ("[::1]:80/a:b", "::1", 80, "/a:b"),
            ("unix:/run/a.sock", "/run/a.sock", nil, nil), ("unix:/run/a.sock:", "/run/a.sock", nil, nil),
            ("unix:/run/a.sock:/uri/", "/run/a.sock", nil, "/uri/"),
        ])
    func proxyPass(text: String, host: String, port: UInt16?, uri: String?) throws {
        let parsed = try Address.parse(proxyPass: text)
        #expect(parsed.address.host == host)
        #expect(parsed.address.port == port)
        #expect(parsed.uri == uri)
    }

    @Test("addresses that need no resolving")
    func literal() throws {
        #expect(try Address.parse("127.0.0.1").socketAddress(defaultPort: 80)?.description == "127.0.0.1:80")
        #expect(try Address.parse("[::1]:8080").socketAddress(defaultPort: 80)?.description == "[::1]:8080")
        #expect(try Address.parse("unix:/a").socketAddress(defaultPort: 80)?.description == "unix:/a")
        #expect(try Address.parse("localhost").socketAddress(defaultPort: 80) == nil)
    }
}
