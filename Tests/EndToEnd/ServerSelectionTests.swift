import Foundation
import TestSupport
import Testing

/// Which server and which location a request reaches, and who is let in.
@Suite struct ServerSelectionTests {
    @Test(.proves("server_name"), arguments: Front.allAvailable)
    func serversByName(_ front: Front) throws {
        try Scene.play(front) { scene in
            func server(_ names: String, _ text: String) -> String {
                "server { listen \(scene.socket); server_name \(names); return 200 \"\(text)\"; }\n"
            }
            let servers =
                server("first.example", "first")
                + server("exact.example *.wild.example", "wild") + server("deep.wild.example", "deep")
                + server("tail.*", "tail") + server(".both.example", "both $server_name")
                + server("~^(?<who>[a-z]+)\\.regex\\.example$", "regex $who") + server("\"\"", "nameless")
            try scene.serve("server_name last.example; return 200 last;", http: servers)
            let asks = [
                "first.example": "first", "FIRST.example:80": "first", "exact.example": "wild", "a.b.wild.example": "wild",
                "deep.wild.example": "deep", "wild.example": "first", "tail.org": "tail", "both.example": "both both.example",
                "x.both.example": "both both.example", "joe.regex.example": "regex joe", "unknown.example": "first",
                "last.example.": "last",
            ]
            for (host, answer) in asks {
                #expect(try scene.get("/", ["Host": host]).text == answer, "\(host)")
            }
            #expect(try scene.endpoint.exchange("GET / HTTP/1.0\r\n\r\n").hasSuffix("nameless"))
        }
    }

    @Test(.proves("listen"), arguments: Front.allAvailable)
    func theDefaultServerIsTheMarkedOne(_ front: Front) throws {
        try Scene.play(front) { scene in
            let other =
                "server { listen \(scene.socket); server_name a; return 200 a; }\n"
                + "server { listen \(scene.socket) default_server; server_name b; return 200 b; }\n"
            try scene.serve("server_name c; return 200 c;", http: other)
            #expect(try scene.get("/", ["Host": "unknown"]).text == "b")
        }
    }

    @Test(.proves("location"), arguments: Front.allAvailable)
    func locationsInTheirOrder(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.serve(
                """
                location / { return 200 root; }
                location = /exact { return 200 exact; }
                location /pre { return 200 prefix; }
                location /pre/longer { return 200 longer; }
                location ^~ /stop/ { return 200 stop; location /stop/in { return 200 inner; } }
                location ~ \\.rx$ { return 200 regex; }
                location ~* \\.RY$ { return 200 caseless; }
                location /outer/ { location ~ /outer/.*\\.rx$ { return 200 nested; } return 200 outer; }
                """)
            let asks = [
                "/": "root", "/x": "root", "/exact": "exact", "/exact/": "root", "/pre": "prefix", "/prefix": "prefix",
                "/pre/longer": "longer", "/pre/a.rx": "regex", "/stop/a.rx": "stop", "/stop/in.rx": "inner",
                "/a.ry": "caseless", "/A.rX": "root", "/outer/a": "outer", "/outer/a.rx": "nested", "/outer/a.ry": "caseless",
                "/pre/../exact": "exact", "/%65xact": "exact",
            ]
            for (path, answer) in asks { #expect(try scene.get(path).text == answer, "\(path)") }
        }
    }

    @Test(.proves("limit_except", "allow", "deny", "internal"), arguments: Front.allAvailable)
    func whoIsLetIn(_ front: Front) throws {
        try Scene.play(front) { scene in
            let server = try scene.serve(
                """
                location /deny { deny all; }
                location /allow { allow 127.0.0.0/8; deny all; }
                location /other { allow 10.0.0.0/8; allow 2001:db8::/32; deny all; }
                location /order { deny 127.0.0.1; allow all; }
                location /page { deny all; error_page 403 /denied; }
                location /denied { deny all; }
                location /limit { limit_except GET { deny all; } }
                location /internal { internal; }
                location /to { error_page 404 /internal/x; }
                location /internal/x { internal; return 200 inside; }
                """)
            let paths = [
                "/deny": 403, "/allow": 404, "/other": 403, "/order": 403, "/page": 403, "/limit": 404, "/internal": 404,
                "/internal/x": 404,
            ]
            for (path, status) in paths { #expect(try scene.get(path).status == status, "\(path)") }
            #expect(try scene.get("/to").text == "inside")
            #expect(try scene.endpoint.request("POST", "/limit", ["Content-Length": "0"]).status == 403)
            #expect(try scene.endpoint.head("/limit").status == 404)
            #expect(eventually { server.errorLog.contains("access forbidden by rule") })
        }
    }

    @Test(.proves("error_page", "recursive_error_pages"), arguments: Front.allAvailable)
    func errorPages(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.serve(
                """
                location /kept { error_page 404 /page; }
                location /code { error_page 404 =200 /page; }
                location /target { error_page 404 = /moved; }
                location /named { error_page 404 = @named; }
                location /outside { error_page 404 http://example.com/x; }
                location /once { error_page 404 /missing1; }
                location /twice { error_page 404 /missing2; recursive_error_pages on; }
                location /missing1 { error_page 404 /page; recursive_error_pages on; }
                location /missing2 { error_page 404 /page; }
                location /page { return 200 "page"; }
                location /moved { return 202 "moved"; }
                location @named { return 203 "named $uri"; }
                """)
            let asks: [String: (Int, String?)] = [
                "/kept": (404, "page"), "/code": (200, "page"), "/target": (202, "moved"), "/named": (203, "named /named"),
                "/outside": (302, nil), "/twice": (404, "page"),
            ]
            for (path, (status, text)) in asks {
                let answer = try scene.get(path)
                #expect(answer.status == status, "\(path)")
                if let text { #expect(answer.text == text, "\(path)") }
            }
            #expect(try scene.get("/outside")["Location"] == "http://example.com/x")
            let once = try scene.get("/once")
            #expect(once.status == 404 && once.text != "page")
        }
    }

    @Test(
        .proves("absolute_redirect", "port_in_redirect", "server_name_in_redirect"), arguments: Front.allAvailable)
    func whatRedirectsName(_ front: Front) throws {
        try Scene.play(front) { scene in
            try scene.serve(
                """
                server_name named.example;
                location /plain { return 301 /x; }
                location /relative { absolute_redirect off; return 301 /x; }
                location /portless { port_in_redirect off; return 301 /x; }
                location /named { server_name_in_redirect on; port_in_redirect off; return 301 /x; }
                """)
            let port = String(scene.endpoint.authority.split(separator: ":").last ?? "")
            let places = [
                "/plain": "http://asked.example:\(port)/x", "/relative": "/x", "/portless": "http://asked.example/x",
                "/named": "http://named.example/x",
            ]
            for (path, place) in places {
                #expect(try scene.get(path, ["Host": "asked.example"])["Location"] == place, "\(path)")
            }
        }
    }
}
