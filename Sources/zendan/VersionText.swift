import Configuration
import Server

/// What -v, -V and -h print.
enum VersionText {
    static let number = ServerVersion.number.description
    static let version = "zendan version: zendan/\(number)"

    /// In nginx's manner: the language level, a word for each default part of nginx that is not here, and one for each part
    /// that nginx has only when asked and that is here. A part is here when its directive is.
    static func features(_ registry: DirectiveRegistry) -> String {
        let without = defaultParts.filter { !registry.knows($0.directive) }.map { "--without-http_\($0.name)_module" }
        let effective = Set(registry.namesWithEffect)
        let with = optionalParts.filter { effective.contains($0.directive) }.map { "--with-http_\($0.name)_module" }
        return """
            \(version)
            nginx version: nginx/1.31.5
            built with Swift 6.3
            built with \(ServerVersion.library)
            TLS SNI support enabled
            configure arguments: \((["--with-cc-opt=-O"] + with + without).joined(separator: " "))
            """
    }

    private struct Part {
        let name: String
        let directive: String

        init(_ name: String, _ directive: String) {
            self.name = name
            self.directive = directive
        }
    }

    /// What nginx has unless it is built without. (`rewrite` counts as here: `return` and `set` are.)
    private static let defaultParts = [
        Part("charset", "charset"), Part("gzip", "gzip"), Part("ssi", "ssi"), Part("userid", "userid"),
        Part("access", "allow"), Part("auth_basic", "auth_basic"), Part("mirror", "mirror"), Part("autoindex", "autoindex"),
        Part("geo", "geo"), Part("map", "map"), Part("split_clients", "split_clients"), Part("referer", "valid_referers"),
        Part("rewrite", "return"), Part("proxy", "proxy_pass"), Part("fastcgi", "fastcgi_pass"),
        Part("uwsgi", "uwsgi_pass"), Part("scgi", "scgi_pass"), Part("grpc", "grpc_pass"),
        Part("memcached", "memcached_pass"), Part("limit_conn", "limit_conn"), Part("limit_req", "limit_req"),
        Part("empty_gif", "empty_gif"), Part("browser", "ancient_browser"), Part("tunnel", "tunnel_pass"),
        Part("upstream_hash", "hash"), Part("upstream_ip_hash", "ip_hash"), Part("upstream_least_conn", "least_conn"),
        Part("upstream_least_time", "least_time"), Part("upstream_random", "random"),
        Part("upstream_keepalive", "keepalive"), Part("upstream_sticky", "sticky"),
    ]

    /// What nginx has only when it is built with it.
    private static let optionalParts = [
        Part("ssl", "ssl_certificate"), Part("v2", "http2"), Part("v3", "http3"), Part("realip", "set_real_ip_from"),
        Part("addition", "add_before_body"), Part("sub", "sub_filter"), Part("dav", "dav_methods"), Part("flv", "flv"),
        Part("mp4", "mp4"), Part("gunzip", "gunzip"), Part("gzip_static", "gzip_static"),
        Part("auth_request", "auth_request"), Part("random_index", "random_index"), Part("secure_link", "secure_link"),
        Part("slice", "slice"), Part("stub_status", "stub_status"),
    ]

    static let help = """
        \(version)
        Usage: zendan [-?hvVtTq] [-s signal] [-p prefix] [-e file] [-c file] [-g directives] [--strict]

        Options:
          -?,-h         this help
          -v            the version
          -V            the version, the language level and what is built in
          -t            test the configuration and exit; --strict makes warnings count
          -T            as -t, and print the configuration
          -q            say nothing but errors while testing
          -s signal     tell the running process: stop, quit, reload, reopen
          -p prefix     where relative names begin (default: /usr/share/zendan/)
          -e file       the error log until one is configured (default: stderr)
          -c file       the configuration (default: /etc/zendan/zendan.conf)
          -g directives directives outside the configuration file
          --manual      print what every directive does, in Markdown
        """
}
