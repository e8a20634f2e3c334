import CLinux
import Glibc

/// The address of a socket: IPv4, IPv6 or a path.
public enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
    case v4(IPv4Address, port: UInt16)
    case v6(IPv6Address, port: UInt16)
    case unix(path: String)

    public var port: UInt16? {
        switch self {
        case .v4(_, let port), .v6(_, let port): port
        case .unix: nil
        }
    }

    /// As nginx writes it: `127.0.0.1:80`, `[::1]:80`, `unix:/path`.
    public var description: String {
        switch self {
        case .v4(let address, let port): "\(address):\(port)"
        case .v6(let address, let port): "[\(address)]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The address without the port: `127.0.0.1`, `::1`, `unix:`.
    public var host: String {
        switch self {
        case .v4(let address, _): address.description
        case .v6(let address, _): address.description
        case .unix: "unix:"
        }
    }

    public func withPort(_ port: UInt16) -> SocketAddress {
        switch self {
        case .v4(let address, _): .v4(address, port: port)
        case .v6(let address, _): .v6(address, port: port)
        case .unix: self
        }
    }

    public var family: Int32 {
        switch self {
        case .v4: AF_INET
        case .v6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// Whether it stands for every address of this machine.
    public var isWildcard: Bool {
        switch self {
        case .v4(let address, _): address == .any
        case .v6(let address, _): address == .any
        case .unix: false
        }
    }

    public var isLoopback: Bool {
        switch self {
        case .v4(let address, _): address.bytes.0 == 127
        case .v6(let address, _): address == .loopback
        case .unix: true
        }
    }

    /// Longest path of a Unix socket.
    public static let maximumPathLength = 107

    /// Reads `1.2.3.4` or an IPv6 address without brackets.
    public static func parse(ip text: String, port: UInt16) -> SocketAddress? {
        if let address = IPv4Address(text) { return .v4(address, port: port) }
        if let address = IPv6Address(text) { return .v6(address, port: port) }
        return nil
    }

    /// Calls `body` with the kernel's form of the address.
    func withKernelForm<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var storage = sockaddr_storage()
        let length = unsafe withUnsafeMutablePointer(to: &storage) { pointer -> socklen_t in
            let raw = UnsafeMutableRawPointer(pointer)
            switch self {
            case .v4(let address, let port):
                let form = unsafe raw.assumingMemoryBound(to: sockaddr_in.self)
                unsafe form.pointee.sin_family = sa_family_t(AF_INET)
                unsafe form.pointee.sin_port = port.bigEndian
                unsafe form.pointee.sin_addr.s_addr = address.networkOrder
                return socklen_t(MemoryLayout<sockaddr_in>.size)
            case .v6(let address, let port):
                let form = unsafe raw.assumingMemoryBound(to: sockaddr_in6.self)
                unsafe form.pointee.sin6_family = sa_family_t(AF_INET6)
                unsafe form.pointee.sin6_port = port.bigEndian
                for index in 0..<16 {
                    let offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr)! + index
                    unsafe raw.storeBytes(of: address.bytes[index], toByteOffset: offset, as: UInt8.self)
                }
                return socklen_t(MemoryLayout<sockaddr_in6>.size)
            case .unix(let path):
                unsafe raw.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
                let bytes = Array(path.utf8.prefix(SocketAddress.maximumPathLength))
                for index in bytes.indices {
                    unsafe raw.storeBytes(of: bytes[index], toByteOffset: 2 + index, as: UInt8.self)
                }
                return socklen_t(2 + bytes.count + 1)
            }
        }
        return unsafe withUnsafePointer(to: &storage) { pointer in
            // Sound: sockaddr_storage may be read as any sockaddr.
            unsafe body(UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), length)
        }
    }

    /// Reads the kernel's form of an address.
    init?(kernelForm storage: inout sockaddr_storage, length: socklen_t) {
        let family = Int32(storage.ss_family)
        let found = unsafe withUnsafePointer(to: &storage) { pointer -> SocketAddress? in
            let raw = unsafe UnsafeRawPointer(pointer)
            switch family {
            case AF_INET:
                let form = unsafe raw.load(as: sockaddr_in.self)
                return .v4(IPv4Address(networkOrder: form.sin_addr.s_addr), port: UInt16(bigEndian: form.sin_port))
            case AF_INET6:
                let form = unsafe raw.load(as: sockaddr_in6.self)
                let start = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr)!
                let bytes = (0..<16).map { unsafe raw.load(fromByteOffset: start + $0, as: UInt8.self) }
                return .v6(IPv6Address(bytes: bytes), port: UInt16(bigEndian: form.sin6_port))
            case AF_UNIX:
                var bytes: [UInt8] = []
                var index = 2
                while index < min(Int(length), MemoryLayout<sockaddr_un>.size) {
                    let byte = unsafe raw.load(fromByteOffset: index, as: UInt8.self)
                    if byte == 0 { break }
                    bytes.append(byte)
                    index += 1
                }
                return .unix(path: String(decoding: bytes, as: UTF8.self))
            default:
                return nil
            }
        }
        guard let found else { return nil }
        self = found
    }
}
