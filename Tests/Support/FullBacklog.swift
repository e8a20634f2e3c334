/// A port of 127.0.0.1 that listens and takes nobody any more: whoever connects waits for an answer that does not come.
public final class FullBacklog {
    private let socket: ListeningSocket
    private var waiting: [Descriptor] = []

    public init() throws {
        socket = try ListeningSocket(backlog: 0)
        while waiting.count < 16 {
            let descriptor = try Descriptor.socket(socket.endpoint.family)
            do {
                // The loopback answers at once, or never.
                try descriptor.connect(to: socket.endpoint, until: .in(.milliseconds(200)))
                waiting.append(descriptor)
            } catch {
                return
            }
        }
        throw HarnessError("the backlog of \(socket.address) does not fill")
    }

    public var address: String { socket.address }
}
