import Configuration
import Server
import TLS

/// TLS towards clients (https://nginx.org/en/docs/http/ngx_http_ssl_module.html): certificates, protocols, sessions, and what is
/// asked of clients. Where it is spoken `listen … ssl` says.
public enum ServerTLS: Feature {
    public struct Settings: Sendable {
        var certificates: [Argument] = []
        var keys: [Argument] = []
        var passwordFile: Argument?
        var rejectsHandshake = false
        // Protocol
        var protocols: [TLSProtocols] = [.tls12, .tls13]
        var ciphers = MozillaIntermediate.ciphers
        var curves = MozillaIntermediate.curves
        var prefersServerCiphers = false
        var commands: [[Argument]] = []
        var dhParameters: Argument?
        var bufferSize = 16384
        // Sessions
        var sessionCache = SessionCache.none
        var sessionTimeout: Int64 = 300
        var hasTickets = true
        var ticketKeys: [Argument] = []
        // Clients
        var verification = ClientVerification.Mode.off
        var depth = 1
        var clientCertificate: Argument?
        var trustedCertificate: Argument?
        var revocations: Argument?
        // Stapling
        var stapling: Argument?
        var staplingFile: Argument?
        // Accepted for files that state them
        var asksForHTTP2 = false
        var verifiesStapling = false
        var isCacheInherited = true
    }

    /// `ssl_session_cache`.
    enum SessionCache: Sendable {
        case off, none
        case shared(name: String, size: Int)
    }

    public static let initial = Settings()
    public static let title = "TLS towards clients"
    public static let variables = TLSVariables.all
    static let http2Note = "HTTP/2 comes with a later version: clients are offered HTTP/1.1"
    private static let everywhere: BlockContext = [.http, .server]

    public static let directives: [Directive<Settings>] = identity + protocols + sessions + clients + others

    private static let identity: [Directive<Settings>] = [
        .custom(
            "ssl_certificate", arity: 1...1, inheritance: .list, in: everywhere, syntax: "*file* | data:*text*",
            "A certificate of the server, in PEM, the chain behind it. Several, of different kinds, for clients that differ.",
            certificate),
        .custom(
            "ssl_certificate_key", arity: 1...1, inheritance: .list, in: everywhere, syntax: "*file* | data:*text*",
            "The key of each certificate, in their order. Only the supervisor reads it.", key),
        .tlsFile(
            "ssl_password_file", \.passwordFile, in: everywhere, "Pass phrases of the keys, one a line; each is tried in turn."),
        .flag(
            "ssl_reject_handshake", \.rejectsHandshake, in: everywhere,
            "Refuses every handshake: for the default server, so that only names of the others are answered."),
        .tlsCertificateCache("ssl_certificate_cache", in: everywhere),
    ]

    private static let protocols: [Directive<Settings>] = [
        .choices(
            "ssl_protocols", \.protocols, TLSArguments.versions,
            in: everywhere,
            "Versions of the protocol. SSLv2 and SSLv3 do not exist any more."),
        .text(
            "ssl_ciphers", \.ciphers, in: everywhere, "Ciphers for TLS up to 1.2, in OpenSSL's language.", syntax: "*ciphers*"),
        .text(
            "ssl_ecdh_curve", \.curves, in: everywhere,
            "Curves of the key exchange by preference, with colons; `auto` leaves them to the library.", syntax: "*curves*"),
        .flag(
            "ssl_prefer_server_ciphers", \.prefersServerCiphers, in: everywhere,
            "Whether the server's order of ciphers counts, not the client's."),
        .tlsCommands("ssl_conf_command", \.commands, in: everywhere),
        .tlsFile("ssl_dhparam", \.dhParameters, in: everywhere, "Parameters for DHE ciphers; without them none is offered."),
        .size(
            "ssl_buffer_size", \.bufferSize, in: everywhere,
            "The greatest number of bytes in one record: the client needs all of one to begin with it."),
        .flag(
            "http2", \.asksForHTTP2, in: everywhere,
            "Accepted: HTTP/2 comes with a later version, clients are offered HTTP/1.1."),
        .custom(
            "ssl_early_data", arity: 1...1, in: everywhere, syntax: "off", default: "off",
            "Not supported: whoever has recorded such a request can send it again.",
            { (_: inout Settings, statement: Statement, _: ApplyContext) throws(Diagnostic) in
                guard try statement.arguments[0].flag() else { return }
                throw Diagnostic(
                    "\"ssl_early_data on\" is not supported: whoever has recorded a request in early data can send it again",
                    at: statement.arguments[0].location, hint: "take the line away; clients then resume without early data")
            }),
    ]

    private static let sessions: [Directive<Settings>] = [
        .custom(
            "ssl_session_cache", arity: 1...2, in: everywhere,
            syntax: "off | none | [builtin[:*number*]] [shared:*name*:*size*]",
            default: "none", "Where sessions are kept for clients that resume by their number.", sessionCache),
        .seconds("ssl_session_timeout", \.sessionTimeout, in: everywhere, "How long a session may be resumed."),
        .flag("ssl_session_tickets", \.hasTickets, in: everywhere, "Whether clients keep their session themselves."),
        .custom(
            "ssl_session_ticket_key", arity: 1...1, inheritance: .list, in: everywhere, syntax: "*file*",
            "Keys of session tickets, 48 or 80 bytes each: the first encrypts. Without: made and changed by the server itself.",
            { (settings: inout Settings, statement: Statement, context: ApplyContext) in
                if context.isFirst { settings.ticketKeys = [] }
                settings.ticketKeys += statement.arguments
            }),
    ]

