import Bytes
import HTTP
import Platform

/// An answer of the demo application.
struct DemoReply {
    var status: Int
    var type: String
    var body: String
    var fields: [(name: String, value: String)] = []

    func encoded(isHead: Bool, keepsAlive: Bool) -> [UInt8] {
        var date: [UInt8] = []
        HTTPDate.append(Clock.wallMilliseconds() / 1000, to: &date)
        let reasons = [200: "OK", 303: "See Other", 400: "Bad Request", 404: "Not Found", 413: "Content Too Large"]
        var text = "HTTP/1.1 \(status) \(reasons[status] ?? "")\r\nDate: \(String(decoding: date, as: UTF8.self))\r\n"
        text += "Content-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n"
        for field in fields { text += "\(field.name): \(field.value)\r\n" }
        text += "Connection: \(keepsAlive ? "keep-alive" : "close")\r\n\r\n"
        return Array((isHead ? text : text + body).utf8)
    }
}

/// The pages: two articles and a guest book, a page that takes its time, and the stylesheet.
enum DemoPages {
    /// Notes that are kept; older ones go.
    private static let mostNotes = 20
    private static let longestNote = 500

    static func reply(to head: RequestHead, body: [UInt8], _ posts: Lock<[String]>) -> DemoReply {
        let path = String(decoding: head.path, as: UTF8.self)
        switch (head.method, path) {
        case (.get, "/"), (.head, "/"): return page("A small blog", home)
        case (.get, "/about"), (.head, "/about"): return page("About", about)
        case (.get, "/guests"), (.head, "/guests"): return page("Guest book", guests(posts.withLock { $0 }))
        case (.post, "/guests"): return sign(body, posts)
        case (.get, "/slow"), (.head, "/slow"):
            Threads.sleep(milliseconds: 2000)
            return page("A slow page", "<p>The app took two seconds for this. Kept by the front, it takes none.</p>")
        case (.get, "/style.css"), (.head, "/style.css"):
            // What session middleware does: a cookie with everything, also with what is the same for everybody.
            return DemoReply(
                status: 200, type: "text/css; charset=utf-8", body: style,
                fields: [("Set-Cookie", "demo.session=\(Clock.monotonicNanoseconds()); Path=/; HttpOnly")])
        default: return page("Nothing here", "<p>There is no such page.</p>", status: 404)
        }
    }

    private static func page(_ title: String, _ content: String, status: Int = 200) -> DemoReply {
        let links = ["/": "Home", "/about": "About", "/guests": "Guest book", "/slow": "A slow page"]
        let menu = links.sorted { $0.key < $1.key }.map { "<a href=\"\($0.key)\">\($0.value)</a>" }.joined(separator: " · ")
        let html = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>\(title)</title>
            <link rel="stylesheet" href="/style.css">
            </head>
            <body>
            <nav>\(menu)</nav>
            <h1>\(title)</h1>
            \(content)
            <footer>Made by the app, \(now). A page from the cache keeps the time it was made at.</footer>
            </body>
            </html>

            """
        return DemoReply(status: status, type: "text/html; charset=utf-8", body: html)
    }

    private static var now: String {
        var date: [UInt8] = []
        HTTPDate.append(Clock.wallMilliseconds() / 1000, to: &date)
        return String(decoding: date, as: UTF8.self)
    }

    private static let home = """
        <p>This page was made by a small application behind zendan. Load it again within ten seconds: the time below stays,
        because the front answered without asking the application.</p>
        <p><a href="/files/hello.txt">A file</a> is served by the front alone.</p>
        """

    private static let about = """
        <p>The application is three pages, a slow page and a stylesheet. It knows nothing of the front.</p>
        """

    private static func guests(_ notes: [String]) -> String {
        let list = notes.isEmpty ? "<p>Nobody has written yet.</p>" : "<ul>\(notes.map { "<li>\($0)</li>" }.joined())</ul>"
        return """
            \(list)
            <form method="post" action="/guests">
            <input name="note" maxlength="\(longestNote)" required aria-label="Your note"> <button>Sign</button>
            </form>
            """
    }

    private static func sign(_ body: [UInt8], _ posts: Lock<[String]>) -> DemoReply {
        if let note = FormText.value(of: "note", in: body), !note.isEmpty {
            posts.withLock { notes in
                notes.append(FormText.escaped(String(note.prefix(longestNote))))
                if notes.count > mostNotes { notes.removeFirst() }
            }
        }
        return DemoReply(status: 303, type: "text/plain", body: "", fields: [("Location", "/guests")])
    }

    private static let style = """
        body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
        nav, footer { color: #666; font-size: 0.9rem; }
        footer { border-top: 1px solid #ccc; margin-top: 2rem; padding-top: 0.5rem; }

        """
}

/// Values of a form (application/x-www-form-urlencoded).
enum FormText {
    static func value(of name: String, in body: [UInt8]) -> String? {
        for pair in body.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, decoded(parts[0]) == name { return decoded(parts[1]) }
        }
        return nil
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+") {
                result.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%"), rest.count >= 2, let high = ASCII.hexValue(rest[rest.startIndex]),
                let low = ASCII.hexValue(rest[rest.startIndex + 1])
            {
                result.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Text for a page: nothing in it is markup.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
