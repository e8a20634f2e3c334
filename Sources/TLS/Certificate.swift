import Bytes
import COpenSSL
import Platform

/// An X.509 certificate (RFC 5280).
@safe
public final class Certificate: Sendable {
    // Sound: a reference of our own, given back in deinit; nothing here writes to the certificate, and the library guards
    // what it caches inside (X509_up_ref(3): certificates may be shared between threads).
    nonisolated(unsafe) let handle: OpaquePointer

    /// Takes over a reference.
    init(owning handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe X509_free(handle) }

    /// All certificates of a PEM file, in its order; `TRUSTED CERTIFICATE` blocks count. Throws when there is none, or
    /// one cannot be read.
    public static func all(inPEM pem: [UInt8]) throws(TLSError) -> [Certificate] {
        ErrorQueue.clear()
        let bio = try MemoryBIO(reading: pem)
        // Here and below: what is given to the library as a handle must not end while it is used.
        defer { extendLifetime(bio) }
        var found: [Certificate] = []
        while let next = unsafe PEM_read_bio_X509_AUX(bio.handle, nil, nil, nil) {
            unsafe found.append(Certificate(owning: next))
        }
        // The end of the file is told as "no start line": no error once something was found.
        let isEnd = ErrorQueue.newestReason == Int(PEM_R_NO_START_LINE)
        if !found.isEmpty, isEnd {
            ErrorQueue.clear()
            return found
        }
        throw TLSError.library("PEM_read_bio_X509() failed")
    }

    /// The certificate as PEM, ending with a line feed.
    public var pem: String {
        guard let bio = try? MemoryBIO(), unsafe PEM_write_bio_X509(bio.handle, handle) == 1 else { return "" }
        return bio.text
    }

    /// The encoded certificate (DER).
    public var der: [UInt8] {
        var start: UnsafeMutablePointer<UInt8>?
        let count = unsafe i2d_X509(handle, &start)
        guard count > 0, let start = unsafe start else { return [] }
        // Sound: the library allocated `count` bytes, which are ours to free.
        let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
        unsafe CRYPTO_free(start, nil, 0)
        return bytes
    }

    /// How a distinguished name is written.
    public enum NameForm {
        /// RFC 2253, `CN=example.com,O=Example`: nginx's `$ssl_client_s_dn`.
        case rfc2253
        /// `/O=Example/CN=example.com`: nginx's `$ssl_client_s_dn_legacy`.
        case legacy
    }

    /// The subject's distinguished name.
    public func subject(_ form: NameForm = .rfc2253) -> String {
        guard let name = unsafe X509_get_subject_name(handle) else { return "" }
        return unsafe Self.text(of: name, form)
    }

    /// The issuer's distinguished name.
    public func issuer(_ form: NameForm = .rfc2253) -> String {
        guard let name = unsafe X509_get_issuer_name(handle) else { return "" }
        return unsafe Self.text(of: name, form)
    }

    private static func text(of name: OpaquePointer, _ form: NameForm) -> String {
        switch form {
        case .rfc2253:
            guard let bio = try? MemoryBIO(), unsafe X509_NAME_print_ex(bio.handle, name, 0, zs_name_rfc2253()) >= 0 else {
                return ""
            }
            return bio.text
        case .legacy:
            guard let text = unsafe X509_NAME_oneline(name, nil, 0) else { return "" }
            // Sound: a text of our own that ends with a zero byte; it is ours to free.
            let copy = unsafe String(cString: text)
            unsafe CRYPTO_free(text, nil, 0)
            return copy
        }
    }

    /// The serial number in upper-case hexadecimal, as `$ssl_client_serial`.
    public var serial: String {
        guard let number = unsafe X509_get_serialNumber(handle), let bio = try? MemoryBIO() else { return "" }
        guard unsafe i2a_ASN1_INTEGER(bio.handle, number) >= 0 else { return "" }
        return bio.text
    }

