import Bytes
import Platform
import Synchronization
import TLS
import Upstreams

/// A context of TLS towards upstreams, one for all loops and all locations that state the same.
public final class UpstreamTLSContext: Sendable {
    private static let numbers = Atomic<Int>(0)
    /// nil: one of its files cannot be used, and nothing goes out without it.
    let context: TLSClientContext?
    /// Tells contexts apart in this process: what was agreed on under one is good for no other.
    let number: Int

    public init(_ context: TLSClientContext?) {
        self.context = context
        number = Self.numbers.add(1, ordering: .relaxed).newValue
    }
}

/// TLS towards the upstreams of one location (`proxy_ssl_*`).
public final class UpstreamSecurity: Sendable {
    let context: UpstreamTLSContext
    /// `proxy_ssl_name`; nil: the host of proxy_pass.
    private let name: Template?
    /// The upstream is told the name (SNI).
    let sendsName: Bool
    let reusesSessions: Bool
    /// Where neither the name nor the host has variables.
    private let fixed: UpstreamIdentity?

    /// - Parameter host: the host of proxy_pass, with or without its port; nil: variables make it.
    public init(_ context: UpstreamTLSContext, name: Template?, host: String?, sendsName: Bool, reusesSessions: Bool) {
        self.context = context
        self.name = name
        self.sendsName = sendsName
        self.reusesSessions = reusesSessions
        var text = host.map { Array($0.utf8) }
        if let name { text = name.constant.map { constant in constant.bytes.array } }
        fixed = text.map { UpstreamIdentity($0, context: context.number) }
    }

    /// Whom a request wants to reach.
    func identity(_ request: RequestContext, _ target: ProxyTarget) -> UpstreamIdentity {
        if let fixed { return fixed }
        return UpstreamIdentity(name?.value(request) ?? target.host, context: context.number)
    }
}

/// Whom a connection with TLS is for: only requests that want the same may share it.
final class UpstreamIdentity: Sendable {
    /// The name, without port and brackets.
    let name: String
    /// For `IdleKey.scope`: of the name and of the settings. Never 0, which is plain connections'.
    let scope: Int

    init(_ host: [UInt8], context: Int) {
        let text = host.span
        var end = text.count
        var start = 0
        if text.count > 0, text[0] == UInt8(ascii: "["), let close = text.firstIndex(of: UInt8(ascii: "]")) {
            (start, end) = (1, close)
        } else if let colon = text.firstIndex(of: UInt8(ascii: ":")),
            text.firstIndex(of: UInt8(ascii: ":"), from: colon + 1) == nil
        {
            end = colon
        }
        name = text.extracting(start..<end).string
        var hasher = Hasher()
        hasher.combine(context)
        hasher.combine(name)
        scope = hasher.finalize() | 1
    }
}

/// Sessions that upstreams have offered for further connections, the newest of each peer. One loop's.
final class ResumptionTable {
    private var offers: [IdleKey: TLSResumption] = [:]
    /// Names may be made of variables: what a client chooses must not fill the memory.
    private static let limit = 1024

    func find(_ key: IdleKey) -> TLSResumption? { offers[key] }

    func keep(_ offer: TLSResumption, for key: IdleKey) {
        if offers.count >= Self.limit, offers[key] == nil, let any = offers.keys.first { offers[any] = nil }
        offers[key] = offer
    }

    func forget(_ key: IdleKey) { offers[key] = nil }
}
