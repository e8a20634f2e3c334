import Configuration
import Testing

@Suite struct LoaderTests {
    @Test func patternsMayMatchNothing() throws {
        let loaded = try load(
            "http { include conf.d/*.conf; include none/*.conf; }",
            ["conf.d/b.conf": "add_header B 2;", "conf.d/a.conf": "add_header A 1;"])
        #expect(loaded.root.children[0].settings(Content.self).fields == ["A=1", "B=2"])
        #expect(loaded.files.map(\.path) == ["main.conf", "conf.d/a.conf", "conf.d/b.conf"].map { "/etc/zendan/\($0)" })
    }

    @Test func dumpNamesEachFileOnce() throws {
        let loaded = try load("http { include a; server { include a; } }\n", ["a": "gzip on;"])
        let text = String(decoding: Dump.text(of: loaded.files), as: UTF8.self)
        #expect(
            text == """
                # configuration file /etc/zendan/main.conf:
                http { include a; server { include a; } }

                # configuration file /etc/zendan/a:
                gzip on;

                """)
    }

    @Test func pathsAsInNginx() {
        let paths = ConfigurationPaths(prefix: "/usr/share/zendan", file: "conf/main.conf")
        #expect(paths.file == "/usr/share/zendan/conf/main.conf")
        #expect(paths.resolve("logs/x") == "/usr/share/zendan/logs/x")
        #expect(paths.resolveInclude("x") == "/usr/share/zendan/conf/x")
        #expect(paths.resolve("/x") == "/x")
        #expect(ConfigurationPaths(prefix: "/p/", file: "/etc/m").configurationDirectory == "/etc/")
    }

    @Test func unknownSetsHaveTheirDefaults() throws {
        enum Stranger: DirectiveSet {
            static let initial = 7
            static let directives: [Directive<Int>] = []
        }
        #expect(try load("").root.settings(Stranger.self) == 7)
        #expect(Stranger.title == "Stranger")
    }

    @Test func registriesTellTheirOwnMistakes() {
        #expect(sampleRegistry.conflicts.isEmpty)
        #expect(DirectiveRegistry([Compression.self, Compression.self]).conflicts.count == Compression.directives.count)
    }

    @Test func manual() {
        let text = Manual.markdown(of: sampleRegistry)
        #expect(text == Manual.markdown(of: sampleRegistry))
        #expect(
            text.contains(
                """
                ### `gzip_comp_level`

                Trades time for size.

                - Syntax: `gzip_comp_level number;`
                - Default: `gzip_comp_level 1;`
                - Context: http, server, location
                - Inheritance: inherited by inner blocks that do not state it
                """))
        #expect(text.contains("### `other_version` (zendan only)"))
        #expect(text.contains("- Syntax: `location value [value] { ... }`\n- Default: —\n- Context: server, location\n"))
        #expect(text.contains("- Default: `client_max_body_size 1m;`"))
        #expect(text.contains("- Default: `send_timeout 60s;`"))
        #expect(text.contains("| `accept_mutex` | each loop has its own socket |"))
        #expect(text.contains("### `include`"))
        #expect(text.contains("- **") && text.hasSuffix("`\n"))
    }
}
