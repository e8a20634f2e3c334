import COpenSSL
import Platform

/// What server and client contexts are made of alike. Each function throws with the name of the directive's subject.
enum ContextBuilding {
    /// A context with what every connection needs: little memory while idle, no renegotiation, one read for all there is.
    static func make(_ method: OpaquePointer?) throws(TLSError) -> OpaquePointer {
        ErrorQueue.clear()
        guard let context = unsafe SSL_CTX_new(method) else { throw TLSError.library("SSL_CTX_new() failed") }
        let modes =
            SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
            | SSL_MODE_ENABLE_PARTIAL_WRITE
        unsafe _ = zs_ctx_set_mode(context, Int(modes))
        unsafe zs_ctx_set_read_ahead(context, 1)
        // An end without close_notify is an end: HTTP has its own framing. What it says of a body that has none is
        // `TLSSession.receivedCloseNotify`.
        let options =
            zs_op_no_compression | zs_op_no_renegotiation | zs_op_ignore_unexpected_eof | zs_op_single_dh_use
            | zs_op_single_ecdh_use
        unsafe SSL_CTX_set_options(context, options)
        return unsafe context
    }

    static func setProtocols(_ context: OpaquePointer, _ protocols: TLSProtocols) throws(TLSError) {
        guard !protocols.isEmpty else { throw TLSError("no version of the protocol is left") }
        // The system's openssl.cnf may set bounds of its own: the configuration decides.
        unsafe _ = zs_ctx_set_min_version(context, 0)
        unsafe _ = zs_ctx_set_max_version(context, 0)
        unsafe SSL_CTX_set_options(context, protocols.prohibitions)
    }

    static func setCiphers(_ context: OpaquePointer, _ ciphers: String) throws(TLSError) {
        guard unsafe SSL_CTX_set_cipher_list(context, ciphers) == 1 else {
            throw TLSError.library("SSL_CTX_set_cipher_list(\"\(ciphers)\") failed")
        }
    }

    static func setCurves(_ context: OpaquePointer, _ curves: String) throws(TLSError) {
        if curves.isEmpty || curves == "auto" { return }
        var text = Array(curves.utf8CString)
        let status = unsafe text.withUnsafeMutableBufferPointer { unsafe zs_ctx_set_groups(context, $0.baseAddress) }
        guard status == 1 else { throw TLSError.library("SSL_CTX_set1_curves_list(\"\(curves)\") failed") }
    }

    /// Adds a certificate, its chain and its key to those that there are.
    static func use(_ context: OpaquePointer, _ identity: TLSIdentity) throws(TLSError) {
        guard unsafe SSL_CTX_use_certificate(context, identity.certificate.handle) == 1 else {
            throw TLSError.library("SSL_CTX_use_certificate() failed")
        }
        let chain = try CertificateStack(identity.chain)
        defer { extendLifetime((chain, identity.certificate, identity.key)) }
        guard unsafe zs_ctx_set_chain(context, chain.handle) == 1 else {
            throw TLSError.library("SSL_CTX_set1_chain() failed")
        }
        guard unsafe SSL_CTX_use_PrivateKey(context, identity.key.handle) == 1 else {
            throw TLSError.library("SSL_CTX_use_PrivateKey() failed")
        }
    }

    static func trust(_ context: OpaquePointer, _ authorities: [Certificate]) throws(TLSError) {
        guard let store = unsafe SSL_CTX_get_cert_store(context) else { return }
        for authority in authorities {
            guard unsafe X509_STORE_add_cert(store, authority.handle) == 1 else {
                throw TLSError.library("X509_STORE_add_cert() failed")
            }
        }
    }

    /// Adds revocation lists, with which every certificate of a chain is looked up from now on.
    static func setRevocations(_ context: OpaquePointer, pem: [UInt8]) throws(TLSError) {
        guard let store = unsafe SSL_CTX_get_cert_store(context) else { return }
        ErrorQueue.clear()
        let bio = try MemoryBIO(reading: pem)
        defer { extendLifetime(bio) }
        var count = 0
        while let list = unsafe PEM_read_bio_X509_CRL(bio.handle, nil, nil, nil) {
            defer { unsafe X509_CRL_free(list) }
            guard unsafe X509_STORE_add_crl(store, list) == 1 else { throw TLSError.library("X509_STORE_add_crl() failed") }
            count += 1
        }
        guard count > 0, ErrorQueue.newestReason == Int(PEM_R_NO_START_LINE) else {
            throw TLSError.library("PEM_read_bio_X509_CRL() failed")
        }
        ErrorQueue.clear()
        unsafe _ = X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
    }

