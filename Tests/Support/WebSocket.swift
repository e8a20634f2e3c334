/// As much of RFC 6455 as a test's client needs.
public enum WebSocket {
    public struct Frame: Sendable, Equatable {
        public var opcode: UInt8
        public var payload: [UInt8]

        public init(opcode: UInt8, payload: [UInt8]) {
            self.opcode = opcode
            self.payload = payload
        }
    }

    /// A whole message in one masked frame (§5.2): opcode 1 text, 2 binary, 8 close, 9 ping.
    public static func frame(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        var bytes: [UInt8] = [0x80 | opcode]
        switch payload.count {
        case ..<126: bytes.append(0x80 | UInt8(payload.count))
        case ..<65_536:
            bytes.append(0x80 | 126)
            bytes += [UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default:
            bytes.append(0x80 | 127)
            bytes += (0..<8).map { UInt8((payload.count >> (56 - 8 * $0)) & 0xFF) }
        }
        bytes += mask
        bytes += payload.indices.map { payload[$0] ^ mask[$0 & 3] }
        return bytes
    }

    /// The next frame from the server, which does not mask.
    public static func receive(from client: RawClient) throws -> Frame {
        let head = try client.receive(2)
        var length = Int(head[1] & 0x7F)
        if length == 126 || length == 127 {
            length = try client.receive(length == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) }
        }
        return Frame(opcode: head[0] & 0x0F, payload: try client.receive(length))
    }
}
