import TestSupport
import Testing

/// `if` around a `return`, told by nginx and by zendan.
@Suite struct IfTests {
    @Test(.proves("if"), arguments: Front.allAvailable)
    func aReturnThatHoldsForOneHost(_ front: Front) throws {
        let body = """
            server_name example.org www.example.org;
            if ($host = www.example.org) {
                return 301 https://$host$request_uri;
            } # managed by Certbot
            location / { return 200 plain; }
            location /l/ {
                if ($host = "example.org") { return 308 https://$host/l; }
                return 200 location;
            }
            """
        try Scene.play(front) { scene in
            try scene.serve(body)
            let moved = try scene.get("/a%20b?c=d", ["Host": "www.example.org"])
            #expect(moved.status == 301 && moved["Location"] == "https://www.example.org/a%20b?c=d")
            #expect(try scene.get("/l/", ["Host": "WWW.example.org"]).status == 301)
            #expect(try scene.get("/a", ["Host": "example.org"]).text == "plain")
            let inner = try scene.get("/l/", ["Host": "example.org"])
            #expect(inner.status == 308 && inner["Location"] == "https://example.org/l")
            #expect(try scene.get("/l/", ["Host": "other"]).text == "location")
        }
    }

    /// The statements of a block run in their order, the server's before the location's.
    @Test(arguments: Front.allAvailable)
    func theFirstReturnThatIsReachedAnswers(_ front: Front) throws {
        let body = """
            set $a 1;
            if ($arg_s) { return 200 "server $a"; }
            set $a 2;
            if ($arg_t) { return 200 "server $a"; return 404; }
            location / {
                if ($arg_x) { return 201 "x $a"; }
                set $a 3;
                if ($arg_y) { return 202 "y $a"; }
                return 203 "neither $a";
                if ($arg_z) { return 204; }
            }
            """
        try Scene.play(front) { scene in
            try scene.serve(body)
            let cases = [
                ("s=1&t=1&x=1", 200, "server 1"), ("t=1&x=1", 200, "server 2"), ("x=1&y=1", 201, "x 2"), ("y=1", 202, "y 3"),
                ("z=1", 203, "neither 3"),
            ]
            for (query, status, text) in cases {
                let answer = try scene.get("/?" + query)
                #expect(answer.status == status && answer.text == text, "\(query)")
            }
        }
    }

