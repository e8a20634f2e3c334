import Platform

/// A three-page application to put zendan in front of: pages that say when they were made, a slow page, a stylesheet that
/// sets a cookie as session middleware does, a form. One thread for each connection: it shows what a front is good for.
enum DemoBlog {
    /// Connections served at once; others wait in the queue of the listening socket.
    private static let mostConnections = 64

    static func run() -> Never {
        let words = CommandLine.arguments.dropFirst()
        guard words.count == 1, let word = words.first, let address = address(word) else {
            say("usage: demo-blog 127.0.0.1:PORT")
            ProcessControl.exitNow(1)
        }
        Signals.ignoreFailedWrites()
        do throws(SystemError) {
            let socket = try Socket.listen(on: address, backlog: 128, reusePort: false, ipv6Only: true)
            say("demo-blog listens on http://\(address)/")
            try accept(on: socket.rawValue)
        } catch {
            say("demo-blog: \(address): \(error.message)")
        }
        ProcessControl.exitNow(1)
    }

    /// `127.0.0.1:3000`, or a port alone.
    private static func address(_ word: String) -> SocketAddress? {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let port = parts.last.flatMap({ UInt16($0) }) else { return nil }
        if parts.count == 1 { return .v4(.loopback, port: port) }
        return SocketAddress.parse(ip: String(parts[0]), port: port)
    }

    private static func accept(on socket: Int32) throws(SystemError) {
        let epoll = try Epoll()
        try epoll.add(socket, .readable, token: 0)
        let open = Lock(0)
        let posts = Lock<[String]>([])
        while true {
            _ = try epoll.wait(milliseconds: -1)
            while open.withLock({ $0 }) >= mostConnections { Threads.sleep(milliseconds: 5) }
            guard case .connection(let descriptor, _) = Socket.accept(socket) else { continue }
            let shared = SharedDescriptor(descriptor)
            open.withLock { $0 += 1 }
            do throws(SystemError) {
                try Threads.start {
                    DemoConnection(shared, posts)?.serve()
                    open.withLock { $0 -= 1 }
                }
            } catch {
                // No thread: the connection is closed.
                open.withLock { $0 -= 1 }
            }
        }
    }

    private static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        try? File.write(2, bytes.span)
    }
}
