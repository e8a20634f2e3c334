import Foundation
import TestSupport
import Testing

/// Responses that lie on disk: after a restart, read by whom, and what a client that leaves meanwhile costs the others.
@Suite struct CacheDiskTests {
    /// Takes the files of a directory out of the kernel's memory, as far as it obliges.
    private func forget(_ sandbox: Sandbox, _ directory: String) {
        for name in sandbox.files(below: directory) {
            let descriptor = unsafe open(sandbox.path(directory + "/" + name), O_RDONLY)
            guard descriptor >= 0 else { continue }
            fsync(descriptor)
            posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
            close(descriptor)
        }
    }

    @Test(arguments: Front.allAvailable)
    func coldFilesAreReadForThoseWhoStay(_ front: Front) throws {
        let count = 60
        @Sendable func body(_ number: Int) -> String { String(repeating: "\(number) ", count: 3000) }
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in
                let number = Int(request.path.dropFirst()) ?? 0
                try reply.respond(200, ["Vary": "X-Kind", "X-Accel-Expires": "3600"], body(number) + (request["X-Kind"] ?? ""))
            }
            let server = try scene.serve(
                "location / { proxy_pass http://\(origin.address); proxy_cache zone; add_header X-Cache-Status $upstream_cache_status; }",
                http: "proxy_cache_path \(scene.sandbox.path)/cache levels=1:2 keys_zone=zone:1m;")
            for number in 0..<count {
                for kind in ["a", "b"] { _ = try scene.get("/\(number)", ["X-Kind": kind]) }
            }
            #expect(origin.requests.count == count * 2)
            server.quit()
            #expect(server.waitForExit() == .exited(0))
            forget(scene.sandbox, "cache")
            try server.start()

            let clients = try (0..<count).map { number in
                let client = try scene.client()
                try client.sendRequest("GET", "/\(number)", ["X-Kind": number % 2 == 0 ? "a" : "b"])
                return client
            }
            for number in stride(from: 0, to: count, by: 3) { clients[number].close() }
            for number in 0..<count where number % 3 != 0 {
                let answer = try clients[number].receiveResponse(to: "GET")
                #expect(answer.cacheStatus == "HIT")
                #expect(answer.text == body(number) + (number % 2 == 0 ? "a" : "b"))
            }
            // Every connection still serves.
            for number in 0..<count where number % 3 != 0 {
                #expect(try clients[number].get("/\(number)", ["X-Kind": "b"]).text == body(number) + "b")
            }
            // nginx asks again for variants that nobody has asked for since it was started.
            if front == .zendan { #expect(origin.requests.count == count * 2) }
        }
    }

    /// The disk of the cache is full by itself: answers come whole, the latest are kept, the oldest are gone. nginx cuts the
    /// answer short whose file it cannot write, and removes nothing without `min_free`.
    @Test(.enabled(if: SmallDisk.isAvailable), arguments: ["", "proxy_cache_lock on;"], Front.only(.zendan))
    func aFullDiskLetsTheOldestGo(_ options: String, _ front: Front) throws {
        let body = String(repeating: "0123456789abcdef", count: 20_000)
        try Scene.play(front) { scene in
            let disk = try SmallDisk(scene.sandbox.path("disk"), size: 4 << 20)
            defer { disk.remove() }
            let origin = try scene.origin { request, reply in
                try reply.respond(200, ["X-Accel-Expires": "3600"], request.path + body)
            }
            let server = try scene.serve(
                """
                location / {
                    proxy_pass http://\(origin.address); proxy_cache zone; \(options)
                    add_header X-Cache-Status $upstream_cache_status;
                }
                """, http: "proxy_cache_path \(disk.path)/cache levels=1:2 keys_zone=zone:1m use_temp_path=off;")
            for number in 0..<40 {
                #expect(try scene.get("/\(number)").text == "/\(number)" + body)
                // A response reaches its client a moment before it stands in the cache.
                #expect(try eventually { try scene.get("/\(number)").cacheStatus == "HIT" })
            }
            #expect(try scene.get("/0").cacheStatus == "MISS")
            let lines = server.lines(of: "error.log").filter { $0.contains("[crit]") }
            // Once a minute, and each loop for itself; not for each of the many responses that did not fit.
            #expect(!lines.isEmpty && lines.count < 10)
            #expect(lines.allSatisfy { $0.contains("No space left") && $0.contains("min_free=") })
        }
    }

    /// The worker may not write files beyond some size, as on a disk that is full: what does not fit passes through, whole, and
    /// what does is stored.
    @Test(arguments: Front.only(.zendan))
    func whatTheDiskDoesNotTakePassesThrough(_ front: Front) throws {
        let large = String(repeating: "0123456789abcdef", count: 1 << 17)
        try Scene.play(front) { scene in
            let origin = try scene.origin { request, reply in
                let body = request.path.hasPrefix("/large") ? large : "small"
                try reply.respond(200, ["X-Accel-Expires": "3600"], body)
            }
            // Limits may be set on processes of one's own user only.
            let user = geteuid() == 0 ? "user root;" : ""
            let server = try scene.serve(
                """
                location / {
                    proxy_pass http://\(origin.address); proxy_cache zone; proxy_cache_lock on;
                    add_header X-Cache-Status $upstream_cache_status;
                }
                """, http: "proxy_cache_path \(scene.sandbox.path)/cache levels=1:2 keys_zone=zone:1m;", main: user)
            for worker in server.workers {
                let (status, _) = try run("/usr/bin/prlimit", ["--pid", "\(worker)", "--fsize=300000:300000"])
                #expect(status == .exited(0))
            }
            let endpoint = scene.endpoint
            let answers = try onThreads(12) { number in
                try endpoint.get(number % 2 == 0 ? "/large\(number % 4)" : "/small\(number)").text
            }
            for number in 0..<12 { #expect(answers[number] == (number % 2 == 0 ? large : "small")) }
            #expect(try scene.get("/small1").cacheStatus == "HIT")
            #expect(try scene.get("/large0").cacheStatus == "MISS")
            // Nothing is left of what was given up, and the log says once what to do.
            #expect(eventually { scene.sandbox.files(below: "cache").count == 6 })
            let lines = server.lines(of: "error.log").filter { $0.contains("responses pass through unstored") }
            #expect(lines.count == 1 && lines[0].contains("max_size="))
        }
    }
}
