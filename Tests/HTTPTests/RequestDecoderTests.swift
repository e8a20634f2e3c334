import Bytes
import HTTP
import Testing

@Suite("Request heads")
struct RequestDecoderTests {
    @Test("A browser's request is taken apart")
    func browserRequest() throws {
        let request = """
            GET /blog/post?id=7&x HTTP/1.1\r\nHost: Example.COM:8080\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n\
            Sec-Fetch-Mode:navigate  \r\nCookie: a=b; c=d\r\nConnection: keep-alive\r\nX-Empty:\r\n\r\nrest
            """
        let summary = try #require(decode(request).summary)
        #expect(summary.method == .get)
        #expect(summary.line == "GET /blog/post?id=7&x HTTP/1.1")
        #expect(summary.target == "/blog/post?id=7&x")
        #expect(summary.encodedPath == "/blog/post")
        #expect(summary.path == "/blog/post")
        #expect(summary.query == "id=7&x")
        #expect(summary.host == "example.com")
        #expect(summary.port == 8080)
        #expect(summary.keepsAlive)
        #expect(summary.rest == "rest")
        #expect(
            summary.fields == [
                "1 Host: Example.COM:8080", "33 User-Agent: Mozilla/5.0", "35 Accept: */*", "0 Sec-Fetch-Mode: navigate",
                "18 Cookie: a=b; c=d", "2 Connection: keep-alive", "0 X-Empty: ",
            ])
    }

    @Test(
        "Lines may end in LF alone, and blank lines come before",
        arguments: [
            "GET / HTTP/1.0\nHost: x\n\n", "\r\n\r\nGET / HTTP/1.0\r\nHost: x\n\r\n", "\n\nGET / HTTP/1.0\nHost: x\r\n\n",
        ])
    func bareLineFeed(request: String) throws {
        let summary = try #require(decode(request).summary)
        #expect(summary.version == .http10)
        #expect(summary.host == "x")
        #expect(!summary.keepsAlive)
    }

    @Test(
        "Methods",
        arguments: [
            ("GET", Method.get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete), ("OPTIONS", .options),
            ("PATCH", .patch), ("TRACE", .trace), ("PROPFIND", .propfind), ("PROPPATCH", .proppatch), ("MKCOL", .mkcol),
            ("COPY", .copy), ("MOVE", .move), ("LOCK", .lock), ("UNLOCK", .unlock), ("PURGE", .other), ("M-SEARCH", .other),
            ("GETT", .other), ("GE", .other), ("_X", .other),
        ])
    func methods(name: String, method: Method) throws {
        let summary = try #require(decode("\(name) / HTTP/1.1\r\nHost: x\r\n\r\n").summary)
        #expect(summary.method == method)
        #expect(summary.methodName == name)
    }

    @Test(
        "Request lines that are refused",
        arguments: [
            ("get / HTTP/1.1", 400), ("G\u{1}T / HTTP/1.1", 400), (" GET / HTTP/1.1", 400), ("GET", 400), ("GET ", 400),
            ("GET x HTTP/1.1", 400), ("GET * HTTP/1.1", 400), ("OPTIONS * HTTP/1.1", 400), ("GET / HTTP/2.0", 505),
            ("GET / HTTP/9.9", 505), ("GET / HTTP/10.1", 505), ("GET / HTTP/0.9", 400), ("GET / HTTP/1", 400),
            ("GET / HTTP/1.", 400), ("GET / HTTP/1.1x", 400), ("GET / HTTP/1.1 x", 400), ("GET / HTTP/1.1234", 400),
            ("GET / HTTP/1.a", 400), ("GET / http/1.1", 400), ("GET / HTTP/a.1", 400), ("GET / /", 400), ("GET / HTT", 400),
            ("GET /a b HTTP/1.1", 400), ("GET /\tb HTTP/1.1", 400), ("GET /\u{2} HTTP/1.1", 400), ("GET /\u{7f} HTTP/1.1", 400),
            ("GET /?\u{7f} HTTP/1.1", 400), ("GET /\r HTTP/1.1", 400), ("POST /", 400), ("GET http:/x HTTP/1.1", 400),
            ("GET http://x#y HTTP/1.1", 400), ("GET http://[::1 HTTP/1.1", 400), ("GET http:// HTTP/1.1", 400),
            ("GET http://a%b/ HTTP/1.1", 400), ("GET http://u@a/ HTTP/1.1", 400), ("GET http://a", 400),
            ("CONNECT x HTTP/1.1", 400), ("CONNECT x: HTTP/1.1", 400), ("CONNECT x:1/ HTTP/1.1", 400),
            ("GET /% HTTP/1.1", 400), ("GET /%1 HTTP/1.1", 400), ("GET /%1g HTTP/1.1", 400), ("GET /%00 HTTP/1.1", 400),
            ("GET /.. HTTP/1.1", 400), ("GET /a/../.. HTTP/1.1", 400), ("GET /%2e%2e/a HTTP/1.1", 400),
            ("GET /..%2f HTTP/1.1", 400),
        ])
    func refusedLines(line: String, status: Int) {
        #expect(decode("\(line)\r\nHost: x\r\n\r\n").status == status)
    }

    @Test("Garbage is refused before a line end comes")
    func garbage() {
        #expect(decode([0x16, 3, 1, 2, 0, 1]).status == 400)
        #expect(decode("GET /\u{0}").status == 400)
        #expect(decode("GET / HTTP/1.1\r\n folded").status == 400)
    }

    @Test(
        "Versions",
        arguments: [
            ("HTTP/1.0", HTTPVersion.http10), ("HTTP/1.1", .http11), ("HTTP/1.2", .http11), ("HTTP/1.10", .http11),
            ("HTTP/1.000", .http10), ("  HTTP/1.1  ", .http11),
        ])
    func versions(spelling: String, version: HTTPVersion) {
        #expect(decode("GET / \(spelling)\r\nHost: x\r\n\r\n").summary?.version == version)
    }

    @Test("HTTP/0.9", arguments: ["GET /a?b\r\n", "GET /a?b\n", "GET  /a?b  \r\n"])
    func simpleRequest(request: String) throws {
        let summary = try #require(decode(request).summary)
        #expect(summary.version == .http09)
        #expect(summary.path == "/a")
        #expect(summary.query == "b")
        #expect(!summary.keepsAlive)
    }

    @Test(
        "Paths are decoded and folded",
        arguments: [
            ("/", "/", nil), ("/a/b.c", "/a/b.c", nil), ("/a//b", "/a/b", nil), ("/a/./b", "/a/b", nil), ("/a/../b", "/b", nil),
            ("/a/b/..", "/a/", nil), ("/a/b/.", "/a/b/", nil), ("/a/.?x", "/a/", "x"), ("/a/b/..?x", "/a/", "x"),
            ("/foo/bar/.#frag", "/foo/bar/", nil), ("/foo/bar/..#frag", "/foo/", nil), ("/a#b?c", "/a", nil),
            ("/a?b#c", "/a", "b"), ("/a?b?c", "/a", "b?c"), ("/a?", "/a", ""), ("/%41%62", "/Ab", nil), ("/a%2Fb", "/a/b", nil),
            ("/a%2f%2fb", "/a/b", nil), ("/a/%2e%2E/b", "/b", nil), ("/%2e", "/", nil), ("/%25", "/%", nil),
            ("/%3f", "/?", nil), ("/%23", "/#", nil), ("/...", "/...", nil), ("/.a", "/.a", nil), ("/..a", "/..a", nil),
            ("/a.", "/a.", nil), ("/a..", "/a..", nil), ("/a/...", "/a/...", nil), ("/a%20b", "/a b", nil),
            ("/%02", "/\u{2}", nil),
            ("/a?%zz", "/a", "%zz"), ("/a?/../b", "/a", "/../b"), ("/+", "/+", nil), ("/%2B", "/+", nil),
            ("/a/b/../../c", "/c", nil),
            ("//", "/", nil), ("/a/?b", "/a/", "b"), ("/ä", "/ä", nil), ("/%C3%A4", "/ä", nil), ("/.%2e", nil, nil),
        ] as [(String, String?, String?)])
    func paths(target: String, path: String?, query: String?) throws {
        let outcome = decode("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
        guard let path else { return #expect(outcome.status == 400) }
        let summary = try #require(outcome.summary)
        #expect(summary.path == path)
        #expect(summary.query == query)
        #expect(summary.target == target)
    }

    @Test("merge_slashes off keeps doubled slashes")
    func unmergedSlashes() {
        var limits = HeadLimits()
        limits.mergesSlashes = false
        #expect(decode("GET /a//b/..//c HTTP/1.0\r\n\r\n", limits: limits).summary?.path == "/a///c")
        #expect(decode("GET //a HTTP/1.0\r\n\r\n", limits: limits).summary?.path == "//a")
    }

    @Test(
        "Absolute targets override Host",
        arguments: [
            ("http://a.b", "/", "/", nil, nil), ("http://a.b/", "/", "/", nil, nil), ("http://a.b?q", "?q", "/", "q", nil),
            ("HTTPS://A.B:81/c?d#e", "/c?d#e", "/c", "d", 81), ("http://a.b:81?q#f", "?q#f", "/", "q", 81),
            ("http://a.b:/x", "/x", "/x", nil, nil), ("x+y-z.1://a.b/x", "/x", "/x", nil, nil),
        ] as [(String, String, String, String?, Int?)])
    func absoluteTargets(target: String, shown: String, path: String, query: String?, port: Int?) throws {
        let summary = try #require(decode("GET \(target) HTTP/1.1\r\nHost: other:1\r\n\r\n").summary)
        #expect(summary.target == shown)
        #expect(summary.path == path)
        #expect(summary.query == query)
        #expect(summary.host == "a.b")
        #expect(summary.port == port)
    }

    @Test("CONNECT names host and port")
    func connect() throws {
        let summary = try #require(decode("CONNECT [::1]:443 HTTP/1.1\r\nHost: x\r\n\r\n").summary)
        #expect(summary.method == .connect)
        #expect(summary.host == "[::1]")
        #expect(summary.port == 443)
        #expect(summary.path == "/")
        #expect(decode("CONNECT a:1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n").status == 400)
    }
}
