/// What `-t` and `zendan tls` say about a certificate before anybody connects.
public struct CertificateInspection: Sendable {
    /// One thing that is not as it should be.
    public enum Finding: Sendable, Equatable, CustomStringConvertible {
        /// The key is another certificate's: no handshake succeeds.
        case keyMismatch
        /// Expired so many whole days ago (0: today).
        case expired(daysAgo: Int)
        case notYetValid
        /// Expires within so many days.
        case expiresSoon(days: Int)
        /// The certificate after the first did not sign it: the chain is out of order, or not this certificate's.
        case chainOutOfOrder(position: Int)
        /// A certificate that browsers do not have issued it, and it is not in the file.
        case chainIncomplete(issuer: String)
        /// The root stands in the chain: every handshake carries it for nothing.
        case rootInChain
        /// It is for no such name.
        case nameNotCovered(String)
        /// RSA below 2048 bits, or a curve below 224.
        case weakKey(String)

        /// Whether a site with it is dark: `-t` exits 1.
        public var isFatal: Bool { self == .keyMismatch }

        public var description: String {
            switch self {
            case .keyMismatch: "the key does not belong to the certificate (key values mismatch)"
            case .expired(let days):
                days == 0 ? "the certificate has expired today" : "the certificate has expired \(days) days ago"
            case .notYetValid: "the certificate is not valid yet"
            case .expiresSoon(let days): "the certificate expires in \(days) days"
            case .chainOutOfOrder(let position): "certificate \(position) of the file did not issue the one before it"
            case .chainIncomplete(let issuer): "the issuer \"\(issuer)\" is not in the file: clients that do not know it refuse"
            case .rootInChain: "the file ends with the root, which clients have: every handshake carries it for nothing"
            case .nameNotCovered(let name): "the certificate is not for \"\(name)\""
            case .weakKey(let key): "the key is weak (\(key))"
            }
        }
    }

    /// The names it is for.
    public let names: [String]
    public let subject: String
    public let issuer: String
    /// `RSA 2048`.
    public let key: String
    /// Seconds since 1970.
    public let validUntil: Int?
    /// Subjects of the chain behind the certificate, in the file's order.
    public let chain: [String]
    public let findings: [Finding]

    /// Looks at the certificates of a file, with the key where it could be read, the names of the server that shows them,
    /// and the time in seconds since 1970.
    public init(_ certificates: [Certificate], key: PrivateKey?, serverNames: [String] = [], now: Int) {
        guard let first = certificates.first else {
            (names, subject, issuer, self.key, validUntil, chain, findings) = ([], "", "", "", nil, [], [])
            return
        }
        names = first.names
        subject = first.subject()
        issuer = first.issuer()
        self.key = first.keyDescription
        validUntil = first.validUntil
        chain = certificates.dropFirst().map { $0.subject() }
        var findings: [Finding] = []
        if let key, !key.matches(first) { findings.append(.keyMismatch) }
        findings += Self.times(first, now)
        findings += Self.order(certificates)
        for name in serverNames where Self.isPlain(name) && !first.covers(name) { findings.append(.nameNotCovered(name)) }
        if let weak = Self.weakness(self.key) { findings.append(.weakKey(weak)) }
        self.findings = findings
    }

    private static func times(_ certificate: Certificate, _ now: Int) -> [Finding] {
        if let from = certificate.validFrom, from > now { return [.notYetValid] }
        guard let until = certificate.validUntil else { return [] }
        if until < now { return [.expired(daysAgo: (now - until) / 86_400)] }
        let days = (until - now) / 86_400
        return days < 14 ? [.expiresSoon(days: days)] : []
    }

    private static func order(_ certificates: [Certificate]) -> [Finding] {
        for position in 1..<max(certificates.count, 1)
        where !certificates[position - 1].isSigned(by: certificates[position]) {
            return [.chainOutOfOrder(position: position + 1)]
        }
        guard let last = certificates.last else { return [] }
        if last.isSelfIssued { return certificates.count > 1 ? [.rootInChain] : [] }
        // An intermediate at the end is usual: its issuer is a root, which clients have. A lone leaf is not.
        return certificates.count == 1 ? [.chainIncomplete(issuer: last.issuer())] : []
    }

    /// A name that a certificate could be for as it stands.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("~") && !name.hasPrefix(".") && !name.contains("*") && name.contains(".")
            && name != "_"
    }

    private static func weakness(_ key: String) -> String? {
        let parts = key.split(separator: " ")
        guard parts.count == 2, let bits = Int(parts[1]) else { return nil }
        let least = parts[0] == "RSA" || parts[0] == "RSA-PSS" || parts[0] == "DSA" ? 2048 : parts[0] == "EC" ? 224 : 0
        return bits < least ? key : nil
    }
}
