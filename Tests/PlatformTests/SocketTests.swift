import Glibc
import TestSupport
import Testing

@testable import Platform

@Suite("Sockets")
struct SocketTests {
    /// A socket that listens on a free port of the loopback, and where.
    private func listening(reusePort: Bool = false) throws -> (SharedDescriptor, SocketAddress) {
        let socket = SharedDescriptor(
            try Socket.listen(on: .v4(.loopback, port: 0), backlog: 8, reusePort: reusePort, ipv6Only: true))
        return (socket, try #require(Socket.localAddress(socket.rawValue)))
    }

    private func option(_ raw: Int32, _ level: Int32, _ name: Int32) -> Int32 {
        var value: Int32 = -1
        var length = socklen_t(4)
        return unsafe getsockopt(raw, level, name, &value, &length) == 0 ? value : -1
    }

    /// Accepts one connection, which is known to come.
    private func accept(_ raw: Int32) throws -> (SharedDescriptor, SocketAddress) {
        var found: (SharedDescriptor, SocketAddress)?
        _ = eventually {
            if case .connection(let descriptor, let peer) = Socket.accept(raw) { found = (SharedDescriptor(descriptor), peer) }
            return found != nil
        }
        return try #require(found)
    }

    @Test("a listening socket accepts without waiting, and says who comes")
    func accepting() throws {
        let (socket, address) = try listening()
        #expect(Socket.isListening(socket.rawValue) && Socket.isOpen(socket.rawValue))
        guard case .none = Socket.accept(socket.rawValue) else { return #expect(Bool(false), "nobody has come") }
        let client = try Socket.stream(address.family)
        if try !Socket.connect(client.rawValue, to: address) {
            #expect(eventually { Socket.takeError(client.rawValue) == nil && Socket.localAddress(client.rawValue)?.port != 0 })
        }
        let (connection, peer) = try accept(socket.rawValue)
        #expect(peer == Socket.localAddress(client.rawValue) && Socket.localAddress(connection.rawValue) == address)
        #expect(fcntl(connection.rawValue, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(connection.rawValue, F_GETFD) & FD_CLOEXEC != 0)
        #expect(!Socket.isListening(connection.rawValue))
        guard case .failed = Socket.accept(connection.rawValue) else { return #expect(Bool(false), "it does not listen") }
    }

    @Test("an address in use is refused unless both share the port; nobody at the other end is an error")
    func refusals() throws {
        let (socket, address) = try listening(reusePort: true)
        #expect(throws: SystemError.addressInUse) {
            _ = try Socket.listen(on: address, backlog: 8, reusePort: false, ipv6Only: true)
        }
        _ = try Socket.listen(on: address, backlog: 8, reusePort: true, ipv6Only: true)
        withExtendedLifetime(socket) {}
        let free: SocketAddress
        do { free = try listening().1 }
        let client = try Socket.stream(free.family)
        var seen: SystemError?
        do throws(SystemError) {
            if try !Socket.connect(client.rawValue, to: free) {
                _ = eventually {
                    seen = Socket.takeError(client.rawValue)
                    return seen != nil
                }
            }
        } catch { seen = error }
        #expect(seen == .connectionRefused)
        #expect(Socket.takeError(client.rawValue) == nil, "an error is taken once")
    }

    @Test("Unix sockets: bound to a path, connected by it, no port")
    func unix() throws {
        let sandbox = try Sandbox()
        let address = SocketAddress.unix(path: sandbox.path("s"))
        let socket = try Socket.listen(on: address, backlog: 8, reusePort: false, ipv6Only: true)
        #expect(Socket.localAddress(socket.rawValue) == address)
        let client = try Socket.stream(address.family)
        #expect(try Socket.connect(client.rawValue, to: address))
        let (_, peer) = try accept(socket.rawValue)
        #expect(peer == .unix(path: "") && Socket.tcpInfo(client.rawValue) == nil)
    }

    @Test("IPv6 sockets serve IPv4 too only when asked", arguments: [true, false])
    func ipv6Only(only: Bool) throws {
        let socket: FileDescriptor
        do throws(SystemError) {
            socket = try Socket.listen(on: .v6(.any, port: 0), backlog: 8, reusePort: false, ipv6Only: only)
        } catch {
            // A machine without IPv6.
            return
        }
        #expect((option(socket.rawValue, Int32(IPPROTO_IPV6), IPV6_V6ONLY) == 1) == only)
    }

    @Test("options reach the kernel")
    func options() throws {
        let (socket, _) = try listening()
        var options = ListenOptions()
        try options.apply(to: socket.rawValue)
        #expect(option(socket.rawValue, SOL_SOCKET, SO_KEEPALIVE) == 0)
        options.keepAlive = true
        options.keepAliveIdle = 77
        options.keepAliveInterval = 7
        options.keepAliveCount = 3
        options.receiveBuffer = 8192
        options.sendBuffer = 16384
        options.defersAccept = true
        try options.apply(to: socket.rawValue)
        let tcp = Int32(IPPROTO_TCP)
        #expect(option(socket.rawValue, SOL_SOCKET, SO_KEEPALIVE) == 1)
        #expect(option(socket.rawValue, tcp, TCP_KEEPIDLE) == 77 && option(socket.rawValue, tcp, TCP_KEEPINTVL) == 7)
        #expect(option(socket.rawValue, tcp, TCP_KEEPCNT) == 3 && option(socket.rawValue, tcp, TCP_DEFER_ACCEPT) > 0)
        // The kernel doubles what it is given (socket(7)).
        #expect(option(socket.rawValue, SOL_SOCKET, SO_RCVBUF) == 2 * 8192)
        #expect(option(socket.rawValue, SOL_SOCKET, SO_SNDBUF) == 2 * 16384)
        Socket.setNoDelay(socket.rawValue)
        #expect(option(socket.rawValue, tcp, TCP_NODELAY) == 1)
        Socket.setNoDelay(socket.rawValue, false)
        #expect(option(socket.rawValue, tcp, TCP_NODELAY) == 0)
        options.keepAliveIdle = -1
        #expect(throws: SystemError.invalidArgument) { try options.apply(to: socket.rawValue) }
        let plain = try Socket.stream(AF_INET)
        Socket.setKeepAlive(plain.rawValue)
        #expect(option(plain.rawValue, SOL_SOCKET, SO_KEEPALIVE) == 1)
        #expect(throws: SystemError(EBADF)) { try options.apply(to: -1) }
    }

    @Test("looking ahead takes nothing; the round-trip figures of a connection are there")
    func peeking() throws {
        let (socket, address) = try listening()
        let client = try Socket.stream(address.family)
        _ = try Socket.connect(client.rawValue, to: address)
        let (connection, _) = try accept(socket.rawValue)
        guard case .wouldBlock = Socket.peek(connection.rawValue) else { return #expect(Bool(false)) }
        _ = Socket.send(client.rawValue, bytes("x").span)
        func peeked() -> Bool { if case .done(1) = Socket.peek(connection.rawValue) { true } else { false } }
        #expect(eventually { peeked() })
        #expect(peeked())
        let information = try #require(Socket.tcpInfo(connection.rawValue))
        #expect(information.congestionWindow > 0 && information.receiveSpace > 0)
        Socket.shutdownWrite(client.rawValue)
        var four = [UInt8](repeating: 0, count: 4)
        var span = four.mutableSpan
        guard case .done(1) = Socket.receive(connection.rawValue, into: &span) else { return #expect(Bool(false)) }
        #expect(eventually { if case .closed = Socket.peek(connection.rawValue) { true } else { false } })
    }

    @Test("messages keep their borders and carry open files, which their receiver owns")
    func descriptorPassing() throws {
        let pair = try Socket.messagePair()
        let files = [try File.inMemory("one").release(), try File.inMemory("two").release()]
        defer { for raw in files { _ = close(raw) } }
        try Socket.sendMessage(pair.first.rawValue, bytes("with files"), descriptors: files)
        try Socket.sendMessage(pair.first.rawValue, bytes("alone"))
        guard case .message(let first) = Socket.receiveMessage(pair.second.rawValue) else { return #expect(Bool(false)) }
        #expect(first.bytes == bytes("with files") && first.descriptors.count == 2)
        for (sent, received) in zip(files, first.descriptors) {
            #expect(sent != received.rawValue)
            #expect(try File.status(sent).inode == File.status(received.rawValue).inode)
            #expect(fcntl(received.rawValue, F_GETFD) & FD_CLOEXEC != 0)
        }
        guard case .message(let second) = Socket.receiveMessage(pair.second.rawValue) else { return #expect(Bool(false)) }
        #expect(second.bytes == bytes("alone") && second.descriptors.isEmpty)
        Socket.setNonBlocking(pair.second.rawValue)
        guard case .wouldBlock = Socket.receiveMessage(pair.second.rawValue) else { return #expect(Bool(false)) }
    }

    @Test("a message of the greatest size with the most files arrives whole; the end is told")
    func largestMessage() throws {
        var received: [SharedDescriptor] = []
        try Socket.messagePair().split { first, second in
            do throws(SystemError) {
                let file = try File.inMemory("many")
                let many = [Int32](repeating: file.rawValue, count: Socket.maximumDescriptors)
                let content = [UInt8](repeating: 7, count: Socket.maximumMessage)
                try Socket.sendMessage(first.rawValue, content, descriptors: many)
                guard case .message(let message) = Socket.receiveMessage(second.rawValue) else { return #expect(Bool(false)) }
                #expect(message.bytes == content)
                received = message.descriptors
                _ = consume first
                guard case .closed = Socket.receiveMessage(second.rawValue) else { return #expect(Bool(false)) }
            } catch { #expect(Bool(false), "\(error)") }
        }
        #expect(Set(received.map(\.rawValue)).count == Socket.maximumDescriptors)
    }
}
