import COpenSSL

/// A private key. Its bytes are the library's; they are wiped when the last holder lets go.
@safe
public final class PrivateKey: Sendable {
    // Sound: a reference of our own, given back in deinit; a key that is not changed may be used by several threads.
    nonisolated(unsafe) let handle: OpaquePointer

    private init(owning handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe EVP_PKEY_free(handle) }

    /// Reads the first key of a PEM file. An encrypted one is tried with each of `passphrases` in turn, as nginx does with
    /// the lines of `ssl_password_file`; nobody is ever asked at a terminal.
    public convenience init(pem: [UInt8], passphrases: [[UInt8]] = []) throws(TLSError) {
        // No passphrase: an encrypted key fails.
        var last = TLSError("PEM_read_bio_PrivateKey() failed")
        for passphrase in passphrases.isEmpty ? [[]] : passphrases {
            ErrorQueue.clear()
            let bio = try MemoryBIO(reading: pem)
            defer { extendLifetime(bio) }
            let phrase = PassphraseBox(passphrase)
            // Sound: the callback runs during this call only, while `phrase` lives.
            let read = unsafe withExtendedLifetime(phrase) {
                unsafe PEM_read_bio_PrivateKey(bio.handle, nil, passphraseCallback, Unmanaged.passUnretained(phrase).toOpaque())
            }
            if let read = unsafe read {
                ErrorQueue.clear()
                unsafe self.init(owning: read)
                return
            }
            last = TLSError.library("PEM_read_bio_PrivateKey() failed")
        }
        throw last
    }

    /// Whether it belongs to the certificate's public key.
    public func matches(_ certificate: Certificate) -> Bool {
        defer { ErrorQueue.clear() }
        return unsafe X509_check_private_key(certificate.handle, handle) == 1
    }

    /// What it is: `RSA 2048`, `EC 256`.
    public var description: String { unsafe Self.description(of: handle) }

    static func description(of key: OpaquePointer) -> String {
        guard let name = unsafe EVP_PKEY_get0_type_name(key) else { return "unknown" }
        return "\(unsafe String(cString: name)) \(unsafe EVP_PKEY_get_bits(key))"
    }
}

/// One pass phrase for the time of one call of the library.
private final class PassphraseBox {
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
}

private func passphraseCallback(
    _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: CInt, _: CInt, _ context: UnsafeMutableRawPointer?
) -> CInt {
    guard let buffer = unsafe buffer, let context = unsafe context else { return -1 }
    // Sound: `context` is the box that the caller of the library keeps alive.
    let bytes = unsafe Unmanaged<PassphraseBox>.fromOpaque(context).takeUnretainedValue().bytes
    guard !bytes.isEmpty, bytes.count <= Int(capacity) else { return -1 }
    // Sound: the library gives `capacity` bytes at `buffer`.
    for index in bytes.indices { unsafe buffer[index] = CChar(bitPattern: bytes[index]) }
    return CInt(bytes.count)
}

/// What a server shows of itself: a certificate with those that lead to its root, and the key.
public struct TLSIdentity: Sendable {
    public let certificate: Certificate
    /// The intermediate certificates, in the order of the file.
    public let chain: [Certificate]
    public let key: PrivateKey

    /// Puts the parts together. Throws when the key is another certificate's.
    public init(certificates: [Certificate], key: PrivateKey) throws(TLSError) {
        guard let first = certificates.first else { throw TLSError("there is no certificate") }
        guard key.matches(first) else { throw TLSError("the key does not belong to the certificate (key values mismatch)") }
        certificate = first
        chain = Array(certificates.dropFirst())
        self.key = key
    }

    /// Reads both from PEM: the bytes of `ssl_certificate` (chain included), of `ssl_certificate_key`, and the lines of
    /// `ssl_password_file`.
    public init(certificatePEM: [UInt8], keyPEM: [UInt8], passphrases: [[UInt8]] = []) throws(TLSError) {
        let certificates = try Certificate.all(inPEM: certificatePEM)
        try self.init(certificates: certificates, key: PrivateKey(pem: keyPEM, passphrases: passphrases))
    }
}
