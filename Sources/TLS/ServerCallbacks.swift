import Bytes
import COpenSSL

/// What the library asks of a server in the middle of a handshake. It calls on the loop's thread, from within
/// `TLSSession.handshake` or `receive`.
enum ServerCallbacks {
    /// The client's first message is there: the server is chosen before anything else of it is looked at, so that its
    /// protocols, its session keys' mark and its demands on the client count from the beginning.
    static let clientHello: SSL_client_hello_cb_fn = { ssl, alert, _ in
        guard let ssl = unsafe ssl, let session = unsafe SocketBIO.session(of: ssl) else { return SSL_CLIENT_HELLO_ERROR }
        var refusal = SSL_AD_UNRECOGNIZED_NAME
        if let directory = session.directory, let name = unsafe serverName(ssl) {
            switch directory.server(for: name) {
            case .standard: break
            case .server(let context): session.move(to: context)
            case .reject:
                session.note("the name \(Printable.text(name)) is refused")
                unsafe alert?.pointee = refusal
                return SSL_CLIENT_HELLO_ERROR
            case .wait: return SSL_CLIENT_HELLO_RETRY
            }
        }
        guard let context = session.serverContext, !context.rejectsHandshake else {
            session.note("the server refuses handshakes: ssl_reject_handshake, or no usable certificate")
            refusal = SSL_AD_UNRECOGNIZED_NAME
            unsafe alert?.pointee = refusal
            return SSL_CLIENT_HELLO_ERROR
        }
        return SSL_CLIENT_HELLO_SUCCESS
    }

    /// The host name of the extension (RFC 6066 §3), in lower case and without a dot at its end.
    static func serverName(_ ssl: OpaquePointer) -> [UInt8]? {
        var start: UnsafePointer<UInt8>?
        var count = 0
        guard unsafe SSL_client_hello_get0_ext(ssl, UInt32(TLSEXT_TYPE_server_name), &start, &count) == 1 else { return nil }
        guard let start = unsafe start else { return nil }
        // Sound: the library keeps `count` bytes at `start` during the callback.
        return unsafe parseServerName(Span(_unsafeStart: start, count: count))
    }

    /// Reads the extension: a list with its length, an entry's kind (0: a host name), its length, the name.
    static func parseServerName(_ bytes: Span<UInt8>) -> [UInt8]? {
        guard bytes.count > 5 else { return nil }
        let listLength = Int(bytes[0]) << 8 | Int(bytes[1])
        guard listLength == bytes.count - 2, bytes[2] == 0 else { return nil }
        let length = Int(bytes[3]) << 8 | Int(bytes[4])
        guard length > 0, length <= 255, length <= bytes.count - 5 else { return nil }
        var name: [UInt8] = []
        name.reserveCapacity(length)
        for index in 5..<(5 + length) {
            let byte = bytes[index]
            guard byte > 32, byte != 127 else { return nil }
            name.append(ASCII.lowercased(byte))
        }
        if name.last == UInt8(ascii: ".") { name.removeLast() }
        return name.isEmpty ? nil : name
    }

    static let selectProtocol: SSL_CTX_alpn_select_cb_func = { ssl, chosen, chosenCount, offered, offeredCount, _ in
        guard let context = unsafe SocketBIO.session(of: ssl)?.serverContext else { return SSL_TLSEXT_ERR_NOACK }
        let own = context.applicationProtocols
        guard !own.isEmpty, let offered = unsafe offered, let chosen = unsafe chosen, let chosenCount = unsafe chosenCount
        else {
            return SSL_TLSEXT_ERR_NOACK
        }
        // Sound: the library lends `offeredCount` bytes, which live through the handshake message.
        let list = unsafe Span(_unsafeStart: offered, count: Int(offeredCount))
        guard let found = choose(own.span, list) else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        // Sound: the range was found within the list; the answer points into the client's message, as the library allows.
        unsafe chosen.pointee = unsafe offered + found.lowerBound
        unsafe chosenCount.pointee = UInt8(found.count)
        return SSL_TLSEXT_ERR_OK
    }

    /// The place in `offered` of the first of `own` that stands there too. Both are lists of names with lengths in front.
    static func choose(_ own: Span<UInt8>, _ offered: Span<UInt8>) -> Range<Int>? {
        var wanted = 0
        while wanted < own.count {
            let length = Int(own[wanted])
            guard length > 0, wanted + 1 + length <= own.count else { return nil }
            let name = own.extracting((wanted + 1)..<(wanted + 1 + length))
            var place = 0
            while place < offered.count {
                let count = Int(offered[place])
                guard count > 0, place + 1 + count <= offered.count else { break }
                if offered.extracting((place + 1)..<(place + 1 + count)).equals(name) {
                    return (place + 1)..<(place + 1 + count)
                }
                place += 1 + count
            }
            wanted += 1 + length
        }
        return nil
    }

    static let staple: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> CInt = { ssl, _ in
        guard let response = unsafe SocketBIO.session(of: ssl)?.serverContext?.stapledResponse, !response.isEmpty else {
            return SSL_TLSEXT_ERR_NOACK
        }
        // Sound: memory of the library's own, as long as the response, which it takes over and frees.
        guard let copy = unsafe CRYPTO_malloc(response.count, nil, 0) else { return SSL_TLSEXT_ERR_NOACK }
        unsafe response.withUnsafeBytes {
            unsafe copy.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(copy), byteCount: $0.count)
        }
        unsafe _ = zs_set_status_response(ssl, copy.assumingMemoryBound(to: UInt8.self), response.count)
        return SSL_TLSEXT_ERR_OK
    }

    static let identities: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> CInt = { ssl, _ in
        guard let ssl = unsafe ssl, let session = unsafe SocketBIO.session(of: ssl), let directory = session.directory else {
            return 0
        }
        switch directory.identities(for: session) {
        case .wait: return -1
        case .none:
            session.note("there is no usable certificate for this connection")
            return 0
        case .identities(let list):
            unsafe SSL_certs_clear(ssl)
            for identity in list {
                guard let chain = try? CertificateStack(identity.chain) else { return 0 }
                defer { extendLifetime((chain, identity)) }
                guard unsafe SSL_use_certificate(ssl, identity.certificate.handle) == 1,
                    unsafe zs_set_chain(ssl, chain.handle) == 1,
                    unsafe SSL_use_PrivateKey(ssl, identity.key.handle) == 1
                else { return 0 }
            }
            return 1
        }
    }
}

/// Names that a peer sent, for a log.
enum Printable {
    static func text(_ bytes: [UInt8]) -> String {
        "\""
            + String(
                decoding: bytes.prefix(255).map { $0 > 32 && $0 < 127 && $0 != 34 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
            + "\""
    }
}
