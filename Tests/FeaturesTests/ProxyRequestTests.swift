import Testing

/// What an upstream is asked for (RFC 9110 §7.6; nginx's ngx_http_proxy_module documentation of proxy_pass and
/// proxy_set_header). The targets are those that nginx 1.22 sent with the same locations, but two, which make a request that
/// is none there: a query without a path, and a line's end out of `$uri`.
@Suite struct ProxyRequestTests {
    @Test(
        arguments: [
            // Without a URI the target goes on as it came.
            ("location / { proxy_pass http://127.0.0.1:9; }", "/a%20b//c/../d?x=%31", "/a%20b//c/../d?x=%31"),
            ("location / { proxy_pass http://127.0.0.1:9; }", "http://client.example/abs?q", "/abs?q"),
            ("location / { proxy_pass http://127.0.0.1:9; }", "http://client.example?q", "/?q"),
            ("location ~ ^/r/(.*) { proxy_pass http://127.0.0.1:9; }", "/r/%41", "/r/%41"),
            // With one, it takes the place of the prefix in the normalised path, encoded anew.
            ("location /name/ { proxy_pass http://127.0.0.1:9/remote/; }", "/name/x", "/remote/x"),
            ("location /name/ { proxy_pass http://127.0.0.1:9/; }", "/name/x?y=1", "/x?y=1"),
            ("location /name/ { proxy_pass http://127.0.0.1:9/remote; }", "/name/x", "/remotex"),
            ("location /name { proxy_pass http://127.0.0.1:9/remote/; }", "/name/x", "/remote//x"),
            ("location /name/ { proxy_pass http://127.0.0.1:9/r/; }", "/name/a%20b/%3f/%41", "/r/a%20b/%3F/A"),
            ("location /name/ { proxy_pass http://127.0.0.1:9/r/; }", "/name/a/../b//c", "/r/b/c"),
            ("location /name/ { proxy_pass http://127.0.0.1:9/r/; }", "/name/<a>", "/r/<a>"),
            ("location /name/ { proxy_pass http://127.0.0.1:9/r/; }", "/name/<a>%20", "/r/%3Ca%3E%20"),
            ("location /name/ { proxy_pass http://127.0.0.1:9?fixed; }", "/name/x", "/?fixedx"),
            ("location = /one { proxy_pass http://127.0.0.1:9/two; }", "/one?q", "/two?q"),
            ("location /s/ { proxy_pass http://unix:/tmp/s:/t/; }", "/s/x", "/t/x"),
            // Variables: a URI is the whole target, and no byte of it begins another line.
            ("location / { proxy_pass http://127.0.0.1:9$request_uri; }", "/a%20?b", "/a%20?b"),
            ("location / { proxy_pass http://127.0.0.1:9/v$uri; }", "/a%20b%0d%0aX:%20y", "/v/a%20b%0D%0AX:%20y"),
            ("location / { set $to 127.0.0.1:9; proxy_pass http://$to; }", "/a%41?b", "/a%41?b"),
            // Changed inside the server: composed of path and query.
            ("location / { try_files /none /in?x=1; } location = /in { proxy_pass http://127.0.0.1:9; }", "/a?b", "/in?x=1"),
            ("location / { try_files /none @app; } location @app { proxy_pass http://127.0.0.1:9; }", "/a%41?b", "/a%41?b"),
        ])
    func target(_ server: String, _ asked: String, _ expected: String) throws {
        #expect(try ProxyStage(server: server).upstreamTarget(asked) == expected)
    }

