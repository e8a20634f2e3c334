import COpenSSL
import Platform

/// What the connections of one location to its upstreams need. Built off the loops, shared by all of them, never changed.
@safe
public final class TLSClientContext: Sendable {
    // Sound: made in init, freed in deinit; the library guards what it changes inside (SSL_CTX_new(3)).
    nonisolated(unsafe) let handle: OpaquePointer
    /// Whether the upstream's certificate is checked.
    public let verifies: Bool

    /// Builds it. Throws what of the settings the library refuses.
    public init(_ settings: TLSClientSettings) throws(TLSError) {
        let context = try unsafe ContextBuilding.make(TLS_client_method())
        unsafe handle = context
        verifies = settings.verifies
        // From here on every property is set, so a throw runs deinit and frees the context.
        try unsafe ContextBuilding.setProtocols(context, settings.protocols)
        try unsafe ContextBuilding.setCiphers(context, settings.ciphers)
        if let identity = settings.identity { try unsafe ContextBuilding.use(context, identity) }
        try unsafe ContextBuilding.trust(context, settings.trustedCAs)
        if let revocations = settings.revocations { try unsafe ContextBuilding.setRevocations(context, pem: revocations) }
        unsafe SSL_CTX_set_verify_depth(context, CInt(clamping: settings.depth))
        unsafe SSL_CTX_set_verify(context, settings.verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        let names = try ContextBuilding.wireForm(settings.applicationProtocols)
        // This call of the library says 0 when it succeeds.
        if !names.isEmpty, unsafe SSL_CTX_set_alpn_protos(context, names, UInt32(names.count)) != 0 {
            throw TLSError.library("SSL_CTX_set_alpn_protos() failed")
        }
        let mode = SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
        unsafe _ = zs_ctx_set_cache_mode(context, Int(mode))
        unsafe SSL_CTX_sess_set_new_cb(context, rememberSession)
        try unsafe ContextBuilding.run(settings.commands, context)
    }

    deinit { unsafe SSL_CTX_free(handle) }

    /// Readies a connection: names, and the session to resume.
    func prepare(
        _ ssl: OpaquePointer, serverName: String?, peerName: String?, resuming: TLSResumption?
    ) throws(TLSError) {
        // An address is no server name (RFC 6066 §3), as in nginx.
        if let serverName, IPv4Address(serverName) == nil, IPv6Address(serverName) == nil, !serverName.isEmpty {
            var text = Array(serverName.utf8CString)
            let status = unsafe text.withUnsafeMutableBufferPointer { unsafe zs_set_server_name(ssl, $0.baseAddress) }
            guard status == 1 else { throw TLSError.library("SSL_set_tlsext_host_name(\"\(serverName)\") failed") }
        }
        if verifies, let peerName, !peerName.isEmpty {
            let isAddress = IPv4Address(peerName) != nil || IPv6Address(peerName) != nil
            let status =
                if isAddress {
                    unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), peerName)
                } else {
                    unsafe SSL_set1_host(ssl, peerName)
                }
            guard status == 1 else { throw TLSError.library("the name \"\(peerName)\" cannot be checked") }
        }
        if let resuming { unsafe _ = SSL_set_session(ssl, resuming.handle) }
    }
}

/// A session that an upstream offered for another connection to it with the same settings.
@safe
public final class TLSResumption: Sendable {
    // Sound: a reference of our own; the library counts references with atomics, and resuming does not change the session.
    nonisolated(unsafe) let handle: OpaquePointer

    /// Takes over a reference.
    init(owning handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe SSL_SESSION_free(handle) }
}

private let rememberSession: @convention(c) (OpaquePointer?, OpaquePointer?) -> CInt = { ssl, resumable in
    guard let session = unsafe SocketBIO.session(of: ssl), let resumable = unsafe resumable else { return 0 }
    // 1: the reference is ours.
    unsafe session.offered = TLSResumption(owning: resumable)
    return 1
}

extension TLSSession {
    /// The newest session that the upstream offered (TLS 1.3 offers it after the handshake, with the first bytes read);
    /// nil when there is none that was not taken yet.
    public func takeResumption() -> TLSResumption? {
        defer { offered = nil }
        return offered
    }
}
