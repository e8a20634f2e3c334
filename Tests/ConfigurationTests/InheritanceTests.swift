import Configuration
import Testing

@Suite struct InheritanceTests {
    private func location(_ loaded: LoadedConfiguration, _ path: Int...) throws -> Block {
        var block = try #require(loaded.root.children(.http).first?.children(.server).first)
        for index in path { block = block.children[index] }
        return block
    }

    /// As nginx: what stands below an inner block reaches it all the same.
    @Test func ownDirectivesComeFirstWhereverTheyStand() throws {
        let loaded = try load("http { server { location / { } add_header A 1; gzip on; } gzip_comp_level 7; }")
        let block = try location(loaded, 0)
        #expect(block.settings(Content.self).fields == ["A=1"])
        #expect(block.settings(Compression.self).isEnabled)
        #expect(block.settings(Compression.self).level == 7)
        #expect(!loaded.root.settings(Compression.self).isEnabled)
    }

    @Test func listsAreReplacedAsAWhole() throws {
        let loaded = try load(
            """
            http { add_header A 1; add_header B 2;
                server { location /a { } location /b { add_header C 3; add_header D 4; location /b/c { } } } }
            """)
        #expect(try location(loaded, 0).settings(Content.self).fields == ["A=1", "B=2"])
        #expect(try location(loaded, 1).settings(Content.self).fields == ["C=3", "D=4"])
        #expect(try location(loaded, 1, 0).settings(Content.self).fields == ["C=3", "D=4"])
    }

    @Test func aGroupSharesOneList() throws {
        let loaded = try load("http { allow a; server { location / { deny b; allow c; deny d; } } }")
        #expect(try location(loaded, 0).settings(Content.self).rules == ["deny b", "allow c", "deny d"])
    }

    @Test func ownDirectivesStay() throws {
        let loaded = try load(
            """
            http { server { try_files a b; location / { proxy_pass p; try_files c d; add_header A 1;
                location /x { } limit_except GET { deny all; } } } }
            """)
        let outer = try location(loaded, 0)
        #expect(outer.settings(Content.self).target == "p")
        #expect(outer.settings(Content.self).file == "c")
        let nested = try location(loaded, 0, 0).settings(Content.self)
        #expect(nested.target == nil)
        #expect(nested.file == nil)
        #expect(nested.fields == ["A=1"])
        let limited = try location(loaded, 0, 1).settings(Content.self)
        #expect(limited.target == "p")
        #expect(limited.file == nil)
        #expect(limited.rules == ["deny all"])
        #expect(outer.settings(Content.self).rules == [])
    }

    @Test func oneNameInDisjointContexts() throws {
        let loaded = try load("http { upstream u { server a weight=2; server b; } server { server_name x y; server_name z; } }")
        let http = loaded.root.children[0]
        #expect(http.children(.upstream)[0].settings(Content.self).peers == ["a", "b"])
        #expect(http.children(.upstream)[0].header.arguments[0].text == "u")
        #expect(http.children(.server)[0].settings(Structure.self).names == ["x", "y", "z"])
        #expect(http.children(.server)[0].states("server_name"))
        #expect(!http.states("server_name"))
        #expect(http.children(.server)[0].statements("server_name").count == 2)
    }

    @Test func freeBlocks() throws {
        let loaded = try load(
            "http { types { text/css css; include more; } types { a/b c d; } server { location / { types { } } } }",
            ["more": "image/png png;"])
        let http = loaded.root.children[0]
        #expect(http.settings(Content.self).types == ["css": "text/css", "png": "image/png", "c": "a/b", "d": "a/b"])
        #expect(try location(loaded, 0).settings(Content.self).types == [:])
        #expect(Content.initial.types.count == 1)
    }

    @Test func everyKindOfValue() throws {
        let loaded = try load(
            """
            http { gzip ON; maybe off; gzip_comp_level 9; gzip_min_length 20; client_max_body_size 8m; send_timeout 500ms;
              open_file_cache_valid 1M; proxy_http_version 1.0; other_version NEW; gzip_proxied new old new;
              temp_path t; key $a; maybe_key "b $c"; keys a $b; }
            """)
        let s = loaded.root.children[0].settings(Compression.self)
        #expect(s.isEnabled && s.maybe == false && s.level == 9 && s.smallest == 20 && s.largest == 8 << 20)
        #expect(s.timeout == 500 && s.validity == 2_592_000 && s.version == .v10 && s.other == .v11)
        #expect(s.proxied == [.v11, .v10] && s.directory == "/etc/zendan/t")
        #expect(s.key.names == ["a"] && s.maybeKey?.names == ["c"] && s.keys.map(\.source) == ["a", "$b"])
        #expect(
            loaded.warnings.map(\.description) == [
                "/etc/zendan/main.conf:2:93: warning: \"new\" is repeated in \"gzip_proxied\""
            ])
    }

    /// ZENDAN_WITHOUT: checked, without effect, and the rest of the list counts as if it were not there.
    @Test func disabledDirectives() throws {
        let text = "http { gzip on; gzip_comp_level 5; allow a; deny b; add_header A 1; server { location / { } } }"
        let loaded = try load(text, disabled: ["gzip", "allow", "add_header", "location"])
        let http = loaded.root.children[0]
        #expect(!http.settings(Compression.self).isEnabled)
        #expect(http.settings(Compression.self).level == 5)
        #expect(http.settings(Content.self).rules == ["deny b"])
        #expect(http.settings(Content.self).fields == [])
        #expect(http.children[0].children.isEmpty)
        #expect(throws: ConfigurationFailure.self) { try load("http { gzip maybe; }", disabled: ["gzip"]) }
        let included = try load("http { include a; }", ["a": "gzip on;"], disabled: ["include"])
        #expect(!included.root.children[0].settings(Compression.self).isEnabled)
        #expect(included.files.count == 2)
    }
}
