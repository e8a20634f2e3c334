import Bytes
import HTTP
import Platform
import Testing

/// Each line of the table was asked of nginx 1.22 with `set_real_ip_from 127.0.0.1`, `10.0.1.0/24` and `fd00::/8`.
@Suite("Forwarded addresses")
struct ForwardedAddressTests {
    private static let trusted = ["127.0.0.1", "10.0.1.0/24", "fd00::/8"].compactMap { CIDRBlock($0) }

    private func walk(_ lines: [String], recursive: Bool, peer: String = "127.0.0.1") -> String {
        let start = SocketAddress.v4(IPv4Address(peer)!, port: 999)
        var walk = ForwardedAddress(peer: start, trusted: Self.trusted, isRecursive: recursive)
        for line in lines.reversed() {
            let bytes = Array(line.utf8)
            if !walk.take(bytes.span) { break }
        }
        #expect(walk.isForwarded == (walk.address != start))
        return walk.address.port == 0 ? walk.address.host : walk.address.description
    }

    @Test(arguments: [
        (["1.2.3.4"], "1.2.3.4", "1.2.3.4"), (["1.2.3.4:56"], "1.2.3.4:56", "1.2.3.4:56"),
        (["[::1]:80"], "[::1]:80", "[::1]:80"), (["[::1]"], "-", "-"), (["::1"], "::1", "::1"),
        (["1.2.3.4, 5.6.7.8"], "5.6.7.8", "5.6.7.8"), (["1.2.3.4,5.6.7.8"], "5.6.7.8", "5.6.7.8"),
        (["1.2.3.4 5.6.7.8"], "5.6.7.8", "5.6.7.8"), (["1.2.3.4,  "], "1.2.3.4", "1.2.3.4"), (["unknown"], "-", "-"),
        (["1.2.3.4, unknown"], "-", "-"), (["1.2.3.4, 10.0.1.5"], "10.0.1.5", "1.2.3.4"),
        (["1.2.3.4, 10.0.1.5, 127.0.0.1"], "127.0.0.1", "1.2.3.4"), (["10.0.1.7, 10.0.1.5"], "10.0.1.5", "10.0.1.7"),
        (["bad, 10.0.1.5"], "10.0.1.5", "10.0.1.5"), (["1.2.3.4", "10.0.1.5"], "10.0.1.5", "1.2.3.4"),
        (["1.2.3.4", "bad"], "-", "-"), (["1.2.3.4", "10.0.1.5, 9.9.9.9"], "9.9.9.9", "9.9.9.9"),
        (["1.2.3.4:0"], "-", "-"), (["1.2.3.4:99999"], "-", "-"), ([","], "-", "-"), ([" "], "-", "-"),
        (["1.2.3.4, fd00::5"], "fd00::5", "1.2.3.4"), (["::ffff:10.0.1.5"], "::ffff:10.0.1.5", "::ffff:10.0.1.5"),
        (["9.9.9.9, ::ffff:10.0.1.5"], "::ffff:10.0.1.5", "9.9.9.9"), (["1.2.3"], "-", "-"), (["1.2.3.4;x"], "-", "-"),
        (["unix:"], "-", "-"), (["unix:/x"], "-", "-"), (["1.2.3.4\t"], "-", "-"),
        (["x,10.0.1.5", "8.8.8.8"], "8.8.8.8", "8.8.8.8"), (["8.8.8.8", "x,10.0.1.5"], "10.0.1.5", "10.0.1.5"),
        (["8.8.8.8", ""], "-", "-"), (["010.0.1.5"], "10.0.1.5", "10.0.1.5"), (["example.com"], "-", "-"),
        (["1.2.3.4:"], "-", "-"), (["[::1]:x"], "-", "-"), (["a1.2.3.4"], "-", "-"),
    ])
    func asNginx(_ lines: [String], _ once: String, _ recursive: String) {
        let peer = "127.0.0.1:999"
        #expect(walk(lines, recursive: false) == (once == "-" ? peer : once))
        #expect(walk(lines, recursive: true) == (recursive == "-" ? peer : recursive))
        #expect(walk(lines, recursive: true, peer: "8.8.4.4") == "8.8.4.4:999")
    }

    @Test("The client that a PROXY header names counts when the balancer is trusted")
    func behindProxyHeader() throws {
        let header = try #require(try ProxyHeader.read(Array("PROXY TCP4 192.0.2.1 192.0.2.2 123 5\r\n".utf8).span))
        func behind(_ peer: String) -> SocketAddress? {
            ForwardedAddress.behind(header, peer: .v4(IPv4Address(peer)!, port: 1), trusted: Self.trusted)
        }
        #expect(behind("10.0.1.9")?.description == "192.0.2.1:123" && behind("10.0.2.9") == nil)
        #expect(ForwardedAddress.behind(nil, peer: .v4(.loopback, port: 1), trusted: Self.trusted) == nil)
    }
}
