import Bytes
import COpenSSL

/// What is known of a connection once its handshake is done: the `$ssl_*` variables.
extension TLSSession {
    /// `$ssl_protocol`: `TLSv1.3`.
    public var protocolName: String { unsafe Self.text(SSL_get_version(ssl)) }

    /// `$ssl_cipher`: `TLS_AES_256_GCM_SHA384`.
    public var cipherName: String {
        guard let cipher = unsafe SSL_get_current_cipher(ssl) else { return "" }
        return unsafe Self.text(SSL_CIPHER_get_name(cipher))
    }

    /// `$ssl_ciphers`: what the client offers, with colons; numbers in hexadecimal where the library knows no name.
    public var clientCiphers: String {
        var start: UnsafePointer<UInt8>?
        // Sound: the library keeps the list while the connection lives.
        let count = unsafe zs_raw_ciphers(ssl, &start)
        guard count > 1, count <= 65_536, let start = unsafe start else { return "" }
        let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
        var names: [String] = []
        for index in stride(from: 0, to: bytes.count - 1, by: 2) {
            let pair = [bytes[index], bytes[index + 1]]
            // Sound: the library reads the two bytes of a cipher's number.
            if let cipher = unsafe SSL_CIPHER_find(ssl, pair) {
                unsafe names.append(Self.text(SSL_CIPHER_get_name(cipher)))
            } else {
                names.append("0x" + Hexadecimal.lower(pair))
            }
        }
        return names.joined(separator: ":")
    }

    /// `$ssl_curve`: the curve of the key exchange, as `X25519` or `prime256v1`.
    public var curve: String {
        let group = unsafe zs_negotiated_group(ssl)
        return group == 0 ? "" : Self.name(ofGroup: group)
    }

    /// `$ssl_curves`: what the client supports, with colons.
    public var clientCurves: String {
        let count = unsafe zs_peer_groups(ssl, nil)
        guard count > 0, count < 1024 else { return "" }
        var groups = [CInt](repeating: 0, count: Int(count))
        // Sound: the array has the size that the library told for the same connection.
        unsafe _ = zs_peer_groups(ssl, &groups)
        return groups.map(Self.name(ofGroup:)).joined(separator: ":")
    }

    private static func name(ofGroup group: CInt) -> String {
        // The library marks numbers that it has no name for with this bit.
        if group & 0x100_0000 != 0 {
            return "0x" + Hexadecimal.lower([UInt8(truncatingIfNeeded: group >> 8), UInt8(truncatingIfNeeded: group)])
        }
        return unsafe text(OBJ_nid2sn(group))
    }

    /// `$ssl_session_id` in lower-case hexadecimal; empty when there is none.
    public var sessionID: String {
        guard let session = unsafe SSL_get_session(ssl) else { return "" }
        var count: UInt32 = 0
        guard let start = unsafe SSL_SESSION_get_id(session, &count), count > 0 else { return "" }
        // Sound: the session holds `count` bytes at `start`.
        return unsafe Hexadecimal.lower(Array(UnsafeBufferPointer(start: start, count: Int(count))))
    }

    /// `$ssl_session_reused` is `r` for true and `.` for false.
    public var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

    /// `$ssl_server_name`: the name that the client asked for, as it sent it.
    public var serverName: String? {
        guard let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else { return nil }
        return unsafe String(cString: name)
    }

    /// `$ssl_alpn_protocol`: `http/1.1`, `h2`; nil when none was agreed on.
    public var applicationProtocol: String? {
        var start: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &start, &count)
        guard count > 0, let start = unsafe start else { return nil }
        // Sound: the library keeps the name while the connection lives.
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
    }

    /// The certificate that the peer has shown.
    public var peerCertificate: Certificate? {
        guard let certificate = unsafe SSL_get1_peer_certificate(ssl) else { return nil }
        return unsafe Certificate(owning: certificate)
    }

    /// What is known of the peer's certificate.
    public enum Verification: Sendable, Equatable {
        /// It has shown none.
        case none
        case success
        /// With the library's number and words: `18`, `self-signed certificate`.
        case failed(code: Int, reason: String)

        /// As `$ssl_client_verify` has it: `NONE`, `SUCCESS`, `FAILED:self-signed certificate`.
        public var description: String {
            switch self {
            case .none: "NONE"
            case .success: "SUCCESS"
            case .failed(_, let reason): "FAILED:\(reason)"
            }
        }

        /// Whether `ssl_verify_client optional_no_ca` lets it pass: nothing is wrong but that nobody vouches for it.
        public var isOnlyUnvouched: Bool {
            guard case .failed(let code, _) = self else { return false }
            return [
                Int(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT), Int(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN),
                Int(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY), Int(X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE),
            ].contains(code)
        }
    }

    /// `$ssl_client_verify`, and what decides on 400, 495 and 496.
    public var verification: Verification {
        let result = unsafe SSL_get_verify_result(ssl)
        if peerCertificate == nil { return .none }
        if result == Int(X509_V_OK) { return .success }
        return .failed(code: result, reason: unsafe Self.text(X509_verify_cert_error_string(result)))
    }

    // MARK: Failures

    /// The reason of what just failed, for the log.
    func describeFailure(_ what: String) -> TLSFailure {
        let entries = ErrorQueue.take()
        if let noted = takeNote() { return TLSFailure(noted) }
        if let error = socketError { return TLSFailure("\(what) (\(error))") }
        let result = unsafe SSL_get_verify_result(ssl)
        if result != Int(X509_V_OK), entries.contains(where: { $0.reason == Int(SSL_R_CERTIFICATE_VERIFY_FAILED) }) {
            let words = unsafe Self.text(X509_verify_cert_error_string(result))
            return TLSFailure("certificate verify error: (\(result):\(words))")
        }
        guard !entries.isEmpty else { return TLSFailure("\(what): the peer closed the connection") }
        let ours = entries.contains { Self.ownFaults.contains($0.reason) || $0.isSystem }
        return TLSFailure("\(what) (SSL: \(entries.map(\.text).joined(separator: " ")))", isPeersDoing: !ours)
    }

    /// Reasons that no peer can provoke.
    private static let ownFaults: Set<Int> = [
        Int(ERR_R_MALLOC_FAILURE), Int(ERR_R_INTERNAL_ERROR), Int(SSL_R_NO_CERTIFICATE_ASSIGNED),
    ]

    static func text(_ text: UnsafePointer<CChar>?) -> String {
        guard let text = unsafe text else { return "" }
        // Sound: the library's texts are immortal and end with a zero byte.
        return unsafe String(cString: text)
    }
}

extension Certificate {
    /// `$ssl_client_cert`: PEM without the line feed at its end, every line but the first behind a tab, as a folded header
    /// field was. (`$ssl_client_raw_cert` is `pem` itself.)
    public var foldedVariable: String {
        let text = pem.last == "\n" ? String(pem.dropLast()) : pem
        return text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n\t")
    }

    /// `$ssl_client_escaped_cert`: PEM as a component of a URI.
    public var escapedVariable: String {
        var bytes: [UInt8] = []
        for byte in pem.utf8 {
            if ASCII.isAlphanumeric(byte) || byte == 45 || byte == 46 || byte == 95 || byte == 126 {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(ASCII.hexDigit(byte >> 4, uppercase: true))
                bytes.append(ASCII.hexDigit(byte, uppercase: true))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `$ssl_client_v_remain`: whole days until it expires, 0 once it has.
    public func remainingDays(now: Int) -> Int? { validUntil.map { max(($0 - now) / 86_400, 0) } }
}