    /// OpenSSL's own configuration commands (SSL_CONF_cmd(3)), in their order. No file is read.
    static func run(_ commands: [TLSCommand], _ context: OpaquePointer) throws(TLSError) {
        if commands.isEmpty { return }
        guard let runner = unsafe SSL_CONF_CTX_new() else { throw TLSError("no memory") }
        defer { unsafe SSL_CONF_CTX_free(runner) }
        let flags =
            SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_SERVER | SSL_CONF_FLAG_CLIENT | SSL_CONF_FLAG_CERTIFICATE
            | SSL_CONF_FLAG_SHOW_ERRORS
        unsafe _ = SSL_CONF_CTX_set_flags(runner, UInt32(flags))
        unsafe SSL_CONF_CTX_set_ssl_ctx(runner, context)
        for command in commands {
            ErrorQueue.clear()
            let kind = unsafe SSL_CONF_cmd_value_type(runner, command.name)
            if kind == SSL_CONF_TYPE_FILE || kind == SSL_CONF_TYPE_DIR {
                try unsafe runFile(command, context)
                continue
            }
            guard unsafe SSL_CONF_cmd(runner, command.name, command.value) > 0 else {
                throw TLSError.library("SSL_CONF_cmd(\"\(command.name)\", \"\(command.value)\") failed")
            }
        }
        guard unsafe SSL_CONF_CTX_finish(runner) == 1 else { throw TLSError.library("SSL_CONF_CTX_finish() failed") }
    }

    /// A command that names a file, done with what was in it.
    private static func runFile(_ command: TLSCommand, _ context: OpaquePointer) throws(TLSError) {
        guard let content = command.content else {
            throw TLSError("\"\(command.value)\", which the command \"\(command.name)\" names, was not read")
        }
        switch command.name {
        case "Certificate":
            let certificates = try Certificate.all(inPEM: content)
            let chain = try CertificateStack(Array(certificates.dropFirst()))
            defer { extendLifetime((certificates, chain)) }
            guard unsafe SSL_CTX_use_certificate(context, certificates[0].handle) == 1,
                unsafe zs_ctx_set_chain(context, chain.handle) == 1
            else { throw TLSError.library("SSL_CONF_cmd(\"Certificate\") failed") }
        case "PrivateKey":
            let key = try PrivateKey(pem: content)
            defer { extendLifetime(key) }
            guard unsafe SSL_CTX_use_PrivateKey(context, key.handle) == 1 else {
                throw TLSError.library("SSL_CONF_cmd(\"PrivateKey\") failed")
            }
        case "DHParameters": try unsafe setDH(context, content)
        case "VerifyCAFile": try unsafe trust(context, Certificate.all(inPEM: content))
        case "ClientCAFile", "RequestCAFile": try unsafe nameAuthorities(context, Certificate.all(inPEM: content))
        default: throw TLSError("the command \"\(command.name)\" is not supported: it reads files")
        }
    }

    /// Parameters for DHE.
    static func setDH(_ context: OpaquePointer, _ pem: [UInt8]) throws(TLSError) {
        ErrorQueue.clear()
        let bio = try MemoryBIO(reading: pem)
        defer { extendLifetime(bio) }
        guard let parameters = unsafe PEM_read_bio_Parameters(bio.handle, nil) else {
            throw TLSError.library("PEM_read_bio_DHparams() failed")
        }
        // On success the context owns them.
        if unsafe SSL_CTX_set0_tmp_dh_pkey(context, parameters) != 1 {
            unsafe EVP_PKEY_free(parameters)
            throw TLSError.library("SSL_CTX_set0_tmp_dh_pkey() failed")
        }
    }

    /// The authorities that are named to clients.
    static func nameAuthorities(_ context: OpaquePointer, _ authorities: [Certificate]) throws(TLSError) {
        guard let names = unsafe zs_names_new() else { throw TLSError("no memory") }
        var known: Set<String> = []
        for authority in authorities where known.insert(authority.subject()).inserted {
            guard let name = unsafe X509_get_subject_name(authority.handle), let copy = unsafe X509_NAME_dup(name) else {
                continue
            }
            if unsafe zs_names_push(names, copy) == 0 { unsafe X509_NAME_free(copy) }
        }
        // The context owns the list from now on.
        unsafe SSL_CTX_set_client_CA_list(context, names)
    }

    /// Names of protocols as they go over the wire: each with its length in front (RFC 7301 §3.1).
    static func wireForm(_ protocols: [String]) throws(TLSError) -> [UInt8] {
        var bytes: [UInt8] = []
        for name in protocols {
            guard (1...255).contains(name.utf8.count) else { throw TLSError("\"\(name)\" is no protocol's name") }
            bytes.append(UInt8(name.utf8.count))
            bytes.append(contentsOf: name.utf8)
        }
        return bytes
    }
}

/// A list of certificates for one call of the library.
@safe
final class CertificateStack {
    // Sound: made in init, freed in deinit with its references.
    let handle: OpaquePointer

    init(_ certificates: [Certificate]) throws(TLSError) {
        guard let stack = unsafe zs_chain_new() else { throw TLSError("no memory") }
        unsafe handle = stack
        for certificate in certificates {
            unsafe X509_up_ref(certificate.handle)
            if unsafe zs_chain_push(stack, certificate.handle) == 0 {
                unsafe X509_free(certificate.handle)
                throw TLSError("no memory")
            }
        }
    }

    deinit { unsafe zs_chain_free(handle) }
}