    private static let clients: [Directive<Settings>] = [
        .choice(
            "ssl_verify_client", \.verification,
            ["off": .off, "on": .on, "optional": .optional, "optional_no_ca": .optionalWithoutCA], in: everywhere,
            "Whether clients are asked for a certificate. A wrong one, or none, is answered 400."),
        .integer(
            "ssl_verify_depth", \.depth, 0...100, in: everywhere,
            "How many certificates may stand between a client's and a root."),
        .tlsFile(
            "ssl_client_certificate", \.clientCertificate, in: everywhere,
            "Who may issue clients' certificates; clients are told."),
        .tlsFile(
            "ssl_trusted_certificate", \.trustedCertificate, in: everywhere,
            "Who else may issue clients' certificates; clients are not told."),
        .tlsFile("ssl_crl", \.revocations, in: everywhere, "Clients' certificates that have been taken back."),
    ]

    private static let others: [Directive<Settings>] = [
        .tlsFile(
            "ssl_stapling_file", \.staplingFile, in: everywhere,
            "A statement on the certificate's validity (OCSP, DER) that clients are given."
        ),
        .custom(
            "ssl_stapling", arity: 1...1, in: everywhere, syntax: "on | off", default: "off",
            "Whether the certificate's issuer is asked for such a statement: not supported where it offers one.",
            { (settings: inout Settings, statement: Statement, _: ApplyContext) throws(Diagnostic) in
                settings.stapling = try statement.arguments[0].flag() ? statement.arguments[0] : nil
            }),
        .flag(
            "ssl_stapling_verify", \.verifiesStapling, in: everywhere,
            "Accepted: no statement is asked for, so none is verified."),
        .custom(
            "ssl_ocsp", arity: 1...1, in: everywhere, syntax: "off", default: "off",
            "Not supported: asking issuers whether a client's certificate is still good.",
            { (_: inout Settings, statement: Statement, _: ApplyContext) throws(Diagnostic) in
                if statement.arguments[0].text == "off" { return }
                throw Diagnostic(
                    "\"ssl_ocsp\" is not supported yet: issuers are not asked", at: statement.arguments[0].location,
                    hint: "ssl_crl takes a list of certificates that have been taken back")
            }),
        .flag(
            "ssl_object_cache_inheritable", \.isCacheInherited, in: .main,
            "Accepted: certificates and keys that have not changed cost little at a reload."),
    ]

    // MARK: Values

    private static let hint = "one server for each name, with a certificate of its own, costs nothing more"

    private static func certificate(
        _ settings: inout Settings, _ statement: Statement, _ context: ApplyContext
    ) throws(Diagnostic) {
        if context.isFirst { settings.certificates = [] }
        settings.certificates.append(try TLSArguments.plain(statement.arguments[0], hint: hint))
    }

    private static func key(_ settings: inout Settings, _ statement: Statement, _ context: ApplyContext) throws(Diagnostic) {
        if context.isFirst { settings.keys = [] }
        settings.keys.append(try TLSArguments.plainKey(statement.arguments[0], hint: hint))
    }

    private static func sessionCache(
        _ settings: inout Settings, _ statement: Statement, _ context: ApplyContext
    ) throws(Diagnostic) {
        for argument in statement.arguments {
            let parts = argument.text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            switch (parts[0], parts.count) {
            case ("off", 1): settings.sessionCache = .off
            case ("none", 1): settings.sessionCache = .none
            case ("builtin", 1...2):
                if case .shared = settings.sessionCache, statement.arguments.count > 1 { continue }
                let number = parts.count == 2 ? ArgumentTypes.integer(parts[1]) : 20480
                guard let number, number > 0 else {
                    throw argument.invalid(expected: "a number of sessions behind \"builtin:\"")
                }
                // A session takes about a quarter of a KiB.
                settings.sessionCache = .shared(name: "builtin:\(number)", size: min(number, 1 << 24) * 512)
            case ("shared", 3):
                guard !parts[1].isEmpty, let size = ArgumentTypes.size(parts[2]) else {
                    throw argument.invalid(expected: "shared:NAME:SIZE")
                }
                guard size >= 32768 else {
                    throw Diagnostic(
                        "the session cache \(Diagnostic.quoted(argument.text)) is too small", at: argument.location)
                }
                settings.sessionCache = .shared(name: parts[1], size: size)
            default: throw argument.invalid(expected: "off, none, builtin[:NUMBER] or shared:NAME:SIZE")
            }
        }
    }

    // MARK: Effect

    public static func install(_ settings: Settings, in server: inout ServerPlanBuilder) throws(Diagnostic) {
        if settings.certificates.isEmpty, !settings.rejectsHandshake { return }
        let place = server.block.header.location.description
        if server.site.loopIndex > 0, let context = server.site.named.tlsContext(for: place) {
            server.tls = context
            return
        }
        var assembly = ServerTLSAssembly(settings, server)
        let context = try assembly.build()
        server.site.named.keepTLSContext(context, for: place)
        server.tls = context
    }
}
