import Glibc

/// An open descriptor that is closed when the last user lets go. Never inherited by a child unless handed down.
public final class Descriptor: Sendable {
    public let number: Int32
    private let isOpen = Guarded(true)

    init(_ number: Int32) {
        self.number = number
    }

    deinit { close() }

    public func close() {
        let wasOpen = isOpen.with { open in
            defer { open = false }
            return open
        }
        if wasOpen { _ = Glibc.close(number) }
    }

    static func socket(_ family: Int32) throws -> Descriptor {
        let number = Glibc.socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw HarnessError.system("socket") }
        return Descriptor(number)
    }

    func set(_ option: Int32, level: Int32 = SOL_SOCKET, to value: Int32) throws {
        var value = value
        guard unsafe setsockopt(number, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw HarnessError.system("setsockopt \(option)")
        }
    }

    func bind(to endpoint: Endpoint) throws {
        try unsafe endpoint.withSocketAddress { address, length in
            guard unsafe Glibc.bind(number, address, length) == 0 else { throw HarnessError.system("bind \(endpoint)") }
        }
    }

    /// The port that the kernel chose.
    func boundPort() throws -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(number, $0, &length) }
        }
        guard result == 0 else { throw HarnessError.system("getsockname") }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Waits until the descriptor is ready for `events`; false when the deadline came first.
    func wait(for events: Int32, until deadline: Deadline) -> Bool {
        while true {
            var entry = pollfd(fd: number, events: Int16(truncatingIfNeeded: events), revents: 0)
            let result = unsafe poll(&entry, 1, deadline.milliseconds)
            if result > 0 { return true }
            if result == 0 || errno != EINTR { return false }
        }
    }

    /// Connects, or throws what the kernel says.
    func connect(to endpoint: Endpoint, until deadline: Deadline) throws {
        _ = fcntl(number, F_SETFL, O_NONBLOCK)
        defer { _ = fcntl(number, F_SETFL, 0) }
        while true {
            let result = try unsafe endpoint.withSocketAddress { unsafe Glibc.connect(number, $0, $1) }
            if result == 0 { return }
            switch errno {
            case EINTR: continue
            case EAGAIN where !deadline.hasPassed: pause(.milliseconds(1))  // a Unix socket's full backlog
            case EINPROGRESS:
                guard wait(for: POLLOUT, until: deadline) else { throw HarnessError("connect \(endpoint): no answer") }
                var number = Int32(0)
                var length = socklen_t(MemoryLayout<Int32>.size)
                _ = unsafe getsockopt(self.number, SOL_SOCKET, SO_ERROR, &number, &length)
                guard number == 0 else { throw HarnessError.system("connect \(endpoint)", number) }
                return
            default: throw HarnessError.system("connect \(endpoint)")
            }
        }
    }

    /// Sends all of it.
    func send(_ bytes: [UInt8], until deadline: Deadline) throws {
        var sent = 0
        while sent < bytes.count {
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let result = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(number, $0.baseAddress! + sent, $0.count - sent, flags)
            }
            if result > 0 {
                sent += result
            } else if errno == EAGAIN {
                guard wait(for: POLLOUT, until: deadline) else {
                    throw HarnessError("the peer took \(sent) of \(bytes.count) bytes and no more")
                }
            } else if errno != EINTR {
                throw HarnessError.system("send")
            }
        }
    }

    /// Receives what is there, at most `limit` bytes: empty at the end of the stream, nil when the deadline came first.
    func receive(limit: Int, until deadline: Deadline) throws -> [UInt8]? {
        while true {
            guard wait(for: POLLIN, until: deadline) else { return nil }
            var failure = Int32(0)
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                let result = unsafe recv(number, buffer.baseAddress, limit, Int32(MSG_DONTWAIT))
                failure = result < 0 ? errno : 0
                count = max(result, 0)
            }
            if failure == 0 { return bytes }
            if failure != EINTR && failure != EAGAIN { throw HarnessError.system("recv", failure) }
        }
    }

    /// Accepts a connection that nothing will inherit; nil when none came in time or the socket does not listen.
    func accept(until deadline: Deadline) -> Descriptor? {
        guard wait(for: POLLIN, until: deadline) else { return nil }
        // Between accept and close-on-exec no child may start: it would hold the connection open.
        return startingChildren.with { _ in
            let accepted = Glibc.accept(number, nil, nil)
            guard accepted >= 0 else { return nil }
            _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
            return Descriptor(accepted)
        }
    }

    func shutdown(_ how: Int) {
        _ = Glibc.shutdown(number, Int32(how))
    }

    /// Closes so that the peer sees a reset and not an orderly end.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }
}
