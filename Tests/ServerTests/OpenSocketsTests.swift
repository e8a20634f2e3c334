import Platform
import Testing

@testable import Server

@Suite("Listening sockets")
struct OpenSocketsTests {
    @Test("why an address cannot be had is said with what may help")
    func remedies() {
        func message(_ address: SocketAddress, _ error: SystemError) -> String {
            OpenSockets.Failure(address: address, error: error).message
        }
        #expect(
            message(.v4(.any, port: 80), .accessDenied)
                == "bind() to 0.0.0.0:80 failed (13: Permission denied): ports below 1024 are for root, "
                + "or for a program with CAP_NET_BIND_SERVICE")
        #expect(message(.unix(path: "/run/a"), .accessDenied).hasSuffix("the directory of the socket belongs to somebody else"))
        #expect(message(.v4(.loopback, port: 8080), .addressInUse).contains("(98: Address already in use): another program"))
        #expect(message(.v4(.any, port: 80), .noSpace) == "bind() to 0.0.0.0:80 failed (28: No space left on device)")
    }
}
