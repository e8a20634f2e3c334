/// Who tells a handshake which server it is for, and with which certificate.
///
/// Asked on the loop, in the middle of a handshake; an answer that must be waited for is `wait`, after which
/// `TLSSession.handshake()` is called again once it is there.
public protocol TLSDirectory: AnyObject {
    /// The server for the name that the client sent: lower case, without a dot at its end, free of zero bytes.
    func server(for name: [UInt8]) -> TLSServerChoice
    /// The certificates of a server whose settings say `asksForIdentities`.
    func identities(for session: TLSSession) -> TLSIdentityChoice
}

extension TLSDirectory {
    public func identities(for session: TLSSession) -> TLSIdentityChoice { .none }
}

/// What becomes of a handshake once the name is known.
public enum TLSServerChoice {
    /// No other than the address's default.
    case standard
    case server(TLSServerContext)
    /// Refused with `unrecognized_name`.
    case reject
    case wait
}

/// What a server shows when its certificates are named by variables.
public enum TLSIdentityChoice {
    case identities([TLSIdentity])
    /// There is no usable one: the handshake fails.
    case none
    case wait
}

/// Servers by name as `server_name` has it: exact, wildcard in front (the longest first), wildcard behind, then what `other`
/// finds (regular expressions are not this module's).
public final class TLSServerNames: TLSDirectory, Sendable {
    private let exact: [[UInt8]: TLSServerContext]
    /// `*.example.com` as `.example.com`, longest first.
    private let heads: [(suffix: [UInt8], server: TLSServerContext)]
    /// `www.example.*` as `www.example.`, longest first.
    private let tails: [(prefix: [UInt8], server: TLSServerContext)]
    private let other: (@Sendable ([UInt8]) -> TLSServerContext?)?

    /// `.example.com` stands for the name and for the wildcard, as in nginx.
    public init(
        _ names: [(name: String, server: TLSServerContext)], other: (@Sendable ([UInt8]) -> TLSServerContext?)? = nil
    ) {
        var exact: [[UInt8]: TLSServerContext] = [:]
        var heads: [(suffix: [UInt8], server: TLSServerContext)] = []
        var tails: [(prefix: [UInt8], server: TLSServerContext)] = []
        for (name, server) in names {
            let bytes = Array(name.lowercased().utf8)
            if name.hasPrefix("*.") {
                heads.append((Array(bytes.dropFirst()), server))
            } else if name.hasPrefix(".") {
                heads.append((bytes, server))
                if exact[Array(bytes.dropFirst())] == nil { exact[Array(bytes.dropFirst())] = server }
            } else if name.hasSuffix(".*") {
                tails.append((Array(bytes.dropLast()), server))
            } else if exact[bytes] == nil {
                exact[bytes] = server
            }
        }
        self.exact = exact
        self.heads = heads.sorted { $0.suffix.count > $1.suffix.count }
        self.tails = tails.sorted { $0.prefix.count > $1.prefix.count }
        self.other = other
    }

    public func server(for name: [UInt8]) -> TLSServerChoice {
        if let server = exact[name] { return .server(server) }
        for head in heads where name.count > head.suffix.count && name.hasSuffix(head.suffix) { return .server(head.server) }
        for tail in tails where name.count > tail.prefix.count && name.starts(with: tail.prefix) { return .server(tail.server) }
        if let server = other?(name) { return .server(server) }
        return .standard
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ suffix: [UInt8]) -> Bool {
        count >= suffix.count && self[(count - suffix.count)...].elementsEqual(suffix)
    }
}
