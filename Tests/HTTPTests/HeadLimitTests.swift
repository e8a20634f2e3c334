import Bytes
import HTTP
import Testing

@Suite("Bounds of request heads")
struct HeadLimitTests {
    private var limits: HeadLimits {
        var limits = HeadLimits()
        limits.clientHeaderBufferSize = 64
        limits.largeBufferSize = 128
        limits.largeBufferCount = 2
        return limits
    }

    /// A request line of `count` bytes with its CRLF.
    private func line(_ count: Int) -> String { "GET /" + String(repeating: "a", count: count - 16) + " HTTP/1.0\r\n" }
    /// A field line of `count` bytes with its CRLF.
    private func field(_ count: Int) -> String { "X: " + String(repeating: "b", count: count - 5) + "\r\n" }

    @Test("The request line fits one large buffer or is a 414")
    func requestLine() {
        #expect(decode(line(128) + "\r\n", limits: limits).summary != nil)
        #expect(decode(line(129) + "\r\n", limits: limits).status == 414)
        #expect(decode(String(line(129).dropLast(1)), limits: limits).status == nil)
        #expect(decode("GET /" + String(repeating: "a", count: 123), limits: limits).status == 414)
    }

    @Test("A field line fits one large buffer, and all of them fit the number of buffers, or it is a 494")
    func fieldLines() {
        #expect(decode(line(20) + field(128) + "\r\n", limits: limits).summary != nil)
        #expect(decode(line(20) + field(129) + "\r\n", limits: limits).status == 494)
        #expect(decode(line(60) + field(128) + field(126) + "\r\n", limits: limits).summary != nil)
        #expect(decode(line(60) + field(128) + field(128) + "\r\n", limits: limits).status == 494)
        #expect(decode(line(60) + field(70) + field(70) + field(70) + "\r\n", limits: limits).status == 494)
        #expect(decode(line(60) + "X: " + String(repeating: "b", count: 125), limits: limits).status == 494)
    }

    @Test("max_headers")
    func fieldCount() {
        var limits = HeadLimits()
        limits.maxHeaders = 5
        let five = String(repeating: "X: 1\r\n", count: 5)
        #expect(decode("GET / HTTP/1.0\r\n\(five)\r\n", limits: limits).summary?.fields.count == 5)
        #expect(decode("GET / HTTP/1.0\r\n\(five)X: 1\r\n\r\n", limits: limits).status == 494)
    }

    @Test("A head moves to larger blocks until it is whole")
    func moving() throws {
        let limits = HeadLimits()
        let request = bytes(
            "GET / HTTP/1.0\r\n" + (0..<6).map { "X-\($0): " + String(repeating: "v", count: 4000) + "\r\n" }.joined() + "\r\n")
        let decoder = RequestDecoder(limits: limits)
        let head = RequestHead(buffer: ByteBuffer(capacity: 256))
        head.buffer.append(bytes("junk").span)
        head.start = 4
        var sent = 0
        var moves = 0
        decoding: while true {
            let count = min(head.buffer.room, request.count - sent)
            head.buffer.append(request.span.extracting(sent..<(sent + count)))
            sent += count
            switch try decoder.decode(head) {
            case .complete: break decoding
            case .incomplete: #expect(head.buffer.room > 0)
            case .needsLargerBuffer:
                moves += 1
                head.move(to: ByteBuffer(capacity: limits.capacity(after: head.buffer.capacity)))
            }
        }
        #expect(head.slots.count == 6)
        #expect(head.end == request.count)
        #expect(moves < 8)
    }

    @Test("However a head of the largest size is cut, growing ends in an answer")
    func growingEnds() {
        let limits = self.limits
        let decoder = RequestDecoder(limits: limits)
        for endless in ["GET /", "GET / HTTP/1.0\r\nX: ", "GET / HTTP/1.0\r\nX"] {
            let head = RequestHead(buffer: ByteBuffer(capacity: 8))
            var prefix = bytes(endless)
            var isRefused = false
            for _ in 0..<2000 where !isRefused {
                let byte = prefix.isEmpty ? UInt8(ascii: "a") : prefix.removeFirst()
                if head.buffer.room == 0 {
                    head.move(to: ByteBuffer(capacity: limits.capacity(after: head.buffer.capacity)))
                }
                head.buffer.append(byte)
                do throws(RequestFailure) { _ = try decoder.decode(head) } catch { isRefused = true }
            }
            #expect(isRefused)
            #expect(head.buffer.capacity <= limits.largestHead + 1)
        }
    }
}
