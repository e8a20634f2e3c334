import Foundation
import TestSupport

/// The front layer as a person sets it up: the blog under puma, and a front with `proxy.conf.example` before it.
struct FrontedBlog {
    let scene: Scene
    let blog: PumaBlog
    let server: ServerUnderTest

    /// Sets it up, lets the story happen, and takes it down. `adapting` may change the example's text further.
    static func play(_ front: Front, adapting: (inout String) -> Void = { _ in }, _ story: (FrontedBlog) throws -> Void) throws
    {
        try Scene.play(front) { scene in
            let blog = try scene.blog()
            var text = try ExampleConfiguration.text(for: scene, app: blog.address)
            adapting(&text)
            try story(FrontedBlog(scene: scene, blog: blog, server: scene.start(text)))
        }
    }

    /// Where readers come in.
    var endpoint: Endpoint { scene.endpoint }

    func visitor() -> Browser { Browser(endpoint) }

    /// Somebody who has been here: holds the session cookie that every visitor gets with the first dynamic page.
    func returningVisitor() throws -> Browser {
        let visitor = visitor()
        _ = try visitor.get("/settings")
        guard visitor.cookies["blog.session"] != nil else { throw HarnessError("the blog gave no session") }
        return visitor
    }

    /// The author, signed in; returns the answer to the sign-in form and the page it leads to.
    func author() throws -> (browser: Browser, answer: Response, page: Response) {
        let browser = visitor()
        let form = try browser.get("/login")
        let answer = try browser.post(
            "/login", form: ["authenticity_token": formToken(in: form.text), "name": "admin", "password": "sesame"])
        return (browser, answer, try browser.follow(answer))
    }

    func formToken(in page: String) throws -> String {
        let marker = "name=\"authenticity_token\" value=\""
        guard let start = page.range(of: marker), let end = page[start.upperBound...].firstIndex(of: "\"") else {
            throw HarnessError("no form token in:\n\(page)")
        }
        return String(page[start.upperBound..<end])
    }

    /// What the blog itself tells of the comments on a post.
    func comments(on post: Int) throws -> [Comment] {
        try JSONDecoder().decode([Comment].self, from: Data(blog.endpoint.get("/api/comments?post=\(post)").body))
    }

    struct Comment: Decodable {
        var name: String
        var text: String
        var bodyBytes: Int
        var bodySHA256: String

        enum CodingKeys: String, CodingKey {
            case name, text
            case bodyBytes = "body_bytes"
            case bodySHA256 = "body_sha256"
        }
    }
}

extension Response {
    /// What the cache said, as the example shows it: HIT, MISS, STALE, …; nil where no cache was asked.
    var cacheStatus: String? { self["X-Cache-Status"] }
    var isFromCache: Bool { ["HIT", "STALE", "UPDATING", "REVALIDATED"].contains(cacheStatus ?? "") }
    var flash: String? {
        guard let start = text.range(of: "<p class=\"flash\" role=\"status\">") else { return nil }
        return String(text[start.upperBound...].prefix { $0 != "<" })
    }
}
