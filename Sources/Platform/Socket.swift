import CLinux
import Glibc

/// System calls on sockets. A socket is a descriptor number here; who owns it is the caller's business.
public enum Socket {
    /// Makes a non-blocking stream socket of the address's family and binds and listens.
    /// Errors: what `bind`, `listen` say.
    public static func listen(
        on address: SocketAddress, backlog: Int32, reusePort: Bool, ipv6Only: Bool
    ) throws(SystemError) -> FileDescriptor {
        let descriptor = try stream(address.family)
        let raw = descriptor.rawValue
        setOption(raw, SOL_SOCKET, SO_REUSEADDR, 1)
        if reusePort { setOption(raw, SOL_SOCKET, SO_REUSEPORT, 1) }
        if case .v6 = address { setOption(raw, Int32(IPPROTO_IPV6), IPV6_V6ONLY, ipv6Only ? 1 : 0) }
        // Sound: the kernel reads the address during the call only.
        if unsafe address.withKernelForm({ unsafe bind(raw, $0, $1) }) != 0 { throw SystemError.current }
        if Glibc.listen(raw, backlog) != 0 { throw SystemError.current }
        return descriptor
    }

    /// Calls listen again on a socket that listens already: sets another backlog.
    public static func listenAgain(_ raw: Int32, backlog: Int32) { _ = Glibc.listen(raw, backlog) }

    /// A new non-blocking stream socket, closed on exec.
    public static func stream(_ family: Int32) throws(SystemError) -> FileDescriptor {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let raw = socket(family, kind, 0)
        if raw < 0 { throw SystemError.current }
        return FileDescriptor(owning: raw)
    }

    /// Starts to connect. True: connected already. False: wait until the socket is writable, then ask `takeError`.
    public static func connect(_ raw: Int32, to address: SocketAddress) throws(SystemError) -> Bool {
        if unsafe address.withKernelForm({ unsafe Glibc.connect(raw, $0, $1) }) == 0 { return true }
        let error = SystemError.current
        if error == .inProgress { return false }
        throw error
    }

    /// Takes the error that is pending on a socket.
    public static func takeError(_ raw: Int32) -> SystemError? {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        // Sound: `code` has the size that the call is told.
        if unsafe getsockopt(raw, SOL_SOCKET, SO_ERROR, &code, &length) != 0 { return SystemError.current }
        return code == 0 ? nil : SystemError(code)
    }

    /// What `accept` came to.
    public enum Accepted: ~Copyable {
        case connection(FileDescriptor, SocketAddress)
        case none
        case failed(SystemError)
    }

