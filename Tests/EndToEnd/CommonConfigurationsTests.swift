import Foundation
import TestSupport
import Testing

/// The configurations that people bring (`Tests/Configurations`), each through both fronts: every request of the list must be
/// answered alike. In the files HERE is the sandbox, LISTEN the server's socket, APP an application that tells what it was asked.
@Suite struct CommonConfigurationsTests {
    struct Ask: Sendable {
        var method = "GET"
        var target: String
        var fields: FieldList = [:]
        var body: String?

        init(_ target: String, _ fields: FieldList = [:]) {
            self.target = target
            self.fields = fields
        }

        init(_ method: String, _ target: String, _ fields: FieldList = [:], body: String? = nil) {
            self.init(target, fields)
            self.method = method
            self.body = body
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let asks: [Ask]

        var testDescription: String { name }
    }

    private static let everywhere: [Ask] = [
        Ask("/"), Ask("/nope"), Ask("HEAD", "/"), Ask("POST", "/", body: "a=b"), Ask("/../etc/passwd"),
        Ask("/%2e%2e/etc/passwd"), Ask("//"), Ask("DELETE", "/"), Ask("TRACE", "/"), Ask("FOO", "/"),
    ]

    private static func at(_ host: String, _ targets: String...) -> [Ask] { targets.map { Ask($0, ["Host": host]) } }

    static let cases = [
        Case(
            name: "distribution",
            asks: everywhere + [
                Ask("/docs"), Ask("/docs/"), Ask("/docs?x=1"), Ask("/empty/"), Ask("/.htaccess"), Ask("/docs/index.html/x"),
                Ask("/long.txt", ["Accept-Encoding": "gzip"]), Ask("/index.html", ["Accept-Encoding": "gzip"]),
                Ask("/long.txt", ["Range": "bytes=0-9"]), Ask("/long.txt", ["Range": "bytes=999999-"]),
                Ask("/index.html", ["If-Modified-Since": "Mon, 01 Jan 2035 00:00:00 GMT"]),
                Ask("/index.html", ["If-None-Match": "*"]), Ask("PUT", "/index.html", body: "x"),
            ]),
        Case(
            name: "container",
            asks: everywhere + [Ask("/50x.html"), Ask("/docs"), Ask("/docs/", ["Host": "LOCALHOST"]), Ask("/long.txt")]),
        Case(
            name: "rails",
            asks: everywhere + [
                Ask("/assets/app-1234.css"), Ask("/assets/app-1234.css", ["Accept-Encoding": "gzip"]),
                Ask("/assets/none.css"), Ask("/robots.txt"), Ask("/posts/1?a=b"), Ask("/500.html"), Ask("/cookies"),
                Ask("POST", "/posts", ["Content-Type": "text/plain"], body: String(repeating: "x", count: 100_000)),
                Ask("/status/500"), Ask("/status/503"), Ask("/redirect", ["Host": "example.com"]),
                Ask("/long", ["Accept-Encoding": "gzip"]), Ask("/x", ["X-Forwarded-For": "1.2.3.4"]),
            ]),
        Case(
            name: "node",
            asks: everywhere + [
                Ask("/redirect"), Ask("/a%20b?c=%20d"), Ask("/a//b/../c"), Ask("PUT", "/up", body: "12345"),
                Ask("/status/404"), Ask("/status/204"), Ask("/status/304"), Ask("/cookies"),
                Ask("POST", "/big", body: String(repeating: "z", count: 1_100_000)),
            ]),
        Case(
            name: "django",
            asks: [Ask("/")]
                + at(
                    "example.com", "/", "/x?y", "/static/site.css", "/static/", "/static", "/static/none", "/favicon.ico",
                    "/status/500", "/500.html")
                + at("www.example.com", "/") + at("elsewhere.example", "/")),
        Case(
            name: "single-page",
            asks: everywhere + [
                Ask("/deep/link"), Ask("/js/app.8f3a.js", ["Accept-Encoding": "gzip"]), Ask("/js/app.8f3a.js"),
                Ask("/js/none.js"), Ask("/logo.svg"), Ask("/.env"), Ask("/.well-known/x"), Ask("/index.html"),
                Ask("/api/users?x=1"), Ask("/api"), Ask("/api/status/502"), Ask("/static"), Ask("/js/"), Ask("/404.html"),
                Ask("/api/long", ["Accept-Encoding": "gzip"]),
            ]),
        Case(name: "websocket", asks: everywhere + [Ask("/chat/"), Ask("/sse"), Ask("/x"), Ask("/long"), Ask("/cookies")]),
        Case(
            name: "microcache",
            asks: everywhere + [
                Ask("/p"), Ask("/p"), Ask("/p", ["Cookie": "session=1"]), Ask("/p?nocache=1"), Ask("HEAD", "/p"),
                Ask("HEAD", "/q"), Ask("/q"), Ask("/cookies"), Ask("/cookies"), Ask("/status/404"), Ask("/status/404"),
                Ask("/status/500"), Ask("/status/500"), Ask("POST", "/p", body: "1"), Ask("/p", ["If-None-Match": "\"x\""]),
                Ask("/long", ["Range": "bytes=0-9"]), Ask("/long", ["Range": "bytes=0-9"]), Ask("/redirect"),
                Ask("/redirect"),
            ]),
        Case(
            name: "virtual-hosts",
            asks: [Ask("/", ["Host": "unknown.example"]), Ask("/a?b", ["Host": "www.example.com"])]
                + at(
                    "example.com", "/", "/docs", "/robots.txt", "/healthz", "/old/x", "/old", "/private/", "/a", "/up/x",
                    "/old-page")
                + at("a.sites.example", "/") + at("api.sites.example", "/") + at("zzz.sites.example", "/")
                + at("shop.example", "/x") + at("eu.shop.example", "/x", "/status/404", "/status/503")
                + at("dead.example", "/") + at("EXAMPLE.com", "/healthz") + at("example.com:80", "/healthz")
                + [
                    Ask("POST", "/", ["Host": "shop.example"], body: String(repeating: "x", count: 2_000)),
                    Ask("/up/x", ["Host": "example.com", "User-Agent": "SomeBot/1.0"]), Ask("/", ["Host": "bad host"]),
                ]),
        Case(
            name: "acme",
            asks: at("example.org", "/.well-known/acme-challenge/token", "/.well-known/acme-challenge/none", "/")
                + at("www.example.org", "/a?b=c", "/%20x")),
        Case(
            name: "certbot",
            asks: everywhere + at("example.org", "/", "/a?b=c", "//x//y/%20z") + at("WWW.Example.org:80", "/")
                + at("other.example.org", "/") + [Ask("POST", "/", ["Host": "example.org"], body: "x")]),
    ]

