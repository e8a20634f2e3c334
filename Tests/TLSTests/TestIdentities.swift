import TLS
import TestSupport

extension TestCertificates {
    func certificates(_ names: String...) throws -> [Certificate] {
        try Certificate.all(inPEM: names.flatMap { bytes($0 + ".crt") })
    }

    func key(_ name: String) throws -> PrivateKey { try PrivateKey(pem: bytes(name + ".key")) }

    /// A certificate with its chain and key.
    func identity(_ name: String, chain: [String] = ["middle"]) throws -> TLSIdentity {
        let chained = try chain.isEmpty ? [] : Certificate.all(inPEM: chain.flatMap { bytes($0 + ".crt") })
        return try TLSIdentity(certificates: certificates(name) + chained, key: key(name))
    }
}
