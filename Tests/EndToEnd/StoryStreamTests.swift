import TestSupport
import Testing

/// The story's third part: what is not a page. A WebSocket and a stream of events pass.
@Suite(.needs(.puma)) struct StoryStreamTests {
    @Test(arguments: Front.allAvailable)
    func aWebSocketPasses(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            let client = try RawClient(story.endpoint)
            try client.sendRequest(
                "GET", "/ws",
                [
                    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                ])
            let answer = try client.receiveHead()
            #expect(answer.status == 101)
            #expect(answer["Upgrade"]?.lowercased() == "websocket")
            // The answer that RFC 6455 §1.3 computes for this key.
            #expect(answer["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            for text in ["one", "two", String(repeating: "x", count: 100)] {
                try client.send(WebSocket.frame(0x1, Array(text.utf8)))
                #expect(try WebSocket.receive(from: client) == .init(opcode: 0x1, payload: Array(text.utf8)))
            }
            let large = [UInt8](repeating: 7, count: 70_000)
            try client.send(WebSocket.frame(0x2, large))
            #expect(try WebSocket.receive(from: client) == .init(opcode: 0x2, payload: large))
            try client.send(WebSocket.frame(0x8, [0x03, 0xE8]))
            #expect(try WebSocket.receive(from: client).opcode == 0x8)
            #expect(client.isClosedByPeer())
        }
    }

    @Test(arguments: Front.allAvailable)
    func eventsArriveOneByOne(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            let client = try RawClient(story.endpoint)
            // A thousand events, a tenth of a second apart: a front that collects them sends many at once, and late.
            try client.sendRequest("GET", "/events?count=1000&interval_ms=100", ["Accept": "text/event-stream"])
            let head = try client.receiveHead()
            #expect(head.status == 200)
            #expect(head["Content-Type"]?.hasPrefix("text/event-stream") == true)
            var seen = ""
            while !seen.contains("id: 3\n") {
                let arrived = String(decoding: try client.receiveSome(), as: UTF8.self)
                try #require(!arrived.isEmpty)
                #expect(arrived.split(separator: "\n").count { $0.hasPrefix("id: ") } < 10)
                seen += arrived
            }
            client.close()
            // Whole and in order when it is short.
            let whole = try story.endpoint.get("/events?count=3&interval_ms=1")
            #expect(
                whole.text.split(separator: "\n").filter { $0.hasPrefix("data: ") } == [
                    "data: 1 of 3", "data: 2 of 3", "data: 3 of 3",
                ])
        }
    }
}