    @Test(.needs(.nginx, .zendan), arguments: cases)
    func bothFrontsAnswerAlike(_ test: Case) throws {
        let reference = try answers(of: .nginx, test)
        let ours = try answers(of: .zendan, test)
        for (index, ask) in test.asks.enumerated() {
            let name = "\(index): \(ask.method) \(ask.target) \(ask.fields.lines)"
            #expect(ours[index] == reference[index], "\(name)")
        }
    }

    private func answers(of front: Front, _ test: Case) throws -> [[String]] {
        var answers: [[String]] = []
        try Scene.play(front) { scene in
            let application = try scene.origin(Self.application)
            try Self.prepare(scene.sandbox)
            try scene.start(try Self.configuration(test.name, scene, application))
            answers = test.asks.map { ask in
                var fields = ask.fields
                if fields["Host"] == nil { fields.append("Host", "localhost") }
                let body = ask.body.map { Array($0.utf8) }
                guard let answer = try? scene.endpoint.request(ask.method, ask.target, fields, body: body) else {
                    return ["closed without an answer"]
                }
                return Self.shown(answer, ask, port: "\(scene.socket.port)")
            }
        }
        return answers
    }

    /// What must be the same. Left out: Date, Server, times that depend on the moment, Age (RFC 9111 §5.1: nginx never sends
    /// it), whether a body comes in chunks, and the bodies of error pages, which each front has in its own words.
    private static func shown(_ answer: Response, _ ask: Ask, port: String) -> [String] {
        let isErrorPage = answer.text.contains("<center>nginx") || answer.text.contains("<p>zendan")
        let isCompressed = answer["Content-Encoding"] != nil
        let hasNoBody = ask.method == "HEAD"
        var lines = ["\(answer.status)"]
        for field in answer.fields.without("Date", "Server", "Age", "ETag", "Last-Modified", "Expires") {
            let name = field.name.lowercased()
            if name == "transfer-encoding" || name == "content-length" && (isErrorPage || isCompressed || hasNoBody) {
                continue
            }
            lines.append("\(name): \(field.value.replacingOccurrences(of: port, with: "PORT"))")
        }
        lines.sort()
        if !isErrorPage && !isCompressed { lines.append(answer.text.replacingOccurrences(of: port, with: "PORT")) }
        return lines
    }

