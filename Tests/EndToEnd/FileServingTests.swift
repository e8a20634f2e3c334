import Foundation
import TestSupport
import Testing

/// Files: where they lie, which one is meant, what is said of them.
@Suite struct FileServingTests {
    /// Plays with a small site: `site/` and `other/` in the sandbox.
    private func play(
        _ front: Front, _ body: String, http: String = "", workers: Int? = nil, _ test: (Scene, ServerUnderTest) throws -> Void
    ) throws {
        try Scene.play(front) { scene in
            let files = [
                "site/a.txt": "a", "site/page.html": "page", "site/dir/index.html": "index", "site/dir/first.html": "first",
                "site/x.odd": "odd", "site/html/a.txt": "html", "other/a.txt": "other", "other/sub/index.html": "sub",
            ]
            for (name, text) in files { try scene.sandbox.write(name, text) }
            try scene.sandbox.makeDirectory("site/empty")
            let server = try scene.serve(
                body.replacingOccurrences(of: "BOX", with: scene.sandbox.path),
                http: http.replacingOccurrences(of: "BOX", with: scene.sandbox.path), workers: workers)
            try test(scene, server)
        }
    }

    @Test(.proves("root", "location", "http", "server", "events", "listen"), arguments: Front.allAvailable)
    func rootIsJoinedWithTheWholePath(_ front: Front) throws {
        try play(front, "root BOX/site/; location /dir/ { root BOX/site; } location = /a.txt { root BOX/other; }") {
            (scene, _) throws in
            #expect(try scene.get("/page.html").text == "page")
            #expect(try scene.get("/dir/first.html").text == "first")
            #expect(try scene.get("/a.txt").text == "other")
            #expect(try scene.get("/none.txt").status == 404)
            #expect(try scene.get("/%2e%2e/other/a.txt").status == 400)
            #expect(try scene.get("/dir/..%2f..%2f..%2fother/a.txt").status == 400)
        }
    }

    @Test(.proves("alias"), arguments: Front.allAvailable)
    func aliasStandsForTheLocation(_ front: Front) throws {
        let body = """
            root BOX/site;
            location /o/ { alias BOX/other/; location /o/sub/ { } }
            location ~ ^/r/(.+)\\.file$ { alias BOX/other/$1.txt; }
            location /only/ { alias BOX/other/; limit_except GET { deny all; } }
            """
        try play(front, body) { (scene, _) throws in
            #expect(try scene.get("/o/a.txt").text == "other")
            #expect(try scene.get("/o/sub/").text == "sub")
            #expect(try scene.get("/r/a.file").text == "other")
            #expect(try scene.get("/r/b.file").status == 404)
            #expect(try scene.get("/only/a.txt").text == "other")
            #expect(try scene.endpoint.request("PUT", "/only/a.txt").status == 403)
        }
    }

    @Test(.proves("index"), arguments: Front.allAvailable)
    func theFirstIndexFileThatExists(_ front: Front) throws {
        let body = """
            root BOX/site; index none.html first.html index.html;
            location /empty/ { index none /dir/first.html; }
            """
        try play(front, body) { (scene, server) throws in
            #expect(try scene.get("/dir/").text == "first")
            #expect(try scene.get("/empty/").text == "first")
            #expect(try scene.get("/none/").status == 404)
            #expect(try scene.get("/").status == 403)
            #expect(try scene.endpoint.request("PUT", "/").status == 405)
            let redirect = try scene.get("/dir?x=1")
            #expect(redirect.status == 301)
            #expect(redirect["Location"] == "http://\(scene.endpoint.authority)/dir/?x=1")
            #expect(eventually { server.errorLog.contains("directory index of \"\(scene.sandbox.path)/site/\" is forbidden") })
        }
    }

    @Test(.proves("try_files"), arguments: Front.allAvailable)
    func tryFilesFindsOrGoesOn(_ front: Front) throws {
        let body = """
            root BOX/site;
            location / { try_files $uri /dir/first.html; }
            location /named/ { try_files $uri @named; }
            location /route/ { try_files /.none $route; }
            location /code/ { try_files $uri =410; }
            location /args/ { try_files $uri /shown; }
            location /kept/ { try_files $uri /shown?$args; }
            location /o/ { alias BOX/other/; try_files $uri $uri/index.html =404; }
            location ~ ^/r/(.*) { alias BOX/other/; try_files none sub/index.html =404; }
            location /shown { return 200 "$uri $args"; }
            location @named { return 200 "named $uri"; }
            """
        try play(front, body, http: "map $arg_to $route { x @named; default /shown; }") { (scene, _) throws in
            #expect(try scene.get("/a.txt").text == "a")
            #expect(try scene.get("/none").text == "first")
            #expect(try scene.get("/named/x").text == "named /named/x")
            #expect(try scene.get("/route/x?to=x").text == "named /route/x")
            #expect(try scene.get("/route/x?to=y").text == "/shown ")
            #expect(try scene.get("/code/x").status == 410)
            #expect(try scene.get("/args/x?a=b").text == "/shown ")
            #expect(try scene.get("/kept/x?a=b").text == "/shown a=b")
            #expect(try scene.get("/o/a.txt").text == "other")
            #expect(try scene.get("/o/sub").text == "sub")
            #expect(try scene.get("/o/none").status == 404)
            #expect(try scene.get("/r/any").text == "sub")
        }
    }