    @Test func usualFields() throws {
        let head = try ProxyStage(server: "location / { proxy_pass http://app; }", http: "upstream app { server 127.0.0.1:9; }")
            .upstreamHead([
                "GET / HTTP/1.1", "Host: client.example", "Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: 5",
                "TE: trailers",
                "Expect: 100-continue", "Upgrade: websocket", "Proxy-Connection: x", "Trailer: T", "X-Kept: a",
                "Accept-Encoding: gzip",
                "Range: bytes=0-1", "If-None-Match: \"a\"",
            ])
        #expect(
            head
                == "GET / HTTP/1.1\r\nHost: app\r\nX-Kept: a\r\nAccept-Encoding: gzip\r\nRange: bytes=0-1\r\nIf-None-Match: \"a\"\r\n\r\n"
        )
    }

    @Test func fieldsThatAreSet() throws {
        let head = try ProxyStage(
            server: """
                location / {
                    proxy_pass http://127.0.0.1:9;
                    proxy_set_header Host $http_host;
                    proxy_set_header X-Empty "";
                    proxy_set_header Cookie "";
                    proxy_set_header X-Path $uri;
                    proxy_set_header Upgrade $http_upgrade;
                    proxy_set_header Connection upgrade;
                }
                """
        ).upstreamHead([
            "GET /a%0d%0aSet:b HTTP/1.1", "Host: client.example:81", "Cookie: secret", "X-Empty: here", "x-path: mine",
            "Upgrade: websocket", "Connection: upgrade",
        ])
        #expect(
            head
                == "GET /a%0d%0aSet:b HTTP/1.1\r\nHost: client.example:81\r\nX-Path: /a  Set:b\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
        )
    }

    @Test func aListOfFieldsIsInheritedOrReplacedAsAWhole() throws {
        let http = "proxy_set_header X-A outer; upstream app { server 127.0.0.1:9; }"
        let server = """
            location /kept { proxy_pass http://app; }
            location /replaced { proxy_pass http://app; proxy_set_header X-B inner; }
            """
        let kept = try ProxyStage(server: server, http: http).upstreamHead(["GET /kept HTTP/1.1", "Host: c"])
        #expect(kept == "GET /kept HTTP/1.1\r\nHost: app\r\nX-A: outer\r\n\r\n")
        let replaced = try ProxyStage(server: server, http: http).upstreamHead(["GET /replaced HTTP/1.1", "Host: c"])
        #expect(replaced == "GET /replaced HTTP/1.1\r\nHost: app\r\nX-B: inner\r\n\r\n")
    }

    @Test func aFetchForTheCacheAsksForTheWhole() throws {
        let http = "upstream app { server 127.0.0.1:9; } proxy_cache_path /tmp/zendan-stage/cache keys_zone=c:1m;"
        let head = try ProxyStage(server: "location / { proxy_pass http://app; proxy_cache c; }", http: http).upstreamHead(
            [
                "HEAD /x HTTP/1.1", "Host: c", "Range: bytes=0-1", "If-Range: \"a\"", "If-None-Match: \"a\"", "If-Match: \"a\"",
                "If-Modified-Since: x", "If-Unmodified-Since: x", "Accept: */*",
            ], isFetch: true)
        #expect(head == "GET /x HTTP/1.1\r\nHost: app\r\nAccept: */*\r\n\r\n")
    }

    @Test func oldVersionAndWithheldFields() throws {
        let server = "location / { proxy_pass http://127.0.0.1:9; proxy_http_version 1.0; proxy_pass_request_headers off; }"
        let head = try ProxyStage(server: server).upstreamHead(["GET / HTTP/1.1", "Host: c", "X-A: b"])
        #expect(head == "GET / HTTP/1.0\r\nHost: 127.0.0.1:9\r\nConnection: close\r\n\r\n")
    }

    @Test func anEmptyBodyIsAnnouncedAgain() throws {
        let http = "upstream app { server 127.0.0.1:9; }"
        let head = try ProxyStage(server: "location / { proxy_pass http://app; }", http: http)
            .upstreamHead(["POST / HTTP/1.1", "Host: c", "Content-Length: 0"])
        #expect(head == "POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 0\r\n\r\n")
    }

    @Test(arguments: [
        ("http://$arg_to", "name.example", 502), ("$arg_to", "ftp://x", 500), ("http://$arg_to", "127.0.0.1:0", 500),
    ])
    func targetsThatVariablesCannotGive(_ pass: String, _ value: String, _ status: Int) throws {
        let stage = try ProxyStage(server: "location / { proxy_pass \(pass); }")
        _ = try stage.run("GET /?to=\(value) HTTP/1.1", "Host: c")
        let answered = stage.context.response.status
        #expect(answered == status)
    }

    @Test func aVariableMayNameAnUpstream() throws {
        let stage = try ProxyStage(
            server: "location / { proxy_pass http://$arg_to; }", http: "upstream app { server 127.0.0.1:9; }")
        let head = try stage.upstreamHead(["GET /?to=app HTTP/1.1", "Host: c"])
        #expect(head == "GET /?to=app HTTP/1.1\r\nHost: app\r\n\r\n")
    }
}
