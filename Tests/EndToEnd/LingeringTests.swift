import TestSupport
import Testing

/// How a connection ends of which the client may still be sending.
@Suite struct LingeringTests {
    /// A connection whose answer is there and whose server's direction has ended. `more` came behind the request.
    private func ended(_ scene: Scene, _ target: String, more: String = "") throws -> RawClient {
        let client = try scene.client()
        try client.send("GET \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n\(more)")
        #expect(try client.receiveResponse().status == 200)
        #expect(try client.receiveSome().isEmpty)
        return client
    }

    @Test(.proves("lingering_close"), arguments: Front.allAvailable)
    func whoeverIsStillSendingIsReadWhenTold(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.serve(
                """
                location /on { return 200; }
                location /off { lingering_close off; return 200; }
                location /always { lingering_close always; return 200; }
                """)
            let always = try ended(scene, "/always")
            let sending = try ended(scene, "/on", more: "more")
            let silent = try ended(scene, "/on")
            let off = try ended(scene, "/off", more: "more")
            #expect(eventually { !off.isHeldByPeer && !silent.isHeldByPeer })
            #expect(always.isHeldByPeer && sending.isHeldByPeer)
            try sending.send("and more")
            #expect(sending.isHeldByPeer)
            for client in [always, sending] { client.close() }
        }
    }

    @Test(.proves("lingering_timeout"), arguments: Front.allAvailable)
    func aClientThatIsSilentIsNotWaitedForLong(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.serve("location / { return 200; } location /quick { lingering_timeout 200ms; return 200; }")
            let usual = try ended(scene, "/", more: "more")
            let quick = try ended(scene, "/quick", more: "more")
            try quick.send("and more")
            #expect(eventually { !quick.isHeldByPeer })
            #expect(usual.isHeldByPeer)
            usual.close()
        }
    }

    @Test(.proves("lingering_time"), arguments: Front.allAvailable)
    func aClientThatGoesOnIsNotReadForEver(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.serve("location / { return 200; } location /short { lingering_time 1s; return 200; }")
            let usual = try ended(scene, "/", more: "more")
            let short = try ended(scene, "/short", more: "more")
            #expect(
                try eventually {
                    try usual.send("x")
                    try? short.send("x")
                    return !short.isHeldByPeer
                })
            #expect(usual.isHeldByPeer)
            usual.close()
        }
    }
}
