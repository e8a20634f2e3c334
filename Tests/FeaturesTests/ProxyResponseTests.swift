import Testing

/// What a client is sent of an upstream's head. A rewritten Location is written "location" here: it is one that is made
/// absolute if it is a path.
@Suite struct ProxyResponseTests {
    private static let http = "upstream app { server 127.0.0.1:9; }"

    @Test(
        arguments: [
            // default: proxy_pass's own URL becomes the location.
            ("location / { proxy_pass http://app; }", "http://app/a/b?c", "location: /a/b?c"),
            ("location / { proxy_pass http://app; }", "http://apple/a", "Location: http://apple/a"),
            ("location / { proxy_pass http://app; }", "/a", "Location: /a"),
            ("location / { proxy_pass http://app; }", "https://app/a", "Location: https://app/a"),
            ("location /x { proxy_pass http://app/two/; }", "http://app/two/a", "location: /xa"),
            ("location = /x { proxy_pass http://app/two; }", "http://app/two?a", "location: /x?a"),
            ("location ^~ /x { proxy_pass http://app/two; }", "http://app/two/a", "location: /x/a"),
            ("location ~ x { proxy_pass http://app; }", "http://app/a", "location: /a"),
            ("location / { try_files /none @n; } location @n { proxy_pass http://app; }", "http://app/a", "location: /a"),
            ("location / { proxy_pass http://app; proxy_redirect off; }", "http://app/a", "Location: http://app/a"),
            // Rules: the first that fits; with variables, by regex.
            ("location / { proxy_pass http://app; proxy_redirect http://z/ /z/; }", "http://app/a", "Location: http://app/a"),
            (
                "location / { proxy_pass http://app; proxy_redirect http://z/ /z/; proxy_redirect default; }", "http://app/a",
                "location: /a"
            ),
            (
                "location / { proxy_pass http://app; proxy_redirect http://$host/ /$host/; }", "http://front.example/a",
                "location: /front.example/a"
            ),
            (
                "location / { proxy_pass http://app; proxy_redirect ~^http://([a-z]+)/(.*)$ /$1-$2; }", "http://z/a",
                "location: /z-a"
            ),
            ("location / { proxy_pass http://app; proxy_redirect ~*^HTTP://Z http://y; }", "http://z/a", "location: http://y"),
            ("location / { proxy_pass http://app; proxy_redirect / http://y/; }", "/a", "location: http://y/a"),
        ])
    func redirects(_ server: String, _ location: String, _ expected: String) throws {
        let lines = try ProxyStage(server: server, http: Self.http).clientHead(["HTTP/1.1 302 Found", "Location: \(location)"])
        #expect(lines == ["302 Found", expected])
    }

    @Test func refreshIsRewrittenBehindURL() throws {
        let stage = try ProxyStage(server: "location / { proxy_pass http://app; }", http: Self.http)
        #expect(try stage.clientHead(["HTTP/1.1 200 OK", "Refresh: 5; URL=http://app/a"]) == ["200 OK", "Refresh: 5; URL=/a"])
    }

    private static let full = [
        "HTTP/1.1 200 Fine", "Date: d", "Server: s", "Content-Type: text/a", "Content-Length: 5", "Last-Modified: l",
        "ETag: \"e\"",
        "Connection: keep-alive, X-Hop", "X-Hop: 1", "Keep-Alive: 5", "X-Pad: p", "X-Accel-Expires: 5", "X-Accel-Limit-Rate: 7",
        "X-Accel-Buffering: no", "Upgrade: h2c", "Trailer: T", "Set-Cookie: a=1", "Set-Cookie: b=2", "x-Own: o",
        "Accept-Ranges: bytes",
    ]

    @Test func usualFields() throws {
        let stage = try ProxyStage(server: "location / { proxy_pass http://app; }", http: Self.http)
        #expect(
            try stage.clientHead(Self.full) == [
                "200 Fine", "Content-Type: text/a", "Last-Modified: l", "ETag: \"e\"", "Content-Length: 5", "Set-Cookie: a=1",
                "Set-Cookie: b=2", "x-Own: o", "Accept-Ranges: bytes",
            ])
        #expect(stage.context.limitRate == 7)
        #expect(stage.context.upstream?.isBuffered == false)
        let allowsRanges = stage.context.response.allowsRanges
        #expect(!allowsRanges)
        let isConditional = stage.context.response.isConditional
        #expect(!isConditional)
    }

    @Test func hiddenPassedAndIgnoredFields() throws {
        let server = """
            location / {
                proxy_pass http://app;
                proxy_hide_header Set-Cookie; proxy_hide_header X-own;
                proxy_pass_header Server; proxy_pass_header date; proxy_pass_header X-Accel-Expires;
                proxy_ignore_headers X-Accel-Limit-Rate X-Accel-Buffering;
            }
            """
        let stage = try ProxyStage(server: server, http: Self.http)
        #expect(
            try stage.clientHead(Self.full) == [
                "200 Fine", "Content-Type: text/a", "Last-Modified: l", "ETag: \"e\"", "Date: d", "Server: s",
                "Content-Length: 5",
                "X-Accel-Expires: 5", "Accept-Ranges: bytes",
            ])
        #expect(stage.context.limitRate == nil)
        #expect(stage.context.upstream?.isBuffered == true)
    }

    @Test(arguments: [("", true, true), ("", false, false), ("proxy_force_ranges on;", false, true)])
    func ranges(_ directives: String, _ isCached: Bool, _ expected: Bool) throws {
        let stage = try ProxyStage(server: "location / { proxy_pass http://app; \(directives) }", http: Self.http)
        let lines = try stage.clientHead(["HTTP/1.1 200 OK", "Accept-Ranges: bytes"], isCached: isCached)
        let allowsRanges = stage.context.response.allowsRanges
        #expect(allowsRanges == expected)
        #expect(lines.contains("Accept-Ranges: bytes") == !expected)
    }

    @Test func charsetOfTheApp() throws {
        let stage = try ProxyStage(server: "location / { proxy_pass http://app; }", http: Self.http)
        let lines = try stage.clientHead(["HTTP/1.1 200 OK", "Content-Type: text/a", "X-Accel-Charset: koi8-r"])
        #expect(lines == ["200 OK", "Content-Type: text/a; charset=koi8-r"])
    }

    @Test func theFirstOfWhatMayStandOnce() throws {
        let stage = try ProxyStage(server: "location / { proxy_pass http://app; }", http: Self.http)
        let lines = try stage.clientHead([
            "HTTP/1.1 200 OK", "Expires: a", "Expires: b", "Location: /a", "Location: /b", "ETag: \"1\"", "ETag: \"2\"",
        ])
        #expect(lines == ["200 OK", "ETag: \"1\"", "Expires: a", "Location: /a"])
    }

    @Test func upgradeIsKeptWhereItMeansSomething() throws {
        let stage = try ProxyStage(server: "location / { proxy_pass http://app; }", http: Self.http)
        let lines = try stage.clientHead(["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"])
        #expect(lines == ["101 Switching Protocols", "Upgrade: websocket"])
    }
}
