// sources: Tests/TLSTests/HandshakeProperties.swift
import Bytes
import COpenSSL
import Platform
import TLS

/// A server with a key of its own, made now.
private let context: TLSServerContext? = {
    guard let generator = unsafe EVP_PKEY_CTX_new_from_name(nil, "EC", nil), unsafe EVP_PKEY_keygen_init(generator) == 1,
        unsafe EVP_PKEY_CTX_set_group_name(generator, "prime256v1") == 1
    else { return nil }
    var made: OpaquePointer?
    guard unsafe EVP_PKEY_generate(generator, &made) == 1, let key = unsafe made, let certificate = unsafe X509_new() else {
        return nil
    }
    unsafe _ = X509_set_version(certificate, 2)
    unsafe _ = ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1)
    unsafe _ = X509_gmtime_adj(X509_getm_notBefore(certificate), 0)
    unsafe _ = X509_gmtime_adj(X509_getm_notAfter(certificate), 86_400)
    unsafe _ = X509_set_pubkey(certificate, key)
    defer {
        unsafe X509_free(certificate)
        unsafe EVP_PKEY_free(key)
        unsafe EVP_PKEY_CTX_free(generator)
    }
    guard unsafe X509_sign(certificate, key, EVP_sha256()) > 0 else { return nil }
    let certificatePEM = unsafe pem { unsafe _ = PEM_write_bio_X509($0, certificate) }
    let keyPEM = unsafe pem { unsafe _ = PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
    var settings = TLSServerSettings()
    guard let identity = try? TLSIdentity(certificatePEM: certificatePEM, keyPEM: keyPEM) else { return nil }
    settings.identities = [identity]
    settings.ticketKeys = try? TLSTicketKeys(lifetime: 300)
    settings.sessionCache = .shared(TLSSessionCache(capacity: 65536))
    return try? TLSServerContext(settings)
}()

private func pem(_ write: (OpaquePointer) -> Void) -> [UInt8] {
    guard let bio = unsafe BIO_new(BIO_s_mem()) else { return [] }
    defer { unsafe _ = BIO_free(bio) }
    unsafe write(bio)
    var start: UnsafeMutablePointer<CChar>?
    let count = unsafe zs_bio_memory(bio, &start)
    // Sound: the library keeps `count` bytes at `start` while the BIO lives.
    return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
}

/// The beginning of handshakes: whatever a client sends first.
enum TLSHandshakeFuzz {
    static func check(_ input: [UInt8]) -> String? {
        guard let context else { return "no certificate could be made" }
        return HandshakeProperties.server(input, context)
    }
}
