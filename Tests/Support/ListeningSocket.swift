import Glibc

/// A listening socket that the test binds and hands down to the server it starts: the port is ours from the first moment,
/// clients may connect before the server is up, and a restarted server finds the same port.
public final class ListeningSocket: Sendable {
    public let endpoint: Endpoint
    let descriptor: Descriptor

    /// A port of 127.0.0.1 that the kernel chooses.
    public init(backlog: Int32 = 1024) throws {
        // Bound twice: only an explicit port stays ours when an origin stops listening for a while (see `refuse`).
        let finder = try Descriptor.socket(AF_INET)
        try finder.set(SO_REUSEADDR, to: 1)
        try finder.bind(to: .port(0))
        endpoint = .port(try finder.boundPort())
        descriptor = try Descriptor.socket(AF_INET)
        try descriptor.set(SO_REUSEADDR, to: 1)
        try descriptor.bind(to: endpoint)
        finder.close()
        try listen(backlog: backlog)
    }

    /// A Unix socket, which everyone may connect to.
    public init(unix path: String, backlog: Int32 = 1024) throws {
        endpoint = .unix(path)
        descriptor = try Descriptor.socket(AF_UNIX)
        _ = unsafe unlink(path)
        try descriptor.bind(to: endpoint)
        _ = unsafe chmod(path, 0o777)
        try listen(backlog: backlog)
    }

    /// As written in a configuration: `listen \(socket);`
    public var address: String { endpoint.description }

    /// The port, or 0 of a Unix socket.
    public var port: UInt16 {
        if case .port(let port) = endpoint { port } else { 0 }
    }

    /// As a service manager hands one down: `accept` on it waits.
    public func makeBlocking() { _ = fcntl(descriptor.number, F_SETFL, 0) }

    /// Refuses connections from now on; the address stays ours.
    public func refuse() {
        switch endpoint {
        case .port: descriptor.shutdown(Int(SHUT_RD))  // Linux ends the listening state, not the binding
        case .unix(let path):
            // A socket that is bound but does not listen takes the name.
            _ = unsafe rename(path, path + ".aside")
            if let deaf = try? Descriptor.socket(AF_UNIX) { try? deaf.bind(to: endpoint) }
        }
    }

    /// Listens again after `refuse`.
    public func resume() throws {
        switch endpoint {
        case .port: try listen(backlog: 1024)
        case .unix(let path): _ = unsafe rename(path + ".aside", path)
        }
    }

    private func listen(backlog: Int32) throws {
        // Whoever inherits it (nginx takes it as it comes) must not hang in accept when another process was faster.
        _ = fcntl(descriptor.number, F_SETFL, O_NONBLOCK)
        guard Glibc.listen(descriptor.number, backlog) == 0 else { throw HarnessError.system("listen \(endpoint)") }
    }

    public func close() {
        descriptor.close()
        removeName()
    }

    /// Removes a Unix socket's name.
    func removeName() {
        if case .unix(let path) = endpoint { _ = unsafe unlink(path) }
    }
}

extension ListeningSocket: CustomStringConvertible {
    public var description: String { address }
}
