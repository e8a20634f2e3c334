import Server

/// What -v, -V and -h print.
enum VersionText {
    static let number = ServerVersion.number.description
    static let version = "zendan version: zendan/\(number)"

    /// In nginx's manner: the language level, and one word for each default part of nginx that is not here.
    static let features = """
        \(version)
        nginx version: nginx/1.31.5
        built with Swift 6.3
        configure arguments: --with-cc-opt=-O \(missing.map { "--without-http_\($0)_module" }.joined(separator: " "))
        """

    private static let missing = [
        "charset", "ssi", "userid", "auth_basic", "mirror", "autoindex", "geo", "split_clients", "referer", "fastcgi",
        "uwsgi", "scgi", "grpc", "memcached", "limit_conn", "limit_req", "empty_gif", "browser", "tunnel", "upstream_hash",
        "upstream_ip_hash", "upstream_least_conn", "upstream_least_time", "upstream_random", "upstream_sticky",
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
