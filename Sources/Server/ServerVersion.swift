import TLS

/// The version of this server.
public enum ServerVersion {
    public static let number: StaticString = "0.1.0"
    /// The library behind TLS, as `OpenSSL 3.0.22 25 Aug 2026`.
    public static var library: String { TLSLibrary.version }
}
