import Foundation

/// What the kernel tells about a connection over the loopback, seen from one of its two ends (/proc/net/tcp).
public struct TCPConnection: Sendable {
    public let localPort: UInt16
    public let remotePort: UInt16
    public let isEstablished: Bool
    /// A timer runs although nothing waits to be acknowledged: the kernel probes the idle connection (SO_KEEPALIVE).
    public let isProbed: Bool
    /// A process has it open. What the kernel finishes alone is not held.
    public let isHeld: Bool

    /// All that there are now, IPv4 only.
    public static var all: [TCPConnection] {
        // FileManager takes the first piece of such a file for the whole.
        let data = try? FileHandle(forReadingAtPath: "/proc/net/tcp")?.readToEnd()
        let lines = String(decoding: data ?? Data(), as: UTF8.self).split(separator: "\n")
        return lines.dropFirst().compactMap { TCPConnection(String($0)) }
    }

    /// A line of the kernel's table: number, local and remote address:port, state, queues, timer:when, …, inode.
    private init?(_ line: String) {
        let words = line.split(separator: " ")
        guard words.count > 9, let local = Self.port(words[1]), let remote = Self.port(words[2]) else { return nil }
        localPort = local
        remotePort = remote
        isEstablished = words[3] == "01"
        isProbed = words[5].hasPrefix("02:")
        isHeld = words[9] != "0"
    }

    private static func port(_ address: Substring) -> UInt16? {
        address.split(separator: ":").last.flatMap { UInt16($0, radix: 16) }
    }
}

extension RawClient {
    /// Whether a process still has the other end of this connection open. TCP only.
    public var isHeldByPeer: Bool {
        TCPConnection.all.contains { $0.remotePort == localPort && $0.localPort == remotePort && $0.isHeld }
    }
}