    @Test(arguments: Front.allAvailable)
    func whatIsTrue(_ front: Front) throws {
        let body = """
            location = /variable { if ($arg_a) { return 200 true; } return 200 false; }
            location = /equal { if ($arg_a = $arg_b) { return 200 true; } return 200 false; }
            location = /unequal { if ( $arg_a != "b c" ) { return 200 true; } return 200 false; }
            location = /empty { if ($arg_a = "") { return 200 true; } return 200 false; }
            location = /case { if ($arg_a = x){return 200 true;} return 200 false; }
            location = /post { if ($request_method = POST) { return 405; } return 200 false; }
            """
        try Scene.play(front) { scene in
            try scene.serve(body)
            let cases = [
                ("/variable", false), ("/variable?a=", false), ("/variable?a=0", false), ("/variable?a=00", true),
                ("/variable?a=%30", true), ("/variable?a=no", true), ("/equal", true), ("/equal?a=1&b=1", true),
                ("/equal?a=1&b=2", false), ("/equal?a=1", false), ("/unequal?a=b%20c", true), ("/unequal", true),
                ("/empty", true), ("/empty?a=x", false), ("/case?a=X", false), ("/case?a=x", true),
            ]
            for (target, isTrue) in cases { #expect(try scene.get(target).text == "\(isTrue)", "\(target)") }
            #expect(try scene.endpoint.request("POST", "/post", [:], body: Array("x".utf8)).status == 405)
        }
    }

    /// What a condition has caught can be told; one that does not match leaves nothing of what was caught before.
    @Test(arguments: Front.allAvailable)
    func expressionsAndWhatTheyCatch(_ front: Front) throws {
        let body = #"""
            server_name ~^(?<sub>\w+)\.example$;
            location = /caught { if ($arg_a ~ "^(.)(?<rest>b{1}.*)$") { return 200 "$1|$2|$rest|$3"; } return 200 "no|$1|$rest|$sub"; }
            location = /caseless { if ($arg_a ~* ^AB) { return 200 like; } return 200 unlike; }
            location = /not { if ($arg_a !~ ^(a)) { return 200 "unlike|$1"; } return 200 "like|$1"; }
            location = /neither { if ($arg_a !~* "^(A)") { return 200 unlike; } return 200 like; }
            location ~ ^/kept/(.*)$ { if ($arg_a ~ (x)) { return 200 "x|$1"; } return 200 "|$1"; }
            location = /long { if ($arg_a ~ ^(a+)+$) { return 200 like; } return 200 unlike; }
            """#
        try Scene.play(front) { scene in
            try scene.serve(body)
            let cases = [
                ("/caught?a=abc", "a|bc|bc|"), ("/caught?a=xyz", "no|||one"), ("/caseless?a=abc", "like"),
                ("/caseless?a=b", "unlike"),
                ("/not?a=b", "unlike|"), ("/not?a=a", "like|a"), ("/neither?a=abc", "like"), ("/neither?a=b", "unlike"),
                ("/kept/q?a=xx", "x|x"), ("/kept/q?a=y", "|"),
            ]
            for (target, text) in cases { #expect(try scene.get(target, ["Host": "one.example"]).text == text, "\(target)") }
            // Neither true nor false would be safe to guess.
            let long = "/long?a=" + String(repeating: "a", count: 60) + "b"
            #expect(try scene.get(long, ["Host": "one.example"]).status == 500)
        }
    }

    @Test(arguments: Front.allAvailable)
    func pathsOfFiles(_ front: Front) throws {
        try Scene.play(front) { scene in
            let locations = ["f", "d", "e", "x"].map { kind in
                """
                location /\(kind)/ { if (-\(kind) $document_root/$arg_p) { return 200 true; } return 200 false; }
                location /not-\(kind)/ { if ( !-\(kind) $document_root/$arg_p ) { return 200 true; } return 200 false; }
                """
            }
            try scene.sandbox.write("www/file", "text")
            try scene.sandbox.makeDirectory("www/dir")
            try scene.serve("root \(scene.sandbox.path)/www; open_file_cache max=9;\n" + locations.joined(separator: "\n"))
            let cases = [("file", "fe"), ("dir", "dex"), ("none", ""), ("file/x", ""), ("", "dex")]
            for (name, kinds) in cases {
                for kind in ["f", "d", "e", "x"] {
                    let isTrue = kinds.contains(kind)
                    #expect(try scene.get("/\(kind)/?p=\(name)").text == "\(isTrue)", "\(kind) \(name)")
                    #expect(try scene.get("/not-\(kind)/?p=\(name)").text == "\(!isTrue)", "\(kind) \(name)")
                }
            }
        }
    }

    /// The answer is that of the location: its pages for errors, its fields; `deny` comes later, `limit_except` is elsewhere.
    @Test(arguments: Front.allAvailable)
    func theAnswerIsThatOfTheBlock(_ front: Front) throws {
        let body = """
            error_page 404 /lost; error_page 418 @named;
            if ($arg_s) { return 404; }
            location = /lost { return 200 "lost $status"; }
            location = /fields { add_header X-A b; default_type text/own; if ($arg_a) { return 404; } if ($arg_b) { return 200 t; } }
            location = /named { if ($arg_a) { return 418; } return 200 x; }
            location @named { if ($arg_a = z) { return 200 z; } return 200 "named"; }
            location = /denied { deny all; if ($arg_a) { return 200 through; } }
            location = /limited { limit_except GET { deny all; } if ($arg_a) { return 200 limited; } }
            location = /closed { if ($arg_a) { return 444; } return 200 open; }
            """
        try Scene.play(front) { scene in
            try scene.serve(body)
            // The server's statements run for the page as well.
            #expect(try scene.get("/x?s=1").status == 404)
            let lost = try scene.get("/fields?a=1")
            #expect(lost.status == 404 && lost.text == "lost 404")
            let fields = try scene.get("/fields?b=1")
            #expect(fields["X-A"] == "b" && fields["Content-Type"] == "text/own" && fields.text == "t")
            #expect(try scene.get("/named?a=1").text == "named")
            #expect(try scene.get("/named?a=z").text == "z")
            #expect(try scene.get("/denied?a=1").text == "through")
            #expect(try scene.get("/denied").status == 403)
            #expect(try scene.get("/limited?a=1").text == "limited")
            #expect(try scene.endpoint.request("POST", "/limited?a=1", [:], body: Array("x".utf8)).status == 403)
            #expect(throws: (any Error).self) { try scene.get("/closed?a=1") }
            #expect(try scene.get("/closed").text == "open")
        }
    }
}
