import Bytes
import HTTP
import Platform

/// One connection of the demo application, on a thread of its own that waits wherever it must.
final class DemoConnection {
    private let socket: SharedDescriptor
    private let epoll: Epoll
    private let posts: Lock<[String]>
    private let head = RequestHead(buffer: ByteBuffer(capacity: largestRequest))
    /// Larger requests are refused: this is a demonstration.
    private static let largestRequest = 65_536
    private static let idleTime: Int32 = 60_000

    init?(_ socket: SharedDescriptor, _ posts: Lock<[String]>) {
        guard let epoll = try? Epoll() else { return nil }
        self.socket = socket
        self.epoll = epoll
        self.posts = posts
    }

    /// Answers requests until the peer, or the answer, ends the connection.
    func serve() {
        while let body = receiveRequest() {
            let reply = DemoPages.reply(to: head, body: body, posts)
            guard send(reply.encoded(isHead: head.method == .head, keepsAlive: head.keepsAlive)), head.keepsAlive else {
                return
            }
            head.buffer.clear()
        }
    }

    /// Reads one request; its body, or nil at the end of the connection.
    private func receiveRequest() -> [UInt8]? {
        head.reset()
        head.start = 0
        while true {
            do throws(RequestFailure) {
                if case .complete = try RequestDecoder().decode(head) { break }
            } catch {
                _ = send(
                    DemoReply(status: 400, type: "text/plain", body: "Bad request\n").encoded(isHead: false, keepsAlive: false))
                return nil
            }
            guard receiveMore() else { return nil }
        }
        let length = head.contentLength ?? 0
        guard !head.isChunked, length <= DemoConnection.largestRequest - head.end else {
            _ = send(DemoReply(status: 413, type: "text/plain", body: "Too large\n").encoded(isHead: false, keepsAlive: false))
            return nil
        }
        while head.buffer.count - head.end < length {
            guard receiveMore() else { return nil }
        }
        let buffer = head.buffer
        return (head.end..<head.end + length).map { buffer[$0] }
    }

    /// False: the peer has ended, or nothing came in time, or there is no room.
    private func receiveMore() -> Bool {
        let buffer = head.buffer
        guard buffer.room > 0 else { return false }
        while true {
            var result = IOResult.wouldBlock
            _ = buffer.fill { span in
                result = Socket.receive(socket.rawValue, into: &span)
                if case .done(let count) = result { return count }
                return 0
            }
            switch result {
            case .done: return true
            case .wouldBlock: if !wait(for: .readable) { return false }
            case .closed, .failed: return false
            }
        }
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            switch Socket.send(socket.rawValue, bytes.span.extracting(sent..<bytes.count)) {
            case .done(let count): sent += count
            case .wouldBlock: if !wait(for: .writable) { return false }
            case .closed, .failed: return false
            }
        }
        return true
    }

    private func wait(for readiness: Readiness) -> Bool {
        do throws(SystemError) {
            try epoll.add(socket.rawValue, readiness, token: 0)
            defer { epoll.remove(socket.rawValue) }
            return try epoll.wait(milliseconds: DemoConnection.idleTime) > 0
        } catch {
            return false
        }
    }
}