    /// A digest of the encoded certificate in lower-case hexadecimal. nginx's `$ssl_client_fingerprint` is SHA-1.
    public func fingerprint(sha256: Bool = false) -> String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        // Sound: the array has the greatest size that a digest has.
        let status = unsafe X509_digest(handle, sha256 ? EVP_sha256() : EVP_sha1(), &digest, &count)
        guard status == 1, Int(count) <= digest.count else { return "" }
        return Hexadecimal.lower(digest[..<Int(count)])
    }

    /// From when it is valid, as `Nov 24 15:00:00 2026 GMT`.
    public var validFromText: String { unsafe Self.text(of: X509_get0_notBefore(handle)) }
    /// Until when it is valid, in the same form.
    public var validUntilText: String { unsafe Self.text(of: X509_get0_notAfter(handle)) }
    /// From when it is valid, in seconds since 1970; nil when the certificate's time cannot be read.
    public var validFrom: Int? { unsafe Self.seconds(of: X509_get0_notBefore(handle)) }
    /// Until when it is valid, in seconds since 1970.
    public var validUntil: Int? { unsafe Self.seconds(of: X509_get0_notAfter(handle)) }

    private static func text(of time: UnsafePointer<ASN1_TIME>?) -> String {
        guard let time = unsafe time, let bio = try? MemoryBIO(), unsafe ASN1_TIME_print(bio.handle, time) == 1 else {
            return ""
        }
        return bio.text
    }

    private static func seconds(of time: UnsafePointer<ASN1_TIME>?) -> Int? {
        guard let time = unsafe time, let epoch = unsafe ASN1_TIME_set(nil, 0) else { return nil }
        defer { unsafe ASN1_TIME_free(epoch) }
        var days: CInt = 0
        var seconds: CInt = 0
        guard unsafe ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return nil }
        return Int(days) * 86_400 + Int(seconds)
    }

    /// The names it is for: the DNS names and addresses of its alternative names; the common name where there are none.
    public var names: [String] {
        let alternatives = alternativeNames
        if !alternatives.isEmpty { return alternatives }
        return commonName.map { [$0] } ?? []
    }

    /// The DNS names and addresses of its alternative names (RFC 5280 §4.2.1.6).
    public var alternativeNames: [String] {
        guard let raw = unsafe X509_get_ext_d2i(handle, NID_subject_alt_name, nil, nil) else { return [] }
        let list = OpaquePointer(raw)
        defer { unsafe GENERAL_NAMES_free(list) }
        var names: [String] = []
        let count = unsafe zs_name_count(list)
        for index in 0..<max(count, 0) {
            guard let name = unsafe zs_name_at(list, index) else { continue }
            var kind: CInt = 0
            guard let value = unsafe GENERAL_NAME_get0_value(name, &kind) else { continue }
            // Sound: for these two kinds the value is an ASN.1 string.
            guard kind == GEN_DNS || kind == GEN_IPADD else { continue }
            let bytes = unsafe Self.bytes(of: value.assumingMemoryBound(to: ASN1_STRING.self))
            if kind == GEN_DNS {
                names.append(String(decoding: bytes, as: UTF8.self))
            } else {
                names.append(Self.address(bytes))
            }
        }
        return names
    }

    /// The subject's common name, the last where there are several.
    public var commonName: String? {
        guard let name = unsafe X509_get_subject_name(handle) else { return nil }
        var last: CInt = -1
        while true {
            let next = unsafe X509_NAME_get_index_by_NID(name, NID_commonName, last)
            if next < 0 { break }
            last = next
        }
        guard last >= 0, let entry = unsafe X509_NAME_get_entry(name, last) else { return nil }
        guard let data = unsafe X509_NAME_ENTRY_get_data(entry) else { return nil }
        return String(decoding: unsafe Self.bytes(of: data), as: UTF8.self)
    }

    private static func bytes(of string: UnsafePointer<ASN1_STRING>) -> [UInt8] {
        let count = Int(unsafe ASN1_STRING_length(string))
        guard count > 0, let start = unsafe ASN1_STRING_get0_data(string) else { return [] }
        // Sound: the string holds `count` bytes while its owner lives, which is beyond this call.
        return unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }

    private static func address(_ bytes: [UInt8]) -> String {
        if bytes.count == 4 { return bytes.map { String($0) }.joined(separator: ".") }
        guard bytes.count == 16 else { return "?" }
        return IPv6Address(bytes: bytes).description
    }

    /// Whether it is for `name`, a host name or an address: the rules of RFC 9525, the common name only where there is
    /// no alternative name.
    public func covers(_ name: String) -> Bool {
        if IPv4Address(name) != nil || IPv6Address(name) != nil { return unsafe X509_check_ip_asc(handle, name, 0) == 1 }
        return unsafe X509_check_host(handle, name, name.utf8.count, 0, nil) == 1
    }

    /// Whether it was issued under its own name, as roots are.
    public var isSelfIssued: Bool { subject() == issuer() }

    /// Whether `other` has signed it.
    public func isSigned(by other: Certificate) -> Bool {
        guard let key = unsafe X509_get0_pubkey(other.handle) else { return false }
        defer { ErrorQueue.clear() }
        return unsafe X509_verify(handle, key) == 1
    }

    /// What its key is: `RSA 2048`, `EC 256`.
    public var keyDescription: String {
        guard let key = unsafe X509_get0_pubkey(handle) else { return "unknown" }
        return unsafe PrivateKey.description(of: key)
    }

    /// The addresses of OCSP responders that it names (authority information access).
    public var ocspResponders: [String] {
        guard let list = unsafe X509_get1_ocsp(handle) else { return [] }
        defer { unsafe X509_email_free(list) }
        var found: [String] = []
        let count = unsafe zs_string_count(list)
        for index in 0..<max(count, 0) {
            // Sound: the list holds texts that end with a zero byte and live as long as it does.
            if let text = unsafe zs_string_at(list, index) { unsafe found.append(String(cString: text)) }
        }
        return found
    }
}

enum Hexadecimal {
    static func lower(_ bytes: some Sequence<UInt8>) -> String {
        var digits: [UInt8] = []
        for byte in bytes {
            digits.append(ASCII.hexDigit(byte >> 4))
            digits.append(ASCII.hexDigit(byte))
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
