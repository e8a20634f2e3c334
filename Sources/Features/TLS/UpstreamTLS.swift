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
        .tlsFile(
            "proxy_ssl_trusted_certificate", \.trustedCertificate, in: everywhere,
            "Who may vouch for upstreams: certificates in PEM."),
        .tlsFile("proxy_ssl_crl", \.revocations, in: everywhere, "Upstreams' certificates that have been taken back."),
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
                settings.certificate = stated(try TLSArguments.plain(statement.arguments[0], hint: hint))
            }),
        .custom(
            "proxy_ssl_certificate_key", arity: 1...1, in: everywhere, syntax: "*file* | data:*text*",
            "Its key. Only the supervisor reads it.",
            { (settings: inout Settings, statement: Statement, _: ApplyContext) throws(Diagnostic) in
                settings.key = stated(try TLSArguments.plainKey(statement.arguments[0], hint: hint))
            }),
        .tlsFile(
            "proxy_ssl_password_file", \.passwordFile, in: everywhere,
            "Pass phrases of the key, one a line; each is tried in turn."),
        .tlsCertificateCache("proxy_ssl_certificate_cache", in: everywhere),
    ]

    private static let protocols: [Directive<Settings>] = [
        .choices(
            "proxy_ssl_protocols", \.protocols, TLSArguments.versions,
            in: everywhere, "Versions of the protocol. SSLv2 and SSLv3 do not exist any more."),
        .text(
            "proxy_ssl_ciphers", \.ciphers, in: everywhere, "Ciphers for TLS up to 1.2, in OpenSSL's language.",
            syntax: "*ciphers*"),
        .tlsCommands("proxy_ssl_conf_command", \.commands, in: everywhere),
        .flag(
            "proxy_ssl_session_reuse", \.reusesSessions, in: everywhere,
            "Whether a new connection to a server resumes the session of an earlier one."),
    ]

    private static let hint = "a location for each, with a certificate of its own, can do the same"

    /// nil for an empty value: what outer blocks state does not hold.
    private static func stated(_ argument: Argument) -> Argument? { argument.text.isEmpty ? nil : argument }
}
