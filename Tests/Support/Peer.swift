#if canImport(Testing)  // the static runtime has no Testing; tests are always linked with the shared one
    import Testing

    /// A program that some tests need and a machine may lack.
    package enum Peer: String, Sendable {
        case nginx, zendan, puma, curl, openssl, strace, prlimit

        package var isAvailable: Bool {
            switch self {
            case .nginx: !Front.only(.nginx).isEmpty
            case .zendan: !Front.only(.zendan).isEmpty
            case .puma: PumaBlog.isAvailable
            case .curl, .openssl, .strace, .prlimit: path != nil
            }
        }

        /// Where it is.
        package var path: String? {
            Environment.executable(
                "/usr/bin/" + rawValue, "/usr/sbin/" + rawValue, "/usr/local/bin/" + rawValue, "/bin/" + rawValue)
        }
    }

    extension Trait where Self == ConditionTrait {
        /// Skips the test where one of `peers` is missing, and records the skip (ZENDAN_SKIPS).
        package static func needs(_ peers: Peer..., at location: SourceLocation = #_sourceLocation) -> Self {
            .enabled("needs \(peers.map(\.rawValue).joined(separator: ", "))", sourceLocation: location) {
                let missing = peers.filter { !$0.isAvailable }
                for peer in missing { Skips.record("\(location.fileID):\(location.line) needs \(peer.rawValue)") }
                return missing.isEmpty
            }
        }
    }
#endif
