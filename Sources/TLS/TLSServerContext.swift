import COpenSSL

/// What the handshakes of one server block need: certificates, keys, protocols, session keys. Built off the loops, then
/// shared by all of them and never changed.
@safe
public final class TLSServerContext: Sendable {
    // Sound: made in init, freed in deinit. After init only the library changes it, under its own locks (SSL_CTX_new(3)).
    nonisolated(unsafe) let handle: OpaquePointer
    /// A server that has no usable certificate, or is told to, refuses.
    public let rejectsHandshake: Bool
    let ticketKeys: TLSTicketKeys?
    let cache: TLSSessionCache?
    /// ALPN's list as it goes over the wire; empty: none.
    let applicationProtocols: [UInt8]
    let stapledResponse: [UInt8]?
    let asksForIdentities: Bool
    let recordSize: Int
    /// What a switch from another context must set again by hand, since a connection has copied it already.
    let curves: String
    let sessionTimeout: Int
    /// Whether a client's certificate is asked for.
    public let verification: ClientVerification.Mode
    /// The certificates it shows, for inspection.
    public let identities: [TLSIdentity]

    /// Builds it. Throws what of the settings the library refuses.
    public init(_ settings: TLSServerSettings) throws(TLSError) {
        let context = try unsafe ContextBuilding.make(TLS_server_method())
        unsafe handle = context
        rejectsHandshake = settings.rejectsHandshake || settings.identities.isEmpty && !settings.asksForIdentities
        ticketKeys = settings.ticketKeys
        if case .shared(let shared) = settings.sessionCache { cache = shared } else { cache = nil }
        applicationProtocols = try ContextBuilding.wireForm(settings.applicationProtocols)
        stapledResponse = settings.stapledResponse
        asksForIdentities = settings.asksForIdentities
        recordSize = min(max(settings.recordSize, 512), 16384)
        curves = settings.curves
        sessionTimeout = settings.sessionTimeout
        verification = settings.verification.mode
        identities = settings.identities
        // From here on every property is set, so a throw runs deinit and frees the context.
        try unsafe ContextBuilding.setProtocols(context, settings.protocols)
        try unsafe ContextBuilding.setCiphers(context, settings.ciphers)
        try unsafe ContextBuilding.setCurves(context, settings.curves)
        if settings.prefersServerCiphers { unsafe SSL_CTX_set_options(context, zs_op_cipher_server_preference) }
        for identity in settings.identities { try unsafe ContextBuilding.use(context, identity) }
        if let parameters = settings.dhParameters { try unsafe ContextBuilding.setDH(context, parameters) }
        try unsafe Self.setVerification(context, settings.verification)
        try unsafe Self.setSessions(context, settings)
        try unsafe ContextBuilding.run(settings.commands, context)
        unsafe Self.setCallbacks(context, self)
    }

    deinit { unsafe SSL_CTX_free(handle) }

    private static func setVerification(_ context: OpaquePointer, _ settings: ClientVerification) throws(TLSError) {
        if settings.mode == .off { return }
        // The answer is always "go on": what was found is `TLSSession.verification`, and the request is judged by it.
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, { _, _ in 1 })
        unsafe SSL_CTX_set_verify_depth(context, CInt(clamping: settings.depth))
        try unsafe ContextBuilding.trust(context, settings.clientCAs)
        try unsafe ContextBuilding.trust(context, settings.trustedCAs)
        if let revocations = settings.revocations { try unsafe ContextBuilding.setRevocations(context, pem: revocations) }
        if !settings.clientCAs.isEmpty { try unsafe ContextBuilding.nameAuthorities(context, settings.clientCAs) }
    }

    private static func setSessions(_ context: OpaquePointer, _ settings: TLSServerSettings) throws(TLSError) {
        unsafe _ = SSL_CTX_set_timeout(context, settings.sessionTimeout)
        switch settings.sessionCache {
        case .off: unsafe _ = zs_ctx_set_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
        case .none, .shared:
            let mode = SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR
            unsafe _ = zs_ctx_set_cache_mode(context, Int(mode))
        }
        if settings.ticketKeys == nil { unsafe SSL_CTX_set_options(context, zs_op_no_ticket) }
        // A session may be resumed only where clients are held to the same: not the certificates, which are renewed, but
        // what is asked of the client goes into the mark that the library compares.
        var digestInput = Array("HTTP \(settings.verification.mode) \(settings.verification.depth)".utf8)
        for authority in settings.verification.clientCAs + settings.verification.trustedCAs {
            digestInput += authority.der
        }
        var mark = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        // Sound: SHA-256 writes 32 bytes.
        guard unsafe EVP_Digest(digestInput, digestInput.count, &mark, &count, EVP_sha256(), nil) == 1,
            unsafe SSL_CTX_set_session_id_context(context, mark, 32) == 1
        else { throw TLSError.library("SSL_CTX_set_session_id_context() failed") }
    }

    private static func setCallbacks(_ context: OpaquePointer, _ owner: TLSServerContext) {
        unsafe SSL_CTX_set_client_hello_cb(context, ServerCallbacks.clientHello, nil)
        unsafe _ = zs_ctx_set_servername_callback(context, { _, _, _ in SSL_TLSEXT_ERR_OK })
        unsafe SSL_CTX_set_alpn_select_cb(context, ServerCallbacks.selectProtocol, nil)
        if owner.stapledResponse != nil { unsafe _ = zs_ctx_set_status_callback(context, ServerCallbacks.staple) }
        if owner.asksForIdentities { unsafe SSL_CTX_set_cert_cb(context, ServerCallbacks.identities, nil) }
        if owner.ticketKeys != nil { unsafe _ = SSL_CTX_set_tlsext_ticket_key_evp_cb(context, ServerCallbacks.ticketKey) }
        if let cache = owner.cache {
            // Sound: `owner` holds the cache, and frees the context before it lets go of it.
            unsafe _ = zs_ctx_set_ex_data(context, ServerCallbacks.cacheIndex, Unmanaged.passUnretained(cache).toOpaque())
            unsafe SSL_CTX_sess_set_new_cb(context, ServerCallbacks.newSession)
            unsafe SSL_CTX_sess_set_get_cb(context, ServerCallbacks.findSession)
            unsafe SSL_CTX_sess_set_remove_cb(context, ServerCallbacks.removeSession)
        }
    }
}
