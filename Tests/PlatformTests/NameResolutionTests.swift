import Testing

@testable import Platform

@Suite("Name resolution")
struct NameResolutionTests {
    @Test("addresses need no resolver")
    func literals() throws {
        #expect(try resolve(host: "127.0.0.1", port: 80) == [.v4(.loopback, port: 80)])
        #expect(try resolve(host: "::1", port: 81) == [.v6(.loopback, port: 81)])
    }

    @Test("localhost is this machine, each address once")
    func localhost() throws {
        let addresses = try resolve(host: "localhost", port: 8080)
        #expect(!addresses.isEmpty)
        #expect(addresses.allSatisfy { $0.isLoopback && $0.port == 8080 })
        #expect(Set(addresses).count == addresses.count)
    }

    @Test("what cannot be a name is refused without asking anybody")
    func refused() {
        for host in ["", "local\0host"] {
            #expect(throws: NameResolutionError.self) { _ = try resolve(host: host, port: 80) }
        }
    }
}
