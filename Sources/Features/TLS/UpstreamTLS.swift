import Configuration
import Server
import TLS

/// TLS towards upstreams: `proxy_pass https://…` and what is asked of the other side
/// (https://nginx.org/en/docs/http/ngx_http_proxy_module.html).
public enum UpstreamTLS: Feature {
    public struct Settings: Sendable {
        /// nil: zendan shows none.
        var certificate: Argument?
        var key: Argument?
        var passwordFile: Argument?
        var protocols: [TLSProtocols] = [.tls12, .tls13]
        var ciphers = "DEFAULT"
        var commands: [[Argument]] = []
        var verifies = false
        var depth = 1
        var trustedCertificate: Argument?
        var revocations: Argument?
        var name: TemplateSyntax?
        var sendsName = false
        var reusesSessions = true
    }

    public static let initial = Settings()
    public static let title = "TLS towards upstreams"
    private static let everywhere: BlockContext = [.http, .server, .location]

    public static let directives: [Directive<Settings>] = verification + identity + protocols

    private static let verification: [Directive<Settings>] = [
        .flag(
            "proxy_ssl_verify", \.verifies, in: everywhere,
            """
            Whether the upstream has to show a certificate of its name that somebody trusted vouches for. Off, anybody on the way \
            may stand in for it: `-t` says so where the address is not this machine's.
            """),
        .integer(
            "proxy_ssl_verify_depth", \.depth, 0...100, in: everywhere,
            "How many certificates may stand between the upstream's and a root."),
        file("proxy_ssl_trusted_certificate", \.trustedCertificate, "Who may vouch for upstreams: certificates in PEM."),
        file("proxy_ssl_crl", \.revocations, "Upstreams' certificates that have been taken back."),
        .template(
            "proxy_ssl_name", \.name, in: everywhere, "The name that the certificate must be for, and that is sent.",
            syntax: "*name*", default: "$proxy_host"),
        .flag("proxy_ssl_server_name", \.sendsName, in: everywhere, "Whether the upstream is told that name (SNI)."),
    ]

    private static let identity: [Directive<Settings>] = [
        .custom(
            "proxy_ssl_certificate", arity: 1...1, in: everywhere, syntax: "*file* | data:*text*",
            "The certificate that is shown to the upstream, in PEM, the chain behind it. An empty value shows none.",
            { (settings: inout Settings, statement: Statement, _: ApplyContext) throws(Diagnostic) in
                settings.certificate = try plain(statement.arguments[0])
            }),
        .custom(
            "proxy_ssl_certificate_key", arity: 1...1, in: everywhere, syntax: "*file* | data:*text*",
            "Its key. Only the supervisor reads it.",
            { (settings: inout Settings, statement: Statement, _: ApplyContext) throws(Diagnostic) in
                let argument = try plain(statement.arguments[0])
                for kind in ["engine:", "store:"] where argument?.text.hasPrefix(kind) ?? false {
                    throw Diagnostic(
                        "keys of the form \"\(kind)…\" are not supported", at: statement.location, hint: "name a file in PEM")
                }
                settings.key = argument
            }),
        file("proxy_ssl_password_file", \.passwordFile, "Pass phrases of the key, one a line; each is tried in turn."),
        .custom(
            "proxy_ssl_certificate_cache", arity: 1...4, in: everywhere,
            syntax: "off | max=*number* [inactive=*time*] [valid=*time*]",
            default: "off", "How many certificates named by variables are kept: there are none such yet.",
            { (_: inout Settings, _: Statement, _: ApplyContext) in }),
    ]

    private static let protocols: [Directive<Settings>] = [
        .choices(
            "proxy_ssl_protocols", \.protocols,
            ["SSLv2": [], "SSLv3": [], "TLSv1": .tls10, "TLSv1.1": .tls11, "TLSv1.2": .tls12, "TLSv1.3": .tls13],
            in: everywhere, "Versions of the protocol. SSLv2 and SSLv3 do not exist any more."),
        .text(
            "proxy_ssl_ciphers", \.ciphers, in: everywhere, "Ciphers for TLS up to 1.2, in OpenSSL's language.",
            syntax: "*ciphers*"),
        .custom(
            "proxy_ssl_conf_command", arity: 2...2, inheritance: .list, in: everywhere, syntax: "*name* *value*",
            "A command in OpenSSL's own language (SSL_CONF_cmd), given after all others.",
            { (settings: inout Settings, statement: Statement, context: ApplyContext) in
                if context.isFirst { settings.commands = [] }
                settings.commands.append(statement.arguments)
            }),
        .flag(
            "proxy_ssl_session_reuse", \.reusesSessions, in: everywhere,
            "Whether a new connection to a server resumes the session of an earlier one."),
    ]

    private static func file(
        _ name: String, _ path: any WritableKeyPath<Settings, Argument?> & Sendable, _ documentation: String
    ) -> Directive<Settings> {
        .custom(
            name, arity: 1...1, in: everywhere, syntax: "*file*", documentation,
            { (settings: inout Settings, statement: Statement, _: ApplyContext) in
                settings[keyPath: path] = statement.arguments[0]
            })
    }

    /// nil for an empty value: what outer blocks state does not hold.
    private static func plain(_ argument: Argument) throws(Diagnostic) -> Argument? {
        guard argument.text.contains("$") else { return argument.text.isEmpty ? nil : argument }
        throw Diagnostic(
            "certificates named by variables are not supported yet", at: argument.location,
            hint: "a location for each, with a certificate of its own, can do the same")
    }
}
