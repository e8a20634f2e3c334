import COpenSSL

/// Versions of the protocol, as `ssl_protocols` names them.
public struct TLSProtocols: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let tls10 = TLSProtocols(rawValue: 1)
    public static let tls11 = TLSProtocols(rawValue: 2)
    public static let tls12 = TLSProtocols(rawValue: 4)
    public static let tls13 = TLSProtocols(rawValue: 8)

    /// TLS 1.2 and 1.3.
    public static let standard: TLSProtocols = [.tls12, .tls13]

    /// What a configuration calls it; SSLv2 and SSLv3 are names without an effect, since the library has them not.
    public init?(name: String) {
        switch name {
        case "SSLv2", "SSLv3": self = []
        case "TLSv1": self = .tls10
        case "TLSv1.1": self = .tls11
        case "TLSv1.2": self = .tls12
        case "TLSv1.3": self = .tls13
        default: return nil
        }
    }

    /// The options that forbid the versions that are not in the set.
    var prohibitions: UInt64 {
        var options = zs_op_no_sslv3
        if !contains(.tls10) { options |= zs_op_no_tls1 }
        if !contains(.tls11) { options |= zs_op_no_tls1_1 }
        if !contains(.tls12) { options |= zs_op_no_tls1_2 }
        if !contains(.tls13) { options |= zs_op_no_tls1_3 }
        return options
    }
}

/// Mozilla's intermediate profile (version 5.7 of its guidelines): zendan's defaults.
public enum MozillaIntermediate {
    public static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
        + "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"
    public static let curves = "X25519:prime256v1:secp384r1"
}
