import Bytes
import Platform
import TLS

/// What must hold of any bytes at all that a client may send to begin with. The fuzzer compiles this file too.
enum HandshakeProperties {
    /// A handshake comes out the same wherever the reads cut what the client sends, and the server answers in whole records.
    /// The first byte of the input says where it is cut. Returns what does not hold, or nil.
    static func server(_ input: [UInt8], _ context: TLSServerContext) -> String? {
        guard let first = input.first else { return nil }
        let bytes = Array(input.dropFirst())
        let cut = Int(first) * (bytes.count + 1) / 256
        guard let whole = try? outcome(of: [bytes], context) else { return nil }
        guard let parts = try? outcome(of: [Array(bytes[..<cut]), Array(bytes[cut...])], context) else { return nil }
        if whole.broken != nil { return whole.broken }
        if parts.broken != nil { return parts.broken }
        return whole.word == parts.word ? nil : "\(whole.word) as a whole, \(parts.word) when cut at \(cut)"
    }

    private static func outcome(
        of parts: [[UInt8]], _ context: TLSServerContext
    ) throws -> (word: String, broken: String?) {
        var ends: (SharedDescriptor, SharedDescriptor)?
        try Socket.pair().split { ends = (SharedDescriptor($0), SharedDescriptor($1)) }
        guard let (client, server) = ends else { return ("", nil) }
        Socket.setNonBlocking(client.rawValue)
        Socket.setNonBlocking(server.rawValue)
        let directory = TLSServerNames([(name: "example.com", server: context), (name: "*.example.org", server: context)])
        let session = try TLSSession(
            server: context, directory: directory, socket: server.rawValue, scratch: TLSScratch(), early: parts[0])
        var word = step(session)
        for part in parts.dropFirst() where word.isEmpty {
            _ = Socket.send(client.rawValue, part.span)
            word = step(session)
        }
        // Reading after the failure must be answered too.
        let buffer = ByteBuffer(capacity: 4096)
        _ = session.receive(into: buffer)
        _ = session.shutdown()
        return (word, broken(received(client)))
    }

    private static func step(_ session: TLSSession) -> String {
        var word = ""
        for _ in 0..<4 where word.isEmpty {
            switch session.handshake() {
            case .done: word = "done"
            case .wantsRead, .wantsWrite: break
            case .wantsDirectory: word = "waits"
            case .plain: word = "plain"
            case .closed: word = "closed"
            case .failed: word = "failed"
            }
        }
        return word
    }

    private static func received(_ client: SharedDescriptor) -> [UInt8] {
        let buffer = ByteBuffer(capacity: 65536)
        _ = buffer.fill { span in
            if case .done(let count) = Socket.receive(client.rawValue, into: &span) { return count }
            return 0
        }
        return buffer.bytes.array
    }

    private static func broken(_ sent: [UInt8]) -> String? {
        var place = 0
        while place < sent.count {
            // An alert about a version that nobody knows carries that version.
            guard sent.count - place >= 5, sent[place] == 21 || (20...23).contains(sent[place]) && sent[place + 1] == 3 else {
                return "what was sent is no record at \(place)"
            }
            place += 5 + (Int(sent[place + 3]) << 8 | Int(sent[place + 4]))
        }
        return place == sent.count ? nil : "the last record is cut off"
    }
}
