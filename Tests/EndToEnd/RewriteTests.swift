import TestSupport
import Testing

/// `set`, `return` and `map`, told by nginx and by zendan.
@Suite struct RewriteTests {
    @Test(.proves("return"), arguments: Front.allAvailable)
    func whatReturnAnswers(_ front: Front) throws {
        let body = """
            error_page 404 /lost;
            location = /lost { return 200 "$status $request_uri"; }
            location = /text { default_type text/x-own; return 200 "$uri?$args"; }
            location = /bare { return 404; }
            location = /worded { return 404 "worded"; }
            location = /moved { return 301 /text; }
            location = /elsewhere { return https://$http_x_host/y; }
            location = /nothing { return 204; }
            location = /gone { return 444; }
            """
        try Scene.play(front) { (scene) throws in
            try scene.serve(body)
            let text = try scene.get("/text?a=b")
            #expect(text.text == "/text?a=b")
            #expect(text["Content-Type"] == "text/x-own")
            #expect(try scene.get("/bare").status == 404)
            #expect(try scene.get("/bare").text == "404 /bare")
            #expect(try scene.get("/worded").text == "worded")
            let moved = try scene.get("/moved")
            #expect(moved.status == 301)
            #expect(moved["Location"]?.hasSuffix("/text") == true)
            let elsewhere = try scene.get("/elsewhere", ["X-Host": "example.org"])
            #expect(elsewhere.status == 302)
            #expect(elsewhere["Location"] == "https://example.org/y")
            #expect(try scene.get("/nothing").status == 204)
            #expect(throws: (any Error).self) { try scene.get("/gone") }
        }
    }

    @Test(.proves("set"), arguments: Front.allAvailable)
    func variablesAreSetInOrder(_ front: Front) throws {
        let body = """
            set $a 1; set $a "$a-2";
            location = /later { set $b 3; return 200 "$a|$b"; }
            location = /unset { return 200 "$a|$b"; }
            location = /args { set $args "x=1&y=2"; return 200 "$args|$arg_y|$query_string|$is_args"; }
            location = /rate { set $limit_rate 10k; return 200 "$limit_rate"; }
            """
        try Scene.play(front) { (scene) throws in
            try scene.serve(body)
            #expect(try scene.get("/later").text == "1-2|3")
            #expect(try scene.get("/unset").text == "1-2|")
            #expect(try scene.get("/args?z=9").text == "x=1&y=2|2|x=1&y=2|?")
            #expect(try scene.get("/rate").text == "10240")
        }
    }

    @Test(.proves("map"), arguments: Front.allAvailable)
    func mapsLookUp(_ front: Front) throws {
        let http = """
            map $arg_m $m {
                default none; hostnames;
                abc exact; *.ex.com head; ex.* tail; "" empty; \\default escaped;
                ~^b(?<word>.)d$ "word $word $1"; ~*^LOUD$ loud;
            }
            map $m $twice { exact "$m $m"; }
            """
        try Scene.play(front) { (scene) throws in
            try scene.serve("location / { return 200 \"$m|$twice\"; }", http: http)
            let cases = [
                ("abc", "exact|exact exact"), ("ABC", "exact|exact exact"), ("a.ex.com", "head|"), ("ex.org.", "tail|"),
                ("", "empty|"),
                ("default", "escaped|"), ("bad", "word a a|"), ("bAd", "word A A|"), ("BAD", "none|"), ("loud", "loud|"),
                ("other", "none|"),
            ]
            for (key, value) in cases { #expect(try scene.get("/?m=\(key)").text == value, "\(key)") }
        }
    }
}
