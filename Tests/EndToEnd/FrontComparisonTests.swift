import Foundation
import TestSupport
import Testing

/// The same requests to both fronts, each with the example and a blog of its own: what readers get must be the same.
@Suite(.needs(.puma, .nginx, .zendan)) struct FrontComparisonTests {
    private struct Ask: Sendable {
        var method = "GET"
        var target: String
        var fields: FieldList = [:]
        var body: String?
    }

    /// In this order, each asked of both.
    private static let asks: [Ask] =
        [
            "/", "/", "/page/2", "/posts/3", "/posts/3", "/posts/999", "/posts/999", "/search?q=harbour", "/search?q=orchard",
            "/search?q=harbour", "/search?q=harbour&x=%20", "/feed.xml", "/theme/site.css", "/theme/site.css", "/theme/app.js",
            "/theme/nothing.css", "/pictures/logo.png", "/pictures/nothing.png", "/pictures/", "/favicon.ico", "/robots.txt",
            "/down.html", "/admin", "/login", "/settings", "/api/cookies", "/api/status/404", "/api/status/503",
            "/api/status/204", "/ws", "/events?count=2&interval_ms=1", "//posts//3", "/posts/../posts/3", "/a%2e%2e/b", "/%",
        ].map { Ask(target: $0) } + [
            Ask(method: "HEAD", target: "/posts/3"), Ask(method: "HEAD", target: "/posts/4"),
            Ask(method: "HEAD", target: "/pictures/logo.png"), Ask(method: "HEAD", target: "/theme/site.css"),
            Ask(method: "OPTIONS", target: "/posts/3"), Ask(method: "TRACE", target: "/"),
            Ask(method: "POST", target: "/posts/3/comments", fields: form, body: "name=a&text=b"),
            Ask(method: "POST", target: "/posts/3/comments", fields: form, body: ""),
            Ask(method: "POST", target: "/pictures/logo.png", fields: form, body: "a=b"),
            Ask(method: "PUT", target: "/api/echo/x?y=z", body: "put"), Ask(method: "DELETE", target: "/api/echo"),
            Ask(target: "/posts/3", fields: ["Accept-Encoding": "gzip"]),
            Ask(target: "/theme/site.css", fields: ["Accept-Encoding": "gzip"]),
            Ask(target: "/posts/3", fields: ["Cookie": "front_personal=signed-in"]),
            Ask(target: "/posts/3", fields: ["Cookie": "theme=dark"]),
            Ask(target: "/posts/3", fields: ["Cookie": "theme=light; x=y"]),
            Ask(target: "/pictures/logo.png", fields: ["Range": "bytes=0-9"]),
            Ask(target: "/pictures/logo.png", fields: ["Range": "bytes=-10"]),
            Ask(target: "/pictures/logo.png", fields: ["Range": "bytes=0-1,5-6"]),
            Ask(target: "/pictures/logo.png", fields: ["Range": "bytes=100000-"]),
            Ask(target: "/posts/3", fields: ["Range": "bytes=5-20"]),
            Ask(target: "/pictures/logo.png", fields: ["If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"]),
            Ask(target: "/posts/3", fields: ["If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"]),
        ]

    private static let form: FieldList = ["Content-Type": "application/x-www-form-urlencoded"]

    @Test func bothFrontsAnswerAlike() throws {
        let asks = Self.asks
        let reference = try answers(of: .nginx, to: asks)
        let ours = try answers(of: .zendan, to: asks)
        for (index, ask) in asks.enumerated() {
            let name = "\(index): \(ask.method) \(ask.target) \(ask.fields.lines)"
            #expect(ours[index].status == reference[index].status, "\(name)")
            #expect(shown(ours[index].fields) == shown(reference[index].fields), "\(name)")
            let isErrorPage = reference[index].text.contains("<center>nginx")
            let isMultipart = reference[index]["Content-Type"]?.hasPrefix("multipart/byteranges") == true
            let isCompressed = reference[index]["Content-Encoding"] != nil
            if !isErrorPage && !isMultipart && !isCompressed {
                #expect(normalized(ours[index].text) == normalized(reference[index].text), "\(name)")
            }
        }
    }

    private func answers(of front: Front, to asks: [Ask]) throws -> [Response] {
        var answers: [Response] = []
        try FrontedBlog.play(front) { story in
            // One name for both, since pages and logs show it.
            answers = try asks.map { ask in
                var fields = ask.fields
                fields.append("Host", "blog.example")
                return try story.endpoint.request(ask.method, ask.target, fields, body: ask.body.map { Array($0.utf8) })
            }
        }
        return answers
    }

    /// The fields that must be the same, in any order. Left out: Date; Server, which names the program; ETag and
    /// Last-Modified of files, which are copied anew for each front; Age, which nginx never sends (RFC 9111 §5.1: we do);
    /// the length of bodies that each front writes in its own words.
    private func shown(_ fields: FieldList) -> [String] {
        let isOwnWords = fields["Content-Type"]?.hasPrefix("multipart/byteranges") == true
        let isErrorPage = fields["Content-Type"] == "text/html" && fields["X-Cache-Status"] == nil
        return fields.without("Date", "Server", "ETag", "Last-Modified", "Age", "Expires").fields.compactMap { field in
            switch field.name.lowercased() {
            case "content-length" where isOwnWords || isErrorPage: nil
            case "content-type" where isOwnWords: "content-type: multipart/byteranges"
            case "set-cookie":
                "set-cookie: "
                    + field.value.replacing(/=[^;]*/, with: "=…", maxReplacements: 1).replacing(
                        /expires=[^;]*/, with: "expires=…")
            default: "\(field.name.lowercased()): \(field.value)"
            }
        }.sorted()
    }

    /// A body without what is random in it: form tokens.
    private func normalized(_ text: String) -> String {
        text.replacing(/name="authenticity_token" value="[0-9a-f]*"/, with: "token")
    }
}