    /// The file, with temporary directories in the sandbox: nginx's own belong to root.
    private static func configuration(_ name: String, _ scene: Scene, _ application: Origin) throws -> String {
        let path = Environment.packageRoot + "/Tests/Configurations/\(name).conf"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let kinds = scene.front == .nginx ? ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] : ["client_body", "proxy"]
        let temporary = kinds.map { "    \($0)_temp_path \(scene.sandbox.path)/temp/\($0);\n" }.joined()
        let complete = text.replacing("http {\n", with: "http {\n" + temporary, maxReplacements: 1)
        return "daemon off;\n"
            + complete.replacingOccurrences(of: "@HERE@", with: scene.sandbox.path)
            .replacingOccurrences(of: "@LISTEN@", with: scene.socket.address)
            .replacingOccurrences(of: "@APP@", with: application.address)
    }

    private static func prepare(_ sandbox: Sandbox) throws {
        try sandbox.makeDirectory("temp", mode: 0o777)
        try sandbox.makeDirectory("www/html/empty")
        let types = try String(contentsOfFile: Environment.packageRoot + "/conf/mime.types", encoding: .utf8)
        try sandbox.write("mime.types", types)
        try sandbox.write("redirects.map", "/old-page /new-page;\n/a /b;\n")
        let files = [
            "html/index.html": "<h1>index</h1>", "html/50x.html": "<h1>50x</h1>", "html/docs/index.html": "docs",
            "html/long.txt": String(repeating: "lorem ipsum ", count: 800), "app/public/assets/app-1234.css": "body{}",
            "app/public/500.html": "<h1>500</h1>", "app/public/robots.txt": "robots", "app/static/site.css": "body{}",
            "spa/index.html": "<div id=app></div>", "spa/js/app.8f3a.js": String(repeating: "var a = 1;", count: 300),
            "spa/logo.svg": "<svg/>", "spa/.env": "secret", "spa/static/x": "x", "a.example/index.html": "a",
            "api.example/index.html": "api", "certbot/.well-known/acme-challenge/token": "token",
        ]
        for (name, text) in files { try sandbox.write("www/" + name, text) }
    }

    /// Tells what it was asked; some paths do more.
    private static func application(_ request: OriginRequest, _ reply: OriginReply) throws {
        var fields: FieldList = ["X-Powered-By": "app", "Cache-Control": "max-age=60"]
        var status = 200
        let last = request.path.split(separator: "/").last.map(String.init) ?? ""
        if request.path.contains("/status/"), let number = Int(last) { status = number }
        switch last {
        case "redirect":
            status = 302
            fields.append("Location", "http://\(request["Host"] ?? "")/elsewhere")
        case "cookies":
            fields.append("Set-Cookie", "a=1; Path=/")
            fields.append("Set-Cookie", "b=2")
        case "long": return try reply.respond(200, ["Content-Type": "text/plain"], String(repeating: "plain text ", count: 500))
        default: break
        }
        if status == 204 || status == 304 { return try reply.respond(status, fields) }
        fields.append("Content-Type", "application/json")
        let names = [
            "Host", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "X-Bot", "X-New", "Upgrade",
        ]
        // Its own address is another one for each front.
        let seen = names.compactMap { name in
            request[name].map { "\(name): \($0.hasPrefix("127.0.0.1:") ? "application" : $0)" }
        }
        let lines = ["\(request.method) \(request.target)"] + seen + ["\(request.body.count) bytes"]
        try reply.respond(status, fields, lines.joined(separator: "\n"))
    }
}
