import Bytes
import Glibc
import Platform
import TestSupport
import Testing

@testable import TLS

@Suite(.needs(.openssl)) struct TransferTests {
    private func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

    private func pair(smallSockets: Bool = false, recordSize: Int = 16384) throws -> SessionPair {
        let pair = try SessionPair(Contexts.server { $0.recordSize = recordSize }, Contexts.client())
        if smallSockets {
            for raw in [pair.clientSocket.rawValue, pair.serverSocket.rawValue] {
                var size: Int32 = 4096
                _ = unsafe setsockopt(raw, SOL_SOCKET, SO_SNDBUF, &size, 4)
            }
        }
        #expect(pair.handshake() == ("done", "done"))
        return pair
    }

    /// Sockets that take a few kilobytes at a time cut records anywhere; what arrives is what was sent.
    @Test(arguments: [(false, 16384), (true, 16384), (true, 700)])
    func muchComesThroughAsItWas(_ small: Bool, _ recordSize: Int) throws {
        let pair = try pair(smallSockets: small, recordSize: recordSize)
        let bytes = pattern(3_000_001)
        #expect(SessionPair.transfer(bytes, from: pair.server, to: pair.client) == bytes)
        #expect(SessionPair.transfer(bytes, from: pair.client, to: pair.server, room: 1000) == bytes)
        #expect(!pair.server.hasUnsent && !pair.client.hasUnsent)
    }

    @Test func severalRunsShareTheirRecords() throws {
        for small in [false, true] {
            let pair = try pair(smallSockets: small)
            let runs = [pattern(300), pattern(40_000), pattern(2), pattern(70_000)]
            let all = runs.flatMap { $0 }
            var sent = 0
            var got: [UInt8] = []
            for _ in 0..<10_000 where got.count < all.count {
                // What is left of each run.
                var skip = sent
                let rest = runs.map { run -> [UInt8] in
                    let taken = min(skip, run.count)
                    skip -= taken
                    return Array(run[taken...])
                }
                let (a, b, c, d) = (rest[0], rest[1], rest[2], rest[3])
                if sent < all.count, case .done(let count) = pair.server.send(a.span, b.span, c.span, d.span) { sent += count }
                if let part = pair.client.take() { got += part }
            }
            #expect(got == all && sent == all.count)
        }
    }

    /// Nobody counts a byte as sent that stands in memory: a writer that stops early has not been told more.
    @Test func whatTheSocketHasNotTakenIsNotCounted() throws {
        let pair = try pair()
        let bytes = pattern(1 << 22)
        var sent = 0
        for _ in 0..<100 {
            guard case .done(let count) = pair.server.send(bytes.span.extracting(sent..<bytes.count)) else { break }
            sent += count
        }
        #expect(sent > 0 && sent < bytes.count && pair.server.hasUnsent)
        var got: [UInt8] = []
        while let part = pair.client.take(), !part.isEmpty { got += part }
        guard case .done(0) = pair.server.flush() else { return #expect(Bool(false), "there is room again") }
        while let part = pair.client.take(), !part.isEmpty { got += part }
        #expect(got.count >= sent && Array(bytes[..<got.count]) == got)
    }

    @Test func aHeldHeadSharesARecordWithAFile() throws {
        let sandbox = try Sandbox()
        for (small, size) in [(false, 1000), (false, 0), (true, 200_000)] {
            let pair = try pair(smallSockets: small)
            let body = pattern(size)
            try sandbox.write("file", bytes: body)
            let file = try File.open(sandbox.path("file"), .read)
            let head = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
            guard case .done(head.count) = pair.server.send(head.span, more: true) else {
                return #expect(Bool(false), "a head is held back")
            }
            #expect(pair.client.take() == [])
            var offset = 0
            var got: [UInt8] = []
            for _ in 0..<10_000 where got.count < head.count + body.count {
                if offset < size || size == 0 {
                    _ = pair.server.sendFile(file.rawValue, offset: &offset, count: size - offset)
                }
                if let part = pair.client.take() { got += part }
            }
            #expect(got == head + body && offset == size)
        }
    }

    @Test func aHeldHeadGoesOutWithTheEnd() throws {
        let pair = try pair()
        let head = Array("head".utf8)
        _ = pair.server.send(head.span, more: true)
        _ = pair.server.shutdown()
        #expect(pair.client.take() == head)
        #expect(pair.client.take() == nil)
    }

    @Test func aFileThatIsShorterThanToldEnds() throws {
        let pair = try pair()
        let sandbox = try Sandbox()
        try sandbox.write("file", "abc")
        let file = try File.open(sandbox.path("file"), .read)
        var offset = 0
        guard case .done(3) = pair.server.sendFile(file.rawValue, offset: &offset, count: 10) else {
            return #expect(Bool(false), "three bytes are there")
        }
        guard case .closed = pair.server.sendFile(file.rawValue, offset: &offset, count: 7) else {
            return #expect(Bool(false), "no more are there")
        }
    }

    /// Bytes that stand inside the library make no socket readable: `hasUnread` says so.
    @Test func aFullBufferLeavesWord() throws {
        let pair = try pair()
        _ = pair.server.put(String(repeating: "x", count: 5000))
        #expect(pair.client.take(room: 1000)?.count == 1000)
        #expect(pair.client.hasUnread)
        #expect(pair.client.take(room: 4000)?.count == 4000)
        #expect(pair.client.take() == [])
        #expect(!pair.client.hasUnread)
        _ = pair.server.put("last")
        _ = pair.server.shutdown()
        #expect(pair.client.take(room: 4)?.count == 4)
        #expect(pair.client.hasUnread)
        #expect(pair.client.take() == nil)
        #expect(!pair.client.hasUnread)
    }

    @Test func aResetIsAnErrorOfTheSocket() throws {
        let pair = try pair()
        #expect(SessionPair.transfer([1, 2, 3], from: pair.client, to: pair.server) == [1, 2, 3])
        Socket.shutdownWrite(pair.clientSocket.rawValue)
        _ = shutdown(pair.clientSocket.rawValue, Int32(SHUT_RDWR))
        var result = IOResult.wouldBlock
        let more = pattern(100_000)
        for _ in 0..<3 { result = pair.server.send(more.span) }
        guard case .failed(.brokenPipe) = result else { return #expect(Bool(false), "\(result)") }
    }
}