    @Test(.proves("types", "default_type"), arguments: Front.allAvailable)
    func typesByExtension(_ front: Front) throws {
        let body = "root BOX/site; default_type x/odd; location /dir/ { types { text/x-page html; } }"
        try play(front, body, http: "types { text/plain txt; text/css html; }") { (scene, _) throws in
            #expect(try scene.get("/a.txt")["Content-Type"] == "text/plain")
            #expect(try scene.get("/page.html")["Content-Type"] == "text/css")
            #expect(try scene.get("/x.odd")["Content-Type"] == "x/odd")
            #expect(try scene.get("/dir/first.html")["Content-Type"] == "text/x-page")
        }
    }

    @Test(.proves("etag", "if_modified_since"), arguments: Front.allAvailable)
    func validatorsOfFiles(_ front: Front) throws {
        let body = """
            location / { root BOX/site; }
            location /dir/ { root BOX/site; etag off; if_modified_since before; }
            location /html/ { root BOX/site; if_modified_since off; }
            """
        try play(front, body) { (scene, _) throws in
            let whole = try scene.get("/a.txt")
            let tag = try #require(whole["ETag"])
            #expect(tag.hasSuffix("-1\""))
            #expect(try scene.get("/a.txt", ["If-None-Match": tag]).status == 304)
            let later = "Fri, 01 Jan 2100 00:00:00 GMT"
            #expect(try scene.get("/a.txt", ["If-Modified-Since": later]).status == 200)
            let time = try #require(whole["Last-Modified"])
            #expect(try scene.get("/a.txt", ["If-Modified-Since": time]).status == 304)
            #expect(try scene.get("/dir/first.html")["ETag"] == nil)
            #expect(try scene.get("/dir/first.html", ["If-Modified-Since": later]).status == 304)
            #expect(try scene.get("/html/a.txt", ["If-Modified-Since": later]).status == 200)
        }
    }

    @Test(.proves("log_not_found"), arguments: Front.allAvailable)
    func missingFilesAreLoggedUnlessToldNotTo(_ front: Front) throws {
        try play(front, "root BOX/site; location /dir/ { log_not_found off; }") { (scene, server) throws in
            #expect(try scene.get("/dir/quiet").status == 404)
            #expect(try scene.get("/loud").status == 404)
            #expect(eventually { server.errorLog.contains("site/loud\" failed (2: No such file or directory)") })
            #expect(!server.errorLog.contains("quiet\" failed"))
        }
    }

    /// A file stays the one that was opened, and one that was missing stays missing, while the cache is believed.
    @Test(
        .proves("open_file_cache", "open_file_cache_errors", "open_file_cache_min_uses", "open_file_cache_valid"),
        arguments: Front.allAvailable)
    func openFilesAreRemembered(_ front: Front) throws {
        let body = """
            root BOX/site;
            location / { open_file_cache max=10 inactive=1h; open_file_cache_valid 1h; open_file_cache_errors on; }
            location /dir/ { open_file_cache max=10 inactive=1h; open_file_cache_valid 1h; }
            location /html/ { open_file_cache max=10 inactive=1h; open_file_cache_min_uses 3; open_file_cache_valid 1h; }
            location /empty/ { open_file_cache max=10 inactive=1h; open_file_cache_valid 0; }
            """
        // Each loop remembers its own.
        try play(front, body, workers: 1) { (scene, _) throws in
            let box = scene.sandbox
            func replace(_ name: String, _ text: String) throws {
                try box.write(name + ".new", text)
                try FileManager.default.removeItem(atPath: box.path(name))
                try FileManager.default.moveItem(atPath: box.path(name + ".new"), toPath: box.path(name))
            }
            #expect(try scene.get("/a.txt").text == "a")
            try replace("site/a.txt", "new")
            #expect(try scene.get("/a.txt").text == "a")
            #expect(try scene.get("/late.txt").status == 404)
            try box.write("site/late.txt", "late")
            #expect(try scene.get("/late.txt").status == 404)
            // Errors are not remembered here.
            #expect(try scene.get("/dir/late.txt").status == 404)
            try box.write("site/dir/late.txt", "late")
            #expect(try scene.get("/dir/late.txt").text == "late")
            // Not asked for often enough to stay open.
            #expect(try scene.get("/html/a.txt").text == "html")
            try replace("site/html/a.txt", "other")
            #expect(try scene.get("/html/a.txt").text == "other")
            // Never believed.
            try box.write("site/empty/b", "1")
            #expect(try scene.get("/empty/b").text == "1")
            try replace("site/empty/b", "2")
            #expect(try scene.get("/empty/b").text == "2")
        }
    }

    @Test(arguments: Front.allAvailable)
    func theLogNamesTheIndexThatWasLookedFor(_ front: Front) throws {
        try Scene.play(front) { scene in
            let root = scene.sandbox.path("nothing")
            let server = try scene.serve("root \(root); index first.html second.html;")
            #expect(try scene.get("/").status == 404)
            let words = "\"\(root)/first.html\" is not found (2: No such file or directory)"
            #expect(eventually { server.errorLog.contains(words) })
        }
    }
}
