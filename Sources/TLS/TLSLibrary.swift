import COpenSSL

/// The library behind this module: OpenSSL 3.
public enum TLSLibrary {
    /// The version that runs, as `OpenSSL 3.0.22 25 Aug 2026`.
    public static var version: String {
        // Sound: the library returns an immortal text that ends with a zero byte.
        guard let text = unsafe OpenSSL_version(OPENSSL_VERSION) else { return "OpenSSL" }
        return unsafe String(cString: text)
    }
}
