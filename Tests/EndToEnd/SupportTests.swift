import TestSupport
import Testing

/// The test support held to its own promises, with the simplest configurations.
@Suite struct SupportTests {
    @Test(arguments: Front.allAvailable)
    func aServerAnswersOnTheSocketHandedDown(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve("location / { return 200 hello; }")
            let response = try scene.get("/a?b=c")
            #expect(response.status == 200)
            #expect(response.text == "hello")
            #expect(try server.lines(1)[0].contains("GET /a?b=c HTTP/1.1"))
            #expect(server.workers.count >= 1)
            #expect(server.tree.proportionalSetSize > 0)
            #expect(server.tree.descriptorCount > 3)
        }
    }

    @Test(arguments: Front.allAvailable)
    func aServerComesBackOnTheSameSocket(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve("location / { return 200 one; }")
            #expect(try scene.get("/").text == "one")
            server.quit()
            #expect(server.waitForExit() == .exited(0))
            try server.start()
            #expect(try scene.get("/").text == "one")
            try server.reload(scene.configuration("location / { return 200 two; }"))
            #expect(try eventually { try scene.get("/").text == "two" })
        }
    }

    @Test(arguments: Front.allAvailable)
    func aConfigurationThatIsRefusedSaysSo(_ front: Front) throws {
        try Scene.play(front) { scene in
            scene.allowsAlerts = true
            #expect(throws: HarnessError.self) { try scene.serve("no_such_directive;") }
        }
    }

    @Test(arguments: Front.allAvailable)
    func anOriginIsAskedThroughTheServer(_ front: Front) throws {
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in
                switch request.path {
                case "/chunks":
                    try reply.head(200, ["Transfer-Encoding": "chunked"])
                    try reply.chunk("one ")
                    try reply.chunk("two")
                    try reply.endChunks()
                case "/cut":
                    try reply.head(200, ["Content-Length": "10"])
                    try reply.send("half")
                    reply.close()
                default:
                    try reply.respond(200, ["X-Seen": request.method, "Set-Cookie": "a=1", "Set-Cookie": "b=2"], request.text)
                }
            }
            try scene.serve("location / { proxy_pass http://\(origin.address); }")
            #expect(try scene.get("/chunks").text == "one two")
            #expect(throws: HarnessError.self) { try scene.get("/cut") }
            let answer = try scene.endpoint.post("/form", "x=1")
            #expect(answer["x-seen"] == "POST")
            #expect(answer.fields.all("Set-Cookie") == ["a=1", "b=2"])
            #expect(answer.text == "x=1")
            #expect(origin.count("/form") == 1)
            origin.die()
            #expect(try scene.get("/gone").status == 502)
            try origin.revive()
            #expect(try scene.get("/back").status == 200)
        }
    }

    @Test(arguments: Front.allAvailable)
    func connectionsArePipelinedAndKept(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.serve("location / { return 200 $uri; }")
            let client = try scene.client()
            try client.send(
                "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.receiveResponse().text == "/1")
            #expect(try client.receiveResponse(to: "HEAD").body.isEmpty)
            let third = try client.receiveResponse()
            #expect(third.text == "/3")
            #expect(third.keepsAlive)
            #expect(try client.request("GET", "/4", ["Connection": "close"]).text == "/4")
            #expect(client.isClosedByPeer())
            let all = try onThreads(20) { [endpoint = scene.endpoint] in try endpoint.get("/\($0)").text }
            #expect(all == (0..<20).map { "/\($0)" })
        }
    }
}
