import Foundation
import TestSupport
import Testing

/// What happens where a process may have only a few files open.
@Suite struct FewDescriptorsTests {
    @Test(arguments: Front.allAvailable)
    func itStartsAndReloadsWithFewDescriptors(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve("location / { return 200 one; }", descriptorLimit: 64)
            #expect(try scene.get("/").text == "one")
            try server.reload(scene.configuration("location / { return 200 two; }"))
            #expect(try eventually { try scene.get("/").text == "two" })
        }
    }

    @Test(arguments: Front.allAvailable)
    func itAcceptsAgainOnceDescriptorsAreFree(_ front: Front) throws {
        try Scene.play(front) { scene in
            scene.allowsAlerts = true
            let server = try scene.serve("location / { return 200 here; }", descriptorLimit: 48)
            // Connected by the kernel, whether or not the server has a descriptor for them.
            let clients = try (0..<60).map { _ in try scene.client() }
            #expect(eventually { server.errorLog.contains("24: Too many open files") })
            for client in clients { client.close() }
            #expect(try scene.get("/").text == "here")
        }
    }
}