    /// Accepts one connection, non-blocking and closed on exec.
    public static func accept(_ raw: Int32) -> Accepted {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let accepted = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            // Sound: sockaddr_storage may be written as any sockaddr, and its size is told.
            let form = unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
            return uninterrupted { unsafe zl_accept4(raw, form, &length, flags) }
        }
        if accepted < 0 {
            let error = SystemError.current
            return error == .wouldBlock ? .none : .failed(error)
        }
        let descriptor = FileDescriptor(owning: accepted)
        guard let peer = SocketAddress(kernelForm: &storage, length: length) else {
            return .connection(descriptor, .unix(path: ""))
        }
        return .connection(descriptor, peer)
    }

    /// The address a socket is bound to.
    public static func localAddress(_ raw: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe getsockname(raw, UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), &length)
        }
        return status == 0 ? SocketAddress(kernelForm: &storage, length: length) : nil
    }

    @inline(__always)
    public static func receive(_ raw: Int32, into span: inout MutableSpan<UInt8>) -> IOResult {
        if span.count == 0 { return .wouldBlock }
        let count = unsafe span.withUnsafeMutableBufferPointer { buffer in
            // Sound: the buffer is as long as the kernel is told.
            uninterrupted { unsafe recv(raw, buffer.baseAddress, buffer.count, 0) }
        }
        return IOResult.of(count, zeroIsEnd: true)
    }

    /// Looks whether anything can be read without taking it: `.done(1)` when there is.
    public static func peek(_ raw: Int32) -> IOResult {
        var byte: UInt8 = 0
        let count = uninterrupted { unsafe recv(raw, &byte, 1, Int32(MSG_PEEK)) }
        return IOResult.of(count, zeroIsEnd: true)
    }

    /// Reads into `span` what stays in the socket to be read again.
    public static func peek(_ raw: Int32, into span: inout MutableSpan<UInt8>) -> IOResult {
        if span.count == 0 { return .wouldBlock }
        let count = unsafe span.withUnsafeMutableBufferPointer { buffer in
            // Sound: the buffer is as long as the kernel is told.
            uninterrupted { unsafe recv(raw, buffer.baseAddress, buffer.count, Int32(MSG_PEEK)) }
        }
        return IOResult.of(count, zeroIsEnd: true)
    }

    @inline(__always)
    public static func send(_ raw: Int32, _ span: Span<UInt8>, more: Bool = false) -> IOResult {
        let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
        let count = unsafe span.withUnsafeBufferPointer { buffer in
            // Sound: the buffer is as long as the kernel is told.
            uninterrupted { unsafe Glibc.send(raw, buffer.baseAddress, buffer.count, flags) }
        }
        return IOResult.of(count, zeroIsEnd: false)
    }

    /// Sends up to four runs of bytes by one call.
    public static func send(
        _ raw: Int32, _ a: Span<UInt8>, _ b: Span<UInt8>, _ c: Span<UInt8> = Span(), _ d: Span<UInt8> = Span(),
        more: Bool = false
    ) -> IOResult {
        let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
        let count = unsafe a.withUnsafeBufferPointer { a in
            unsafe b.withUnsafeBufferPointer { b in
                unsafe c.withUnsafeBufferPointer { c in
                    unsafe d.withUnsafeBufferPointer { d in
                        unsafe sendVector(raw, a, b, c, d, flags)
                    }
                }
            }
        }
        return IOResult.of(count, zeroIsEnd: false)
    }

    private static func sendVector(
        _ raw: Int32, _ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>, _ c: UnsafeBufferPointer<UInt8>,
        _ d: UnsafeBufferPointer<UInt8>, _ flags: Int32
    ) -> Int {
        // Sound: the four buffers live through the call; the kernel only reads them.
        var vector = unsafe (
            iovec(iov_base: UnsafeMutableRawPointer(mutating: a.baseAddress), iov_len: a.count),
            iovec(iov_base: UnsafeMutableRawPointer(mutating: b.baseAddress), iov_len: b.count),
            iovec(iov_base: UnsafeMutableRawPointer(mutating: c.baseAddress), iov_len: c.count),
            iovec(iov_base: UnsafeMutableRawPointer(mutating: d.baseAddress), iov_len: d.count)
        )
        return unsafe withUnsafeMutablePointer(to: &vector) { pointer in
            var message = unsafe msghdr()
            unsafe message.msg_iov = unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: iovec.self)
            unsafe message.msg_iovlen = d.count > 0 ? 4 : c.count > 0 ? 3 : 2
            return uninterrupted { unsafe sendmsg(raw, &message, flags) }
        }
    }

    /// Sends a part of a file; `offset` moves on by what was sent.
    public static func sendFile(_ raw: Int32, from file: Int32, offset: inout Int, count: Int) -> IOResult {
        var position = off_t(offset)
        let sent = uninterrupted { unsafe sendfile(raw, file, &position, count) }
        if sent > 0 { offset += sent }
        return IOResult.of(sent, zeroIsEnd: true)
    }

    /// Bytes that the peer has not acknowledged yet; nil where the kernel does not say (SIOCOUTQ).
    public static func unacknowledged(_ raw: Int32) -> Int? {
        let count = zl_socket_out_queue(raw)
        return count < 0 ? nil : Int(count)
    }

    public static func shutdownWrite(_ raw: Int32) { _ = Glibc.shutdown(raw, Int32(SHUT_WR)) }

    /// Makes the next close end the connection by a reset.
    public static func resetOnClose(_ raw: Int32) {
        var value = linger(l_onoff: 1, l_linger: 0)
        // Sound: the kernel reads one linger structure during the call.
        _ = unsafe setsockopt(raw, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    public static func setNoDelay(_ raw: Int32, _ on: Bool = true) {
        setOption(raw, Int32(IPPROTO_TCP), TCP_NODELAY, on ? 1 : 0)
    }

    public static func setKeepAlive(_ raw: Int32) { setOption(raw, SOL_SOCKET, SO_KEEPALIVE, 1) }

    public static func setNonBlocking(_ raw: Int32) {
        let flags = fcntl(raw, F_GETFL)
        if flags >= 0 { _ = fcntl(raw, F_SETFL, flags | O_NONBLOCK) }
    }

    /// Whether the descriptor is a socket that listens.
    public static func isListening(_ raw: Int32) -> Bool {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(raw, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value == 1
    }

    /// The round-trip figures of a TCP connection (`$tcpinfo_*`): rtt µs, rttvar µs, congestion window, receive space.
    public static func tcpInfo(_ raw: Int32) -> (rtt: Int, rttVariance: Int, congestionWindow: Int, receiveSpace: Int)? {
        var info = tcp_info()
        var length = socklen_t(MemoryLayout<tcp_info>.size)
        guard unsafe getsockopt(raw, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0 else { return nil }
        return (Int(info.tcpi_rtt), Int(info.tcpi_rttvar), Int(info.tcpi_snd_cwnd), Int(info.tcpi_rcv_space))
    }

    /// Two connected ends; the caller owns both.
    public struct Pair: ~Copyable {
        public let first: FileDescriptor
        public let second: FileDescriptor

        /// Takes the pair apart.
        public consuming func split(_ body: (consuming FileDescriptor, consuming FileDescriptor) -> Void) {
            body(first, second)
        }
    }

    /// Two connected sockets that wait.
    public static func pair() throws(SystemError) -> Pair {
        var raw: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        // Sound: the array has the two places that are written.
        if unsafe socketpair(AF_UNIX, kind, 0, &raw) != 0 { throw SystemError.current }
        return Pair(first: FileDescriptor(owning: raw[0]), second: FileDescriptor(owning: raw[1]))
    }

    private static func setOption(_ raw: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
        var value = value
        // Sound: the kernel reads one Int32 during the call.
        _ = unsafe setsockopt(raw, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
