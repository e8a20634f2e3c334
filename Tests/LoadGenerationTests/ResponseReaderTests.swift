import LoadGeneration
import Testing

@Suite("Reading responses")
struct ResponseReaderTests {
    private struct Outcome: Equatable {
        var status = 0
        var consumed: Int?
        var keeps = false
        var failure: LoadFailure?
    }

    /// Feeds `text` in pieces of `size` bytes, and the end of the connection afterwards if asked.
    private func read(_ text: String, size: Int, isHead: Bool = false, end: Bool = false) -> Outcome {
        var reader = ResponseReader()
        reader.begin(isHead: isHead)
        let bytes = Array(text.utf8)
        var offset = 0
        do throws(LoadFailure) {
            while offset < bytes.count {
                let piece = Array(bytes[offset..<min(offset + size, bytes.count)])
                if let used = try reader.take(piece.span) {
                    return Outcome(status: reader.status, consumed: offset + used, keeps: reader.keepsConnection)
                }
                offset += piece.count
            }
            if end {
                try reader.end()
                return Outcome(status: reader.status, consumed: offset, keeps: reader.keepsConnection)
            }
        } catch {
            return Outcome(failure: error)
        }
        return Outcome(status: reader.status)
    }

    @Test(
        "whole responses, however they are cut",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, true),
            ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", 404, true),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, false),
            ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", 200, true),
            ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 200, false),
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, true),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", 304, true),
            ("HTTP/1.1 200 OK\nContent-Length: 2\n\nab", 200, true),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
                201, true
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n", 200, true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: a\r\nOther: b\r\n\r\n", 200, true),
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", 101, false),
        ])
    func whole(text: String, status: Int, keeps: Bool) {
        for size in [1, 2, 3, 7, 1_000] {
            let expected = Outcome(status: status, consumed: text.utf8.count, keeps: keeps)
            #expect(read(text, size: size) == expected)
            #expect(read(text + "HTTP/1.1", size: 1_000) == expected)
        }
    }

    @Test("an answer to HEAD ends with its head")
    func head() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
        #expect(read(text, size: 4, isHead: true) == Outcome(status: 200, consumed: text.utf8.count, keeps: true))
    }

    @Test("a body without a length ends with the connection; one with a length must be whole")
    func ends() {
        let open = "HTTP/1.1 200 OK\r\n\r\nsome body"
        #expect(read(open, size: 5) == Outcome(status: 200))
        #expect(read(open, size: 5, end: true) == Outcome(status: 200, consumed: open.utf8.count, keeps: false))
        #expect(read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", size: 5, end: true) == Outcome(failure: .read))
        #expect(
            read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", size: 5, end: true) == Outcome(failure: .read))
        #expect(read("HTTP/1.1 200", size: 5, end: true) == Outcome(failure: .read))
    }

    @Test(
        "what is no response is refused",
        arguments: [
            "hello there, this is no HTTP\r\n\r\n",
            "HTTP/1.1 20x OK\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        ])
    func malformed(text: String) {
        for size in [1, 5, 1_000] { #expect(read(text, size: size) == Outcome(failure: .malformed)) }
    }

    @Test("a head without end is given up")
    func endlessHead() {
        let text = "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: ResponseReader.maximumHead + 1_000)
        #expect(read(text, size: 1_000) == Outcome(failure: .malformed))
    }

    @Test("random bytes never trap")
    func noise() {
        var generator = SeededGenerator(seed: 3)
        let base = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".utf8)
        for _ in 0..<20_000 {
            var bytes = base
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            var reader = ResponseReader()
            reader.begin(isHead: false)
            _ = try? reader.take(bytes.span)
        }
    }

    @Test("the cache's words are understood")
    func cache() {
        func verdict(_ field: String) -> CacheVerdict? {
            var reader = ResponseReader()
            reader.begin(isHead: false)
            let bytes = Array("HTTP/1.1 200 OK\r\n\(field)\r\nContent-Length: 0\r\n\r\n".utf8)
            _ = try? reader.take(bytes.span)
            return reader.cache
        }
        #expect(verdict("X-Cache-Status: HIT") == .hit)
        #expect(verdict("x-cache-status:  expired ") == .expired)
        #expect(verdict("X-Cache-Status: nonsense") == .other)
        #expect(verdict("Cache-Status: zendan; hit; ttl=5") == .hit)
        #expect(verdict("Cache-Status: origin; hit, zendan; fwd=uri-miss; stored") == .miss)
        #expect(verdict("Cache-Status: \"a, hit; b\"; fwd=stale") == .expired)
        #expect(verdict("Cache-Status: zendan; fwd=bypass") == .bypass)
        #expect(verdict("Server: x") == nil)
        #expect(CacheVerdict.updating.isHit && !CacheVerdict.bypass.isHit)
    }
}
