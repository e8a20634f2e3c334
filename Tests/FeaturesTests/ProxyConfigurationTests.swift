import Testing

/// What is refused of proxying and caching, and what `-t` advises.
@Suite struct ProxyConfigurationTests {
    @Test(
        arguments: [
            ("location / { proxy_pass https://name.invalid; }", "host not found in upstream"),
            ("location / { proxy_pass https://app; proxy_ssl_verify on; }", "proxy_ssl_trusted_certificate"),
            ("location / { proxy_pass ftp://a; }", "invalid URL prefix"),
            ("location ~ x { proxy_pass http://127.0.0.1/y; }", "URI part"),
            ("location @n { proxy_pass http://127.0.0.1/; }", "URI part"),
            ("location / { limit_except GET { proxy_pass http://127.0.0.1/; } }", "URI part"),
            ("location / { proxy_pass http://127.0.0.1:x; }", "invalid port"),
            ("location / { proxy_pass http://name.invalid; }", "host not found in upstream"),
            ("location / { proxy_pass http://app:81; }", "may not have port"),
            ("location / { proxy_pass http://app; proxy_buffers 1 4k; }", "expected a number from 2"),
            ("location / { proxy_pass http://app; proxy_buffer_size 64k; }", "proxy_busy_buffers_size"),
            ("location / { proxy_pass http://app; proxy_busy_buffers_size 1k; }", "proxy_busy_buffers_size"),
            ("location / { proxy_pass http://app; proxy_max_temp_file_size 1k; }", "proxy_max_temp_file_size"),
            ("location / { proxy_pass http://app; proxy_temp_file_write_size 1k; }", "proxy_temp_file_write_size"),
            ("location / { proxy_pass http://app; proxy_redirect on; }", "invalid parameter"),
            ("location / { proxy_pass http://$host; proxy_redirect default; }", "proxy_redirect default"),
            ("location / { proxy_pass http://app; proxy_next_upstream http_418; }", "invalid value"),
            ("location / { proxy_pass http://app; proxy_cache none; }", "none"),
        ])
    func refusals(_ server: String, _ words: String) {
        do {
            _ = try ProxyStage(server: server, http: "upstream app { server 127.0.0.1:9; }")
            Issue.record("accepted: \(server)")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
        }
    }

    @Test(arguments: [("a", 0), ("b", 0), ("off", nil), ("", nil), ("c", 500)] as [(String, Int?)])
    func variablesMayNameTheCache(_ name: String, _ outcome: Int?) throws {
        let http = """
            upstream app { server 127.0.0.1:9; }
            proxy_cache_path /tmp/zendan-stage/a keys_zone=a:1m; proxy_cache_path /tmp/zendan-stage/b keys_zone=b:1m;
            """
        let stage = try ProxyStage(server: "location / { proxy_pass http://app; proxy_cache $arg_zone; }", http: http)
        let step = try stage.run("GET /?zone=\(name) HTTP/1.1", "Host: c")
        switch step {
        case .wait(.cached(let plan)):
            #expect(outcome == 0)
            #expect(plan.options.cache?.zone.name == name)
        case .wait(.upstream): #expect(outcome == nil)
        default:
            let status = stage.context.response.status
            #expect(status == outcome)
        }
    }

    @Test(
        arguments: [
            ("upstream a { }", "no servers"), ("upstream a { server 127.0.0.1:1 backup; }", "no servers"),
            ("upstream a { server 127.0.0.1:1; } upstream A { server 127.0.0.1:1; }", "duplicate upstream"),
            ("upstream a { server 127.0.0.1:1 weight=0; }", "expected a number from 1"),
            ("upstream a { server 127.0.0.1:1 odd; }", "invalid parameter"),
            ("proxy_cache_path /tmp/zendan-stage/c;", "proxy_cache_path"),
            ("proxy_cache_path /tmp/zendan-stage/c levels=1:2;", "keys_zone"),
            ("proxy_cache_path /tmp/zendan-stage/c keys_zone=a:1m levels=3;", "1:2"),
        ])
    func refusedGroupsAndZones(_ http: String, _ words: String) {
        do {
            _ = try ProxyStage(server: "location / { }", http: http)
            Issue.record("accepted: \(http)")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
        }
    }

    @Test(
        arguments: [
            ("proxy_ignore_headers Set-Cookie;", "proxy_hide_header Set-Cookie"), ("", "proxy_cache_lock"),
            ("", "proxy_cache_valid"),
            ("proxy_cache_bypass $cookie_user;", "proxy_no_cache"),
        ])
    func advice(_ directives: String, _ words: String) throws {
        let http = "upstream app { server 127.0.0.1:9; } proxy_cache_path /tmp/zendan-stage/cache keys_zone=c:1m;"
        let careless = try ProxyStage(server: "location / { proxy_pass http://app; proxy_cache c; \(directives) }", http: http)
        #expect(careless.warnings.contains { $0.description.contains(words) }, "\(careless.warnings)")
        let careful = """
            proxy_ignore_headers Set-Cookie; proxy_hide_header Set-Cookie; proxy_cache_lock on; proxy_cache_valid 10m;
            proxy_cache_bypass $cookie_user; proxy_no_cache $cookie_user;
            """
        let quiet = try ProxyStage(server: "location / { proxy_pass http://app; proxy_cache c; \(careful) }", http: http)
        #expect(quiet.warnings.isEmpty, "\(quiet.warnings)")
    }
}
