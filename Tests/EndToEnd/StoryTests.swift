import Foundation
import TestSupport
import Testing

/// What the owner of a blog may count on when a front layer stands before the app, with `proxy.conf.example` and nothing
/// changed in the app. nginx tells the story first; zendan has to tell the same one.
@Suite(.needs(.puma)) struct StoryTests {
    @Test(arguments: Front.allAvailable)
    func loginSurvives(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            let (author, answer, page) = try story.author()
            #expect(answer.status == 303)
            #expect(page.text.contains("Signed in as admin"))
            #expect(page.flash == "Welcome back, admin.")
            let next = try author.get("/posts/3")
            #expect(next.text.contains("Signed in as admin"))
            #expect(next.flash == nil)
            #expect(try author.get("/admin").status == 200)
            let token = try story.formToken(in: next.text)
            let after = try author.follow(author.post("/logout", form: ["authenticity_token": token]))
            #expect(after.flash == "You have signed out.")
            #expect(!after.text.contains("Signed in as"))
        }
    }

    @Test(arguments: Front.allAvailable)
    func aWrongPasswordIsRefusedByTheApp(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            let visitor = story.visitor()
            let token = try story.formToken(in: visitor.get("/login").text)
            let answer = try visitor.post(
                "/login", form: ["authenticity_token": token, "name": "admin", "password": "open"])
            #expect(answer.status == 401)
            #expect(answer.text.contains("Name or password is wrong."))
        }
    }

    @Test(arguments: Front.allAvailable)
    func aCommentArrivesOnceWithItsBytes(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            let reader = story.visitor()
            _ = try reader.get("/posts/3")
            _ = try reader.get("/posts/3")
            let text = "Grüße & 50% <b>mehr</b> +1 \u{1F980}\r\nline two\n" + String(repeating: "long ", count: 4000)
            let answer = try reader.post("/posts/3/comments", form: ["name": "Zoë", "text": text])
            #expect(answer.status == 303)
            #expect(try story.blog.count(request: "POST /posts/3/comments") == 1)
            let comments = try story.comments(on: 3)
            #expect(comments.map(\.text) == [text])
            #expect(comments.map(\.name) == ["Zoë"])
            let body = "name=\(Browser.encoded("Zoë"))&text=\(Browser.encoded(text))"
            #expect(comments.map(\.bodyBytes) == [body.utf8.count])
            #expect(comments.map(\.bodySHA256) == [try sha256(of: body, in: story.scene.sandbox)])
            // Who wrote sees it at once, with the thanks, though the page was in the cache.
            let page = try reader.follow(answer)
            #expect(!page.isFromCache)
            #expect(page.text.contains("<p class=\"name\">Zoë</p>"))
            #expect(page.flash == "Thank you, Zoë, your comment is here.")
        }
    }

    @Test(arguments: Front.allAvailable)
    func twoSearchesAreTwoPages(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            let first = try story.endpoint.get("/search?q=harbour")
            let second = try story.endpoint.get("/search?q=orchard")
            #expect(first.status == 200)
            #expect(first.body != second.body)
            #expect(try story.endpoint.get("/search?q=harbour").body == first.body)
            #expect(try story.endpoint.get("/search?q=orchard").body == second.body)
            #expect(try story.endpoint.get("/search").body != first.body)
        }
    }

    @Test(arguments: Front.allAvailable)
    func adminAndFlashNeverComeFromTheCache(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            // A stranger is sent to the login, each time by the app, and only that stranger is told why.
            for count in 1...3 {
                let stranger = story.visitor()
                let answer = try stranger.get("/admin")
                #expect(answer.status == 303)
                #expect(!answer.isFromCache)
                #expect(try story.blog.count("/admin") == count)
                #expect(try stranger.follow(answer).flash == "Please sign in first.")
            }
            #expect(try story.visitor().get("/login").flash == nil)
            // The author sees the admin page; nobody after that does.
            let (author, _, _) = try story.author()
            for path in ["/admin", "/", "/posts/1", "/"] {
                let page = try author.get(path)
                #expect(page.status == 200)
                #expect(!page.isFromCache)
                #expect(page.text.contains("Signed in as admin"))
            }
            for path in ["/", "/posts/1"] {
                for reader in [story.visitor(), try story.returningVisitor()] {
                    let page = try reader.get(path)
                    #expect(!page.text.contains("Signed in as"))
                    #expect(page.flash == nil)
                }
            }
            #expect(try story.visitor().get("/admin").status == 303)
        }
    }

    @Test(arguments: Front.allAvailable)
    func aMessageThatWaitsInASessionIsNotKeptForOthers(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            // The redirect leaves a message in the session of one who bears no mark; then that one reads a page nobody has read.
            let stranger = story.visitor()
            _ = try stranger.get("/admin")
            #expect(try stranger.get("/posts/7").status == 200)
            for reader in [story.visitor(), try story.returningVisitor()] {
                #expect(try reader.get("/posts/7").flash == nil)
            }
            #expect(try stranger.get("/login").flash == "Please sign in first.")
        }
    }

    @Test(arguments: Front.allAvailable)
    func dynamicPagesKeepBothCookiesAndAssetsHaveNone(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            let visitor = try story.returningVisitor()
            let page = try visitor.get("/settings")
            let names = page.fields.all("Set-Cookie").map { $0.prefix { $0 != "=" } }.sorted()
            #expect(names.contains("blog.session"))
            #expect(names.contains("theme"))
            // The app itself sets one on each asset, when asked with a session.
            #expect(try visitor.askApp(story.blog, "/theme/site.css").fields.all("Set-Cookie").count == 1)
            for path in ["/theme/site.css", "/theme/print.css", "/theme/app.js"] {
                for _ in 0..<2 {
                    let asset = try visitor.get(path)
                    #expect(asset.status == 200)
                    #expect(asset.fields.all("Set-Cookie").isEmpty)
                }
                #expect(try visitor.get(path).cacheStatus == "HIT")
            }
        }
    }

    @Test(arguments: Front.allAvailable)
    func assetsAreCompiledOnce(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            let first = try story.returningVisitor().get("/theme/site.css")
            #expect(first.body == (try story.blog.endpoint.get("/theme/site.css").body))
            try story.blog.forgetCounts()
            for _ in 0..<5 {
                let again = try story.returningVisitor().get("/theme/site.css")
                #expect(again.body == first.body)
                #expect(again.cacheStatus == "HIT")
            }
            #expect(try story.blog.count("/theme/site.css") == 0)
        }
    }

    @Test(arguments: Front.allAvailable)
    func picturesNeverReachTheApp(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            let paths = ["/pictures/logo.png", "/pictures/banner.png", "/favicon.ico", "/robots.txt"]
            for path in paths {
                let answer = try story.visitor().get(path)
                #expect(answer.status == 200)
                #expect(
                    answer.body == FileManager.default.contents(atPath: PumaBlog.directory + "/public" + path).map { Array($0) }
                )
                let again = try story.visitor().get(path, ["If-Modified-Since": answer["Last-Modified"] ?? ""])
                #expect(again.status == 304)
                #expect(try story.blog.count(path) == 0)
            }
            #expect(try story.visitor().get("/pictures/logo.png")["Content-Type"] == "image/png")
        }
    }

    @Test(arguments: Front.allAvailable)
    func anAnonymousReadersSecondPageIsAHit(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            _ = try story.visitor().get("/")
            _ = try story.visitor().get("/posts/3")
            try story.blog.forgetCounts()
            // One who comes for the first time, and one who holds the session cookie that everybody holds.
            for reader in [story.visitor(), try story.returningVisitor()] {
                for path in ["/", "/posts/3"] {
                    let page = try reader.get(path)
                    #expect(page.cacheStatus == "HIT")
                    #expect(page.fields.all("Set-Cookie").isEmpty)
                }
            }
            #expect(try story.blog.count("/") == 0)
            #expect(try story.blog.count("/posts/3") == 0)
        }
    }

    @Test(arguments: Front.allAvailable)
    func everyMethodAndQueryReachesTheApp(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                let body = Array("\(method) \u{0} ünd\r\n".utf8)
                let answer = try story.visitor().request(
                    method, "/api/echo/a%20b?x=1&y=%26&x=2", ["Content-Type": "application/octet-stream"], body: body)
                #expect(answer.status == 200)
                let echo = try JSONDecoder().decode(Echo.self, from: Data(answer.body))
                #expect(echo.method == method)
                #expect(echo.query == "x=1&y=%26&x=2")
                #expect(echo.bodyBytes == body.count)
                #expect(echo.bodySHA256 == (try sha256(of: String(decoding: body, as: UTF8.self), in: story.scene.sandbox)))
            }
        }
    }

    private struct Echo: Decodable {
        var method: String
        var query: String
        var bodyBytes: Int
        var bodySHA256: String

        enum CodingKeys: String, CodingKey {
            case method, query
            case bodyBytes = "body_bytes"
            case bodySHA256 = "body_sha256"
        }
    }
}

/// The SHA-256 of a text, by the system's own tool.
private func sha256(of text: String, in sandbox: Sandbox) throws -> String {
    let path = try sandbox.write("digest", text)
    return String(try run("/usr/bin/sha256sum", [path]).output.prefix(64))
}

extension Browser {
    /// Asks the app itself, past the front, as this visitor.
    func askApp(_ blog: PumaBlog, _ target: String) throws -> Response {
        let line = cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        return try blog.endpoint.get(target, ["Cookie": line])
    }
}
