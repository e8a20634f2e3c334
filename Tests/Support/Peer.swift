#if canImport(Testing)  // the static runtime has no Testing; tests are always linked with the shared one
    import Foundation
    import Testing

    /// A program that some tests need and a machine may lack.
    public enum Peer: String, Sendable {
        case nginx, zendan, puma, curl, openssl, python3, strace, prlimit

        public var isAvailable: Bool {
            switch self {
            case .nginx: !Front.only(.nginx).isEmpty
            case .zendan: !Front.only(.zendan).isEmpty
            case .puma: PumaBlog.isAvailable
            case .strace: path != nil && mayTrace
            case .curl, .openssl, .python3, .prlimit: path != nil
            }
        }

        /// Whether a process may be traced that is not one's own child: root may, others as the kernel's module Yama says.
        private var mayTrace: Bool {
            let scope = FileManager.default.contents(atPath: "/proc/sys/kernel/yama/ptrace_scope")
            return geteuid() == 0 || scope.map { String(decoding: $0, as: UTF8.self).hasPrefix("0") } ?? true
        }

        /// Where it is.
        public var path: String? {
            Environment.executable(
                "/usr/bin/" + rawValue, "/usr/sbin/" + rawValue, "/usr/local/bin/" + rawValue, "/bin/" + rawValue)
        }
    }

    extension Trait where Self == ConditionTrait {
        /// Skips the test where one of `peers` is missing, and records the skip (ZENDAN_SKIPS).
        public static func needs(_ peers: Peer..., at location: SourceLocation = #_sourceLocation) -> Self {
            .enabled("needs \(peers.map(\.rawValue).joined(separator: ", "))", sourceLocation: location) {
                let missing = peers.filter { !$0.isAvailable }
                for peer in missing { Skips.record("\(location.fileID):\(location.line) needs \(peer.rawValue)") }
                return missing.isEmpty
            }
        }
    }
#endif
