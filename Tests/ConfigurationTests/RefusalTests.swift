import Configuration
import Testing

@Suite struct RefusalTests {
    /// The whole text that an operator reads.
    @Test(arguments: [
        ("http {\n  gzipp on;\n}", "main.conf:2:3: unknown directive \"gzipp\"\n  hint: did you mean \"gzip\"?"),
        ("htpt { }", "main.conf:1:1: unknown directive \"htpt\"\n  hint: did you mean \"http\"?"),
        ("qwertz x;", "main.conf:1:1: unknown directive \"qwertz\""),
        (
            "http { server_name a; }",
            "main.conf:1:8: directive \"server_name\" is not allowed in a block of kind \"http\"\n  hint: it is allowed in: server"
        ),
        (
            "gzip on;",
            "main.conf:1:1: directive \"gzip\" is not allowed in the main level, outside all blocks\n"
                + "  hint: it is allowed in: http, server, location"
        ),
        (
            "http { gzip on; gzip off; }",
            "main.conf:1:17: directive \"gzip\" is duplicate\n  hint: this block has it at main.conf:1:8 already"
        ),
        (
            "http { } http { }",
            "main.conf:1:10: directive \"http\" is duplicate\n  hint: this block has it at main.conf:1:1 already"
        ),
        ("http { gzip; }", "main.conf:1:8: directive \"gzip\" takes one argument, not 0\n  hint: syntax: gzip on | off;"),
        (
            "http {\n  gzip on\n  key b;\n}",
            "main.conf:2:3: directive \"gzip\" takes one argument, not 3\n  hint: is \";\" missing before \"key\" at main.conf:3:3?"
        ),
        ("http { gzip yes; }", "main.conf:1:13: invalid value \"yes\" in \"gzip\": expected on or off"),
        (
            "http { gzip_comp_level 10; }",
            "main.conf:1:24: invalid value \"10\" in \"gzip_comp_level\": expected a number from 1 to 9"
        ),
        (
            "http { client_max_body_size 1.5k; }",
            "main.conf:1:29: invalid value \"1.5k\" in \"client_max_body_size\": expected a size such as 512, 8k, 1m or 1g"
        ),
        (
            "http { proxy_http_version 1.2; }",
            "main.conf:1:27: invalid value \"1.2\" in \"proxy_http_version\": expected 1.0 or 1.1\n  hint: did you mean \"1.0\"?"
        ),
        (
            "http { upstream u { server a weight=0; } }",
            "main.conf:1:37: invalid value \"0\": expected a number from 1 to 100"
        ),
        ("http { key $; }", "main.conf:1:12: invalid variable name in \"$\""),
        ("http { rewrite a b; }", "main.conf:1:8: directive \"rewrite\" is not supported: it comes with a later version"),
        ("http { if ($x) { } }", "main.conf:1:8: directive \"if\" is not supported: it comes later"),
        (
            "http;",
            "main.conf:1:1: directive \"http\" has no block\n  hint: write \"{\" … \"}\" instead of \";\""
        ),
        ("http { gzip on { } }", "main.conf:1:8: directive \"gzip\" takes no block"),
        ("http { types { a { } } }", "main.conf:1:16: no block may stand within \"types\""),
        ("http { include x { } }", "main.conf:1:8: \"include\" takes no block"),
        (";", "main.conf:1:1: unexpected \";\""),
        ("{", "main.conf:1:1: unexpected \"{\""),
        ("http { } }", "main.conf:1:10: unexpected \"}\"\n  hint: it closes a block that was never opened"),
        (
            "http { gzip on }",
            "main.conf:1:16: unexpected \"}\": \"gzip\" is not finished by \";\"\n  hint: put \";\" after \"on\" at main.conf:1:13"
        ),
        (
            "http {\n gzip on",
            "main.conf:2:9: unexpected end of the text: \"gzip\" is not finished by \";\""
        ),
        (
            "http {\n gzip on;",
            "main.conf:2:10: unexpected end of the text: \"}\" is missing\n  hint: the block opened at main.conf:1:6 is still open"
        ),
        ("http { key 'a; }", "main.conf:1:12: the quoted value that starts here never ends"),
        (
            "http { server { location ~ ^/a{2}$ { } } }",
            "main.conf:1:32: unknown directive \"2}$\"\n  hint: a regular expression that holds braces must stand in quotes"
        ),
        ("include;", "main.conf:1:1: \"include\" takes one argument, not 0"),
        ("include nofile;", "main.conf:1:9: cannot read \"nofile\": No such file or directory"),
        ("http { include main.conf; }", "main.conf:1:16: \"main.conf\" includes itself"),
    ])
    func message(_ text: String, _ expected: String) {
        let found = refusal(text)
        #expect(found.hasPrefix(expected), "\(found)")
    }

    /// nginx reads and checks at once, so the mistake that stands first is the one to report.
    @Test func theFirstMistakeIsReported() {
        #expect(refusal("http { gzipp on; server {").hasPrefix("main.conf:1:8: unknown directive"))
        #expect(refusal("nope; include missing;").hasPrefix("main.conf:1:1: unknown directive"))
    }

    @Test func includedFilesHaveTheirOwnLocations() {
        #expect(refusal("http { include a.conf; }", ["a.conf": "\n gzipp on;"]).hasPrefix("a.conf:2:2: unknown directive"))
        #expect(refusal("http { include a.conf; ", ["a.conf": "gzip on; }"]).hasPrefix("a.conf:1:10: unexpected \"}\""))
        #expect(refusal("include a;", ["a": "include b;", "b": "include a;"]).hasPrefix("b:1:9: \"a\" includes itself"))
    }

    @Test func commandLine() throws {
        #expect(try load("", globals: "daemon on;").root.settings(Structure.self).isOff)
        #expect(refusal("daemon off;", globals: "daemon off;").hasPrefix("main.conf:1:1: directive \"daemon\" is duplicate"))
        #expect(refusal("", globals: "daemn off;").hasPrefix("command line:1:1: unknown directive"))
        #expect(refusal("", globals: "daemon off").hasPrefix("command line:1:11: unexpected end of the text"))
        #expect(refusal("", globals: "events{}").hasPrefix("command line:1:1: \"events\": option -g takes no blocks"))
        #expect(refusal("", globals: "}").hasPrefix("command line:1:1: unexpected \"}\""))
    }

    @Test func warningsSurviveAnError() throws {
        do throws(ConfigurationFailure) {
            _ = try load("accept_mutex on; http { add_header odd 1; server { gzip perhaps; } }")
            Issue.record("accepted")
        } catch {
            #expect(error.warnings.map(\.severity) == [.note, .warning])
            #expect(
                error.warnings[0].description.hasSuffix(
                    "note: \"accept_mutex\" has no effect here: each loop has its own socket"))
            #expect(error.files.count == 1)
        }
    }

    /// The second application, which makes the settings of inner blocks, reports nothing twice.
    @Test func warningsComeOnce() throws {
        let loaded = try load("http { server { location / { add_header odd 1; proxy_pass p; location /a { } } } }")
        #expect(loaded.warnings.count == 1)
    }
}
