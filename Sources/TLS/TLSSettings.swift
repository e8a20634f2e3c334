/// Everything a server block says about TLS, its files already read.
public struct TLSServerSettings: Sendable {
    /// Certificates with their keys, of several kinds where there are several (RSA and ECDSA): the client's abilities decide.
    public var identities: [TLSIdentity] = []
    /// Certificates are named by variables: `TLSDirectory.identities` is asked in each handshake.
    public var asksForIdentities = false
    public var protocols = TLSProtocols.standard
    /// OpenSSL's cipher list, for TLS up to 1.2.
    public var ciphers = MozillaIntermediate.ciphers
    /// `ssl_conf_command`, applied last.
    public var commands: [TLSCommand] = []
    /// Curves by preference, with colons; `auto` leaves the choice to the library.
    public var curves = MozillaIntermediate.curves
    public var prefersServerCiphers = false
    /// Parameters for DHE as PEM; without them no DHE cipher is offered, as in nginx.
    public var dhParameters: [UInt8]?
    /// How long a session may be resumed, in seconds.
    public var sessionTimeout = 300
    /// Sessions by id.
    public var sessionCache = SessionCaching.none
    /// Keys of session tickets; nil turns tickets off.
    public var ticketKeys: TLSTicketKeys?
    /// An encoded OCSP response (`ssl_stapling_file`).
    public var stapledResponse: [UInt8]?
    public var verification = ClientVerification()
    /// Protocols by preference (RFC 7301). Empty: the extension is ignored.
    public var applicationProtocols: [String] = ["http/1.1"]
    /// Refuses every handshake with `unrecognized_name` (`ssl_reject_handshake`).
    public var rejectsHandshake = false
    /// The greatest number of bytes in one record (`ssl_buffer_size`), 512…16384.
    public var recordSize = 16384

    public init() {}

    /// `ssl_session_cache`.
    public enum SessionCaching: Sendable {
        /// No sessions by id; the client is told that there are none.
        case off
        /// A session id is given out, but never found again: some clients want one (nginx's default).
        case none
        /// Kept here, for all loops and for all servers that name the same cache.
        case shared(TLSSessionCache)
    }
}

/// What clients' certificates are held to.
public struct ClientVerification: Sendable {
    /// `ssl_verify_client`. A handshake never fails by it: the result is a fact that the request is judged by.
    public enum Mode: Sendable {
        case off, on, optional, optionalWithoutCA
    }

    public var mode = Mode.off
    /// The number of certificates a chain may have above the client's.
    public var depth = 1
    /// Trusted, and named to clients (`ssl_client_certificate`).
    public var clientCAs: [Certificate] = []
    /// Trusted, and not named (`ssl_trusted_certificate`).
    public var trustedCAs: [Certificate] = []
    /// Revocation lists as PEM (`ssl_crl`): with one, every certificate of a chain is looked up.
    public var revocations: [UInt8]?

    public init() {}
}

/// Everything a location says about TLS to its upstreams, its files already read.
public struct TLSClientSettings: Sendable {
    /// Checks the upstream's certificate: chain and name. A wrong one fails the handshake.
    public var verifies = false
    /// The number of certificates a chain may have above the upstream's.
    public var depth = 1
    /// Whom to trust (`proxy_ssl_trusted_certificate`).
    public var trustedCAs: [Certificate] = []
    /// Revocation lists as PEM (`proxy_ssl_crl`).
    public var revocations: [UInt8]?
    /// What zendan shows of itself (`proxy_ssl_certificate`).
    public var identity: TLSIdentity?
    public var protocols = TLSProtocols.standard
    /// OpenSSL's cipher list, for TLS up to 1.2.
    public var ciphers = "DEFAULT"
    /// `proxy_ssl_conf_command`.
    public var commands: [TLSCommand] = []
    /// Protocols by preference. Empty: none is offered.
    public var applicationProtocols: [String] = []

    public init() {}
}

/// One command in OpenSSL's own language (SSL_CONF_cmd(3)): `ssl_conf_command Options -SessionTicket`.
public struct TLSCommand: Sendable {
    public let name: String
    public let value: String
    /// What is in the file that `value` names, for commands that name one.
    public let content: [UInt8]?

    public init(name: String, value: String, content: [UInt8]? = nil) {
        self.name = name
        self.value = value
        self.content = content
    }

    /// Whether the command's value is the name of a file, which the caller has to read.
    public static func namesFile(_ name: String) -> Bool {
        ["Certificate", "PrivateKey", "DHParameters", "VerifyCAFile", "ClientCAFile", "ChainCAFile", "RequestCAFile"]
            .contains(name)
    }
}
