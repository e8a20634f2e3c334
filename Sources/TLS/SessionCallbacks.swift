import COpenSSL

/// Sessions by id and by ticket. The library asks the context that a handshake began with, whichever server it moved to.
extension ServerCallbacks {
    static let newSession: @convention(c) (OpaquePointer?, OpaquePointer?) -> CInt = { ssl, resumable in
        guard let ssl = unsafe ssl, let resumable = unsafe resumable else { return 0 }
        guard let context = unsafe SocketBIO.session(of: ssl)?.firstContext, let cache = context.cache else { return 0 }
        // In TLS 1.3 a ticket is the session unless tickets are off: nothing to keep here.
        if unsafe SSL_version(ssl) == TLS1_3_VERSION, unsafe SSL_get_options(ssl) & zs_op_no_ticket == 0 { return 0 }
        guard let id = unsafe identifier(resumable) else { return 0 }
        let count = Int(unsafe i2d_SSL_SESSION(resumable, nil))
        guard count > 0, count <= TLSSessionCache.longestSession else { return 0 }
        var bytes = [UInt8](repeating: 0, count: count)
        // Sound: the array has the size that the library asked for with the same session.
        let written = unsafe bytes.withUnsafeMutableBufferPointer { buffer -> CInt in
            var cursor = buffer.baseAddress
            return unsafe i2d_SSL_SESSION(resumable, &cursor)
        }
        guard Int(written) == count else { return 0 }
        cache.store(bytes, id: id, expiry: TLSTicketKeys.clock() + context.sessionTimeout)
        return 0
    }

    static let findSession:
        @convention(c) (OpaquePointer?, UnsafePointer<UInt8>?, CInt, UnsafeMutablePointer<CInt>?) -> OpaquePointer? = {
            ssl, id, count, copy in
            // The reference is the library's.
            unsafe copy?.pointee = 0
            guard let cache = unsafe SocketBIO.session(of: ssl)?.firstContext?.cache, let id = unsafe id, count > 0 else {
                return nil
            }
            // Sound: the library lends `count` bytes at `id`.
            let key = unsafe Array(UnsafeBufferPointer(start: id, count: Int(count)))
            guard let bytes = cache.find(key, now: TLSTicketKeys.clock()) else { return nil }
            return unsafe bytes.withUnsafeBufferPointer { buffer -> OpaquePointer? in
                var cursor = buffer.baseAddress
                // Sound: the buffer is as long as it says, and the library copies what it keeps.
                return unsafe d2i_SSL_SESSION(nil, &cursor, buffer.count)
            }
        }

    static let removeSession: @convention(c) (OpaquePointer?, OpaquePointer?) -> Void = { context, resumable in
        guard let context = unsafe context, let resumable = unsafe resumable else { return }
        guard let data = unsafe SSL_CTX_get_ex_data(context, cacheIndex) else { return }
        // Sound: the context's owner put its cache there and holds it for as long as the context lives.
        let cache = unsafe Unmanaged<TLSSessionCache>.fromOpaque(data).takeUnretainedValue()
        if let id = unsafe identifier(resumable) { cache.remove(id) }
    }

    /// Where a context keeps its cache for `removeSession`, which is told no connection.
    static let cacheIndex: CInt = zs_ctx_ex_index()

    private static func identifier(_ resumable: OpaquePointer) -> [UInt8]? {
        var count: UInt32 = 0
        guard let start = unsafe SSL_SESSION_get_id(resumable, &count), count > 0 else { return nil }
        // Sound: the session holds `count` bytes at `start`.
        return unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    /// Chooses the key of a ticket: 1 and the key is set; 2, it is set, and the client gets a new ticket; 0, the ticket is
    /// nobody's; -1, failure (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)).
    static let ticketKey:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, OpaquePointer?, OpaquePointer?, CInt
        ) -> CInt = { ssl, name, vector, cipher, mac, encrypts in
            guard let ssl = unsafe ssl, let name = unsafe name, let vector = unsafe vector,
                let cipher = unsafe cipher, let mac = unsafe mac,
                let keys = unsafe SocketBIO.session(of: ssl)?.firstContext?.ticketKeys?.keys(), let first = keys.first
            else { return -1 }
            if encrypts == 1 {
                let longKey = first.encryption.count == 32
                // Sound: the library gives 16 bytes for the name and EVP_MAX_IV_LENGTH (16) for the vector.
                for index in 0..<16 { unsafe name[index] = first.name[index] }
                guard unsafe RAND_bytes(vector, 16) == 1 else { return -1 }
                guard
                    unsafe EVP_EncryptInit_ex(
                        cipher, longKey ? TicketCiphers.long : TicketCiphers.short, nil, first.encryption, vector) == 1
                else {
                    return -1
                }
                return unsafe setAuthentication(mac, first) ? 1 : -1
            }
            for (place, key) in keys.enumerated() {
                // Sound: the ticket's name is 16 bytes long.
                guard (0..<16).allSatisfy({ unsafe name[$0] == key.name[$0] }) else { continue }
                let longKey = key.encryption.count == 32
                guard
                    unsafe EVP_DecryptInit_ex(
                        cipher, longKey ? TicketCiphers.long : TicketCiphers.short, nil, key.encryption, vector) == 1,
                    unsafe setAuthentication(mac, key)
                else { return -1 }
                let isNewest = place == 0
                // TLS 1.3 gives a new ticket each time: one that is used twice tells an observer that it is the same client.
                return unsafe SSL_version(ssl) != TLS1_3_VERSION && isNewest ? 1 : 2
            }
            return 0
        }

    /// HMAC with SHA-256.
    private static func setAuthentication(_ mac: OpaquePointer, _ key: TLSTicketKeys.Key) -> Bool {
        var secret = key.authentication
        // Sound: the library copies the key; the buffer is as long as it says.
        return unsafe secret.withUnsafeMutableBufferPointer { unsafe zs_mac_set_key(mac, $0.baseAddress, $0.count) == 1 }
    }
}

/// The ciphers of tickets, looked up once: the library otherwise searches its providers for each ticket.
@safe
private enum TicketCiphers {
    // Sound: made once, never freed.
    nonisolated(unsafe) static let long = unsafe EVP_CIPHER_fetch(nil, "AES-256-CBC", nil)
    nonisolated(unsafe) static let short = unsafe EVP_CIPHER_fetch(nil, "AES-128-CBC", nil)
}
