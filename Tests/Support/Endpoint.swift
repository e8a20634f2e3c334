import Glibc

/// Where a server listens: a port of 127.0.0.1 or a Unix socket.
public enum Endpoint: Sendable, Hashable, CustomStringConvertible {
    case port(UInt16)
    case unix(String)

    /// As `listen` and `server` are written in a configuration: `127.0.0.1:8080`, `unix:/path`.
    public var description: String {
        switch self {
        case .port(let port): "127.0.0.1:\(port)"
        case .unix(let path): "unix:" + path
        }
    }

    /// As it stands in a URL after `http://`.
    public var authority: String {
        switch self {
        case .port(let port): "127.0.0.1:\(port)"
        case .unix: "localhost"
        }
    }

    var family: Int32 {
        switch self {
        case .port: AF_INET
        case .unix: AF_UNIX
        }
    }

    /// Lends the address in the kernel's form.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Result) throws -> Result {
        switch self {
        case .port(let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            return try unsafe withUnsafePointer(to: &address) { pointer in
                try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    try unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .unix(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let room = MemoryLayout.size(ofValue: address.sun_path) - 1
            guard path.utf8.count <= room else { throw HarnessError("path too long for a Unix socket: \(path)") }
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
            return try unsafe withUnsafePointer(to: &address) { pointer in
                try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    try unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
    }
}
