import Bytes
import HTTP
import Testing

@Suite("Field lines of requests")
struct RequestFieldTests {
    private func request(_ lines: String...) -> String {
        "GET / HTTP/1.1\r\nHost: x\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    @Test(
        "Field lines that are refused",
        arguments: [
            (":foo: x", 400), (" foo: x", 400), ("\tfoo: x", 400), ("foo\u{2}: x", 400), ("foo : x", 400), ("foo", 400),
            ("f oo: x", 400), ("Foo: a\u{0}b", 400), ("Foo: a\rb", 400), ("Foo: a\u{1}", 400), ("Foo: a\r\r", 400),
            ("Foo: x\r\n folded", 400), ("Host: x", 400), ("Content-Length: 1\r\nContent-Length: 1", 400),
            ("Content-Length: x", 400), ("Content-Length: -1", 400), ("Content-Length: +1", 400), ("Content-Length:", 400),
            ("Content-Length: 1, 1", 400), ("Content-Length: 9223372036854775808", 400), ("Content-Length: 0x10", 400),
            ("Content-Length: 1\r\nTransfer-Encoding: chunked", 400), ("Transfer-Encoding: gzip", 501),
            ("Transfer-Encoding: gzip, chunked", 501), ("Transfer-Encoding:", 501), ("Transfer-Encoding: identity", 501),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400), ("Expect: a\r\nExpect: b", 400),
            ("Authorization: a\r\nauthorization: b", 400), ("If-Match: a\r\nIf-Match: b", 400),
            ("If-None-Match: a\r\nIf-None-Match: b", 400), ("If-Range: a\r\nIf-Range: b", 400),
            ("If-Modified-Since: a\r\nIf-Modified-Since: b", 400), ("If-Unmodified-Since: a\r\nIf-Unmodified-Since: b", 400),
            ("Content-Range: a\r\nContent-Range: b", 400), ("Proxy-Authorization: a\r\nProxy-Authorization: b", 400),
        ])
    func refused(line: String, status: Int) {
        #expect(decode(request(line)).status == status)
    }

    @Test(
        "Field lines that are taken",
        arguments: [
            "Foo:x", "Foo:  \t x \t ", "FOO: \u{e4}", "Range: a\r\nRange: b", "TE: trailers\r\nTE: x",
            "User-Agent: a\r\nUser-Agent: b",
            "Cookie: a\r\nCookie: b", "Accept: a\r\nAccept: b", "Foo: a\tb", "Content-Length: 9223372036854775807",
            "Expect: 200-maybe",
        ])
    func taken(line: String) {
        #expect(decode(request(line)).summary != nil)
    }

    @Test("Odd names vanish, or stay with ignore_invalid_headers off")
    func oddNames() throws {
        let odd = request("x.foo: 1", "a_b: 2", "_c: 3", "</kie>: 4", "ok: 5")
        #expect(try #require(decode(odd).summary).fields == ["1 Host: x", "0 ok: 5"])
        var underscores = HeadLimits()
        underscores.allowsUnderscores = true
        #expect(
            try #require(decode(odd, limits: underscores).summary).fields == ["1 Host: x", "0 a_b: 2", "0 _c: 3", "0 ok: 5"])
        var all = HeadLimits()
        all.ignoresInvalidHeaders = false
        #expect(decode(odd, limits: all).status == 400)
        #expect(
            try #require(decode(request("x.foo: 1", "a_b: 2"), limits: all).summary).fields
                == ["1 Host: x", "0 x.foo: 1", "0 a_b: 2"])
    }

    @Test("HTTP/1.1 needs a Host, HTTP/1.0 does not")
    func missingHost() {
        #expect(decode("GET / HTTP/1.1\r\n\r\n").status == 400)
        #expect(decode("GET http://x/ HTTP/1.1\r\n\r\n").status == 400)
        #expect(decode("GET / HTTP/1.0\r\n\r\n").summary?.host == "")
    }

    @Test("Transfer-Encoding in HTTP/1.0 is refused")
    func chunkedInOldVersion() {
        #expect(decode("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").status == 400)
        #expect(decode("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n").summary?.isChunked == true)
    }

    @Test(
        "Persistence",
        arguments: [
            ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
            ("HTTP/1.1", "Connection: Upgrade, CLOSE\r\n", false),
            ("HTTP/1.0", "", false), ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
            ("HTTP/1.0", "Connection: keep-alive\r\nConnection: close\r\n", false),
            ("HTTP/1.1", "Connection: closed\r\n", true),
        ])
    func persistence(version: String, lines: String, keeps: Bool) {
        #expect(decode("GET / \(version)\r\nHost: x\r\n\(lines)\r\n").summary?.keepsAlive == keeps)
    }

    @Test("Expect: 100-continue in HTTP/1.1")
    func expectation() {
        #expect(decode(request("Expect: 100-Continue")).summary?.expectsContinue == true)
        #expect(decode(request("Expect: other")).summary?.expectsContinue == false)
        #expect(decode("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").summary?.expectsContinue == false)
    }

    @Test(
        "Hosts that are taken",
        arguments: [
            ("l", "l", nil), ("L", "l", nil), ("abcd-ef.g02.xyz:", "abcd-ef.g02.xyz", nil), ("a.b.:88", "a.b", 88),
            ("www.example.com.", "www.example.com", nil), ("123.49.0.78:987", "123.49.0.78", 987), ("x:65535", "x", 65535),
            ("[abcd::ef98:0:7654:321]:80", "[abcd::ef98:0:7654:321]", 80),
            ("[::ffff:12.30.67.89]", "[::ffff:12.30.67.89]", nil),
            ("[v1.A~!$&'()*+,;=:]", "[v1.a~!$&'()*+,;=:]", nil), ("a_b%20!", "a_b%20!", nil), ("x:0", "x", 0),
        ] as [(String, String, Int?)])
    func hosts(value: String, host: String, port: Int?) throws {
        let summary = try #require(decode("GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n").summary)
        #expect(summary.host == host)
        #expect(summary.port == port)
    }

    @Test(
        "Hosts that are refused",
        arguments: [
            "", ".", "a..b", "..a", "a/b", "a\\b", "a b", "a@b", "x:65536", "x:123456", "x:1:2", "x:1.2", "[::1", "[::1].",
            "[::1].:80", "a[::1]", "[a..b]", ":80", "[a/b]", "a#", "a?", "\"a\"", "x:-1", "[::1]x", "x:99999999999999999999",
        ])
    func refusedHosts(value: String) {
        #expect(decode("GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n").status == 400)
    }

    @Test("The reason names the directive")
    func reasons() {
        var limits = HeadLimits()
        limits.largeBufferSize = 100
        limits.largeBufferCount = 2
        limits.clientHeaderBufferSize = 50
        let long = String(repeating: "a", count: 200)
        #expect(reason("GET /\(long) HTTP/1.1\r\n", limits: limits)?.contains("large_client_header_buffers") == true)
        #expect(
            reason("GET / HTTP/1.0\r\nX: \(long)\r\n", limits: limits)?.contains("large_client_header_buffers") == true)
        limits.maxHeaders = 2
        #expect(reason("GET / HTTP/1.0\r\nA: 1\r\nB: 1\r\nC: 1\r\n\r\n", limits: limits)?.contains("max_headers") == true)
    }
}
