import Glibc
import TestSupport
import Testing

@testable import Platform

@Suite("Addresses")
struct AddressTests {
    @Test("IPv4: four decimal numbers, nothing else")
    func v4() {
        var numbers = Numbers(seed: 1)
        for _ in 0..<200 {
            let value = UInt32(truncatingIfNeeded: numbers.next(below: 1 << 31) * 2 + numbers.next(below: 2))
            let address = IPv4Address(value: value)
            #expect(IPv4Address(address.description) == address)
            #expect(IPv4Address(networkOrder: address.networkOrder) == address)
        }
        #expect(IPv4Address("127.0.0.1") == .loopback && IPv4Address.loopback.description == "127.0.0.1")
        #expect(IPv4Address("0.0.0.0") == .any && IPv4Address("255.255.255.255")?.value == .max)
        for text in [
            "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4 ", "+1.2.3.4", "1.2.3.1000",
            "a.b.c.d", "1.2.3.-4",
        ] {
            #expect(IPv4Address(text) == nil, "\(text)")
        }
    }

    @Test("IPv6: read in any form, written in the canonical one (RFC 5952)")
    func v6() {
        let forms = [
            ("::", "::"), ("::1", "::1"), ("0:0:0:0:0:0:0:1", "::1"), ("2001:DB8::A", "2001:db8::a"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("fe80:0:0:0:1:2:3:4", "fe80::1:2:3:4"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ]
        for (given, canonical) in forms { #expect(IPv6Address(given)?.description == canonical) }
        for text in ["", ":", ":::", "1", "[::1]", "::1%lo", "1:2:3:4:5:6:7:8:9", "g::", "::1\0"] {
            #expect(IPv6Address(text) == nil, "\(text)")
        }
        #expect(IPv6Address("::ffff:1.2.3.4")?.mappedIPv4 == IPv4Address("1.2.3.4"))
        #expect(IPv6Address("::fffe:1.2.3.4")?.mappedIPv4 == nil && IPv6Address("1::ffff:1.2.3.4")?.mappedIPv4 == nil)
    }

    @Test("socket addresses as nginx writes them; the kernel's form is read back")
    func socketAddresses() throws {
        let addresses: [(SocketAddress, String, String)] = [
            (.v4(.loopback, port: 80), "127.0.0.1:80", "127.0.0.1"), (.v6(.loopback, port: 65535), "[::1]:65535", "::1"),
            (.unix(path: "/run/a.sock"), "unix:/run/a.sock", "unix:"),
        ]
        for (address, text, host) in addresses {
            #expect(address.description == text && address.host == host && address.isLoopback && !address.isWildcard)
            var storage = sockaddr_storage()
            let length = unsafe address.withKernelForm { form, length in
                unsafe withUnsafeMutableBytes(of: &storage) { target in
                    unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: form, count: Int(length)))
                }
                return length
            }
            #expect(SocketAddress(kernelForm: &storage, length: length) == address)
        }
        #expect(SocketAddress.v4(.any, port: 1).isWildcard && SocketAddress.v6(.any, port: 1).isWildcard)
        #expect(SocketAddress.v4(.loopback, port: 1).withPort(2).port == 2)
        #expect(SocketAddress.unix(path: "/a").withPort(2).port == nil)
        #expect(SocketAddress.parse(ip: "::1", port: 5) == .v6(.loopback, port: 5))
        #expect(SocketAddress.parse(ip: "localhost", port: 5) == nil)
        let longest = String(repeating: "p", count: SocketAddress.maximumPathLength)
        let path = "/" + longest.dropFirst()
        unsafe SocketAddress.unix(path: path).withKernelForm { _, length in
            #expect(Int(length) == MemoryLayout<sockaddr_un>.size)
        }
    }

    private func address(_ text: String) throws -> SocketAddress { try #require(SocketAddress.parse(ip: text, port: 1)) }

    @Test("blocks hold the addresses whose first bits are theirs")
    func blocks() throws {
        let cases: [(String, inside: [String], outside: [String])] = [
            ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"], ["9.255.255.255", "11.0.0.0", "a00::"]),
            ("192.168.1.77/24", ["192.168.1.0", "192.168.1.255"], ["192.168.2.0"]),
            ("1.2.3.4", ["1.2.3.4"], ["1.2.3.5"]), ("1.2.3.4/31", ["1.2.3.4", "1.2.3.5"], ["1.2.3.6", "1.2.3.3"]),
            ("0.0.0.0/0", ["0.0.0.0", "255.1.1.1"], ["2001:db8::1"]),
            ("2001:db8::/33", ["2001:db8::1", "2001:db8:7fff::"], ["2001:db8:8000::", "2001:db9::", "32.1.13.184"]),
            ("::/0", ["::", "ffff::"], ["1.2.3.4"]), ("::1", ["::1"], ["::2", "::"]),
        ]
        for (text, inside, outside) in cases {
            let block = try #require(CIDRBlock(text), "\(text)")
            for host in inside { #expect(try block.contains(address(host)), "\(host) in \(text)") }
            for host in outside { #expect(try !block.contains(address(host)), "\(host) not in \(text)") }
            #expect(try !block.contains(.unix(path: "/a")) && CIDRBlock.all.contains(address(inside[0])))
        }
        let unix = try #require(CIDRBlock("unix:"))
        #expect(try unix.contains(.unix(path: "/a")) && !unix.contains(address("1.2.3.4")))
    }

    @Test(
        "what is no block",
        arguments: [
            "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "::/129", "10.0/8", "unix",
            "all",
        ])
    func noBlock(text: String) { #expect(CIDRBlock(text) == nil) }
}
