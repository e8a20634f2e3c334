import Bytes
import HTTP
import Testing

@Suite("Response heads")
struct ResponseDecoderTests {
    @Test("An ordinary response")
    func ordinary() throws {
        let response = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-a.b: 1\r\nx_y : \r\n\r\nabc"
        #expect(decodeResponse(response).status == 502)
        let summary = try #require(
            decodeResponse("HTTP/1.1 200 Very OK\r\nContent-Length:  3\t\r\nX-a.b: 1\r\nx_y:\r\n\r\nabc").summary)
        #expect(summary.status == 200)
        #expect(summary.reason == "Very OK")
        #expect(summary.contentLength == 3)
        #expect(summary.keepsAlive)
        #expect(summary.fields == ["Content-Length: 3", "X-a.b: 1", "x_y: "])
        #expect(summary.rest == "abc")
    }

    @Test(
        "Status lines",
        arguments: [
            ("HTTP/1.1 200 OK", 200, "OK", true), ("HTTP/1.0 200 OK", 200, "OK", false), ("HTTP/1.1 404", 404, "", true),
            ("HTTP/1.1 404 ", 404, "", true), ("HTTP/1.1 403.1 Forbidden", 403, "1 Forbidden", true),
            ("HTTP/1.1   999  x", 999, " x", true), ("HTTP/2.0 200 OK", 200, "OK", true),
        ])
    func statusLines(line: String, status: Int, reason: String, keepsAlive: Bool) throws {
        for end in ["\r\n\r\n", "\n\n", "\r\n\n"] {
            let summary = try #require(decodeResponse(line + end).summary)
            #expect(summary.status == status && summary.reason == reason && summary.keepsAlive == keepsAlive)
            #expect(!summary.isHeadless)
        }
    }

    @Test(
        "What is no status line is an answer without a head",
        arguments: [
            "hello", "\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP1.1 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 20\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/0.9 200\r\n\r\n", "HTTP/1.1200 OK\r\n\r\n", "HTTP/1.1 099\r\n\r\n",
            "HTTP/.1 200\r\n\r\n", "HTTP/1. 200\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 a\rb\r\n\r\n",
        ])
    func headless(content: String) throws {
        let summary = try #require(decodeResponse(content).summary)
        #expect(summary.isHeadless)
        #expect(summary.status == 200)
        #expect(summary.rest == content)
        #expect(!summary.keepsAlive)
    }

    @Test("Part of a status line is waited for", arguments: ["", "H", "HTTP/", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r"])
    func partial(content: String) {
        #expect(decodeResponse(content) == .incomplete)
    }

    @Test(
        "Field lines that are refused",
        arguments: [
            ":x", " x: y", "a b: c", "a : c", "A: \u{0}", "A: b\rc", "A: b\r\n folded",
            "Content-Length: 1\r\nContent-Length: 1",
            "Content-Length: x", "Content-Length:", "Content-Length: -1", "Content-Length: 99999999999999999999",
            "Content-Length: 1\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 1",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip", "Transfer-Encoding:",
        ])
    func refused(line: String) {
        #expect(decodeResponse("HTTP/1.1 200 OK\r\n\(line)\r\n\r\n").status == 502)
    }

    @Test("Second status lines and control bytes in values are let through")
    func tolerated() throws {
        let summary = try #require(decodeResponse("HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\nA: \u{1}b\r\nB\r\n\r\n").summary)
        #expect(summary.fields == ["A: \u{1}b", "B: "])
    }

    @Test("Connection: close")
    func close() {
        #expect(decodeResponse("HTTP/1.1 200 OK\r\nConnection: x, Close\r\n\r\n").summary?.keepsAlive == false)
        #expect(decodeResponse("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n").summary?.keepsAlive == true)
    }

    @Test("A head that fills proxy_buffer_size without ending is a 502")
    func tooBig() {
        #expect(decodeResponse(bytes("HTTP/1.1 200 OK\r\nA: b"), room: 0).status == 502)
        #expect(decodeResponse(bytes("HTTP/1.1 200 OK\r\nA: b\r\n\r\n"), room: 0).summary != nil)
    }

    @Test("Interim responses are heads; the next follows behind")
    func interim() throws {
        let head = ResponseHead(
            buffer: buffer(bytes("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")))
        let decoder = ResponseDecoder()
        #expect(try decoder.decode(head) == .complete)
        #expect(head.status == 103 && head.has(.link))
        let end = head.end
        head.reset()
        head.start = end
        #expect(try decoder.decode(head) == .complete)
        #expect(head.status == 200 && head.contentLength == 0 && !head.has(.link))
    }

    @Test("Cut anywhere, the head is the same")
    func splitting() {
        for end in ["\r\n", "\n"] {
            let lines = ["HTTP/1.1 200 OK", "Content-Length: 3", "Server: x y", "ETag: \"q\"", "", "abc"]
            let content = bytes(lines.joined(separator: end))
            let whole = decodeResponse(content)
            #expect(whole.summary != nil)
            for first in 0...content.count { #expect(decodeResponse(content, cuts: [first]) == whole) }
            #expect(decodeResponse(content, cuts: Array(0..<content.count)) == whole)
        }
    }

    @Test("How the body is framed")
    func framing() throws {
        func framing(_ response: String, _ method: Method = .get) throws -> BodyDecoder {
            let head = ResponseHead(buffer: buffer(bytes(response)))
            #expect(try ResponseDecoder().decode(head) == .complete)
            return ResponseDecoder().bodyFraming(for: head, requestMethod: method)
        }
        #expect(try framing("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").remaining == 3)
        #expect(try framing("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", .head).isComplete)
        #expect(try framing("HTTP/1.1 204 x\r\nContent-Length: 3\r\n\r\n").isComplete)
        #expect(try framing("HTTP/1.1 304 x\r\nContent-Length: 3\r\n\r\n").isComplete)
        #expect(try framing("HTTP/1.1 101 x\r\n\r\n").isComplete)
        #expect(try framing("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").isComplete)
        guard case .chunked = try framing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") else {
            Issue.record("not chunked")
            return
        }
        guard case .untilClose = try framing("HTTP/1.1 200 OK\r\n\r\n"), case .untilClose = try framing("hi") else {
            Issue.record("not until close")
            return
        }
    }
}

@Suite("Status lines and chunk heads")
struct ResponseEncoderTests {
    @Test(
        "Status lines are nginx's",
        arguments: [
            (200, "HTTP/1.1 200 OK\r\n"), (302, "HTTP/1.1 302 Moved Temporarily\r\n"), (405, "HTTP/1.1 405 Not Allowed\r\n"),
            (504, "HTTP/1.1 504 Gateway Time-out\r\n"), (203, "HTTP/1.1 203 \r\n"), (599, "HTTP/1.1 599 \r\n"),
            (101, "HTTP/1.1 101 Switching Protocols\r\n"), (0, "HTTP/1.1 500 \r\n"),
        ])
    func statusLines(status: Int, line: String) {
        var output: [UInt8] = []
        ResponseEncoder.appendStatusLine(status, to: &output)
        #expect(text(output) == line)
        let block = ByteBuffer(capacity: 64)
        ResponseEncoder.appendStatusLine(status, to: block)
        #expect(block.bytes.text == line)
    }

    @Test(
        "Chunk sizes", arguments: [(1, "1"), (15, "f"), (16, "10"), (255, "ff"), (4096, "1000"), (Int.max, "7fffffffffffffff")])
    func chunkSizes(count: Int, digits: String) {
        var output = ByteString()
        ResponseEncoder.appendChunkSize(count, to: &output)
        #expect(text(output.array) == digits + "\r\n")
        let block = ByteBuffer(capacity: ResponseEncoder.longestChunkSize)
        ResponseEncoder.appendChunkSize(count, to: block)
        #expect(block.bytes.text == digits + "\r\n")
    }
}
