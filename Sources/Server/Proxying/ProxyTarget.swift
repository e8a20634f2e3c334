import Bytes
import HTTP
import Platform
import Upstreams

/// Where a request is proxied to: the parts of proxy_pass, without or after evaluation of its variables.
public final class ProxyTarget: Sendable {
    public let group: UpstreamGroup
    public let keepAlive: KeepAlivePolicy
    /// `$proxy_host`: what Host says unless it is set. With its port, when that is not the scheme's.
    public let host: [UInt8]
    /// `$proxy_port`.
    public let port: [UInt8]
    /// The URI part; nil: the request's own target is sent.
    public let uri: [UInt8]?
    /// The URI came out of variables: it is sent as it is and replaces the request's target and query as a whole.
    public let isComputed: Bool
    /// `https://`: the upstream is asked with TLS.
    public let isEncrypted: Bool

    public init(
        group: UpstreamGroup, keepAlive: KeepAlivePolicy, host: [UInt8], port: [UInt8], uri: [UInt8]?, isComputed: Bool,
        isEncrypted: Bool = false
    ) {
        self.isEncrypted = isEncrypted
        self.group = group
        self.keepAlive = keepAlive
        self.host = host
        self.port = port
        self.uri = uri
        self.isComputed = isComputed
    }
}

/// The upstream groups of a site by name: every `upstream`, and every host that some proxy_pass names. Filled while the site is
/// built; asked at run time only for a proxy_pass with variables.
public final class UpstreamDirectory: Sendable {
    public struct Member: Sendable {
        public let group: UpstreamGroup
        public let keepAlive: KeepAlivePolicy
        /// nil for an `upstream`, which has no port.
        public let port: UInt16?

        public init(group: UpstreamGroup, keepAlive: KeepAlivePolicy, port: UInt16?) {
            self.group = group
            self.keepAlive = keepAlive
            self.port = port
        }
    }

    private let members = Lock<[[UInt8]: [Member]]>([:])

    public init() {}

    /// Adds a group under a name in lower case.
    public func add(_ name: String, _ member: Member) {
        members.withLock { $0[Array(name.utf8), default: []].append(member) }
    }

    /// The group for a host in lower case: an `upstream` when no port was written, or a host with just this port.
    public func find(_ host: [UInt8], port: UInt16?, defaultPort: UInt16) -> Member? {
        members.withLock { members in
            members[host]?.first { $0.port == nil ? port == nil : $0.port == port ?? defaultPort }
        }
    }
}

extension ProxyPlan {
    /// Settles where the request goes when proxy_pass has variables, and keeps it in `context.upstream`; does nothing else
    /// otherwise. To be called once, before `target`.
    ///
    /// Errors: 500 for what is no URL, 502 for a name that is no `upstream` and would have to be resolved.
    public func resolve(_ context: RequestContext) throws(RequestFailure) {
        guard case .template(let template) = options.target else { return }
        var text = context.takeScratch()
        template.append(to: &text, context)
        let result = evaluate(text.span)
        context.giveScratch(&text)
        switch result {
        case .success(let target): context.upstreamState().target = target
        case .failure(let failure): throw failure
        }
    }

    /// Where the request goes; settled now when nobody has done so.
    ///
    /// Errors: as `resolve`.
    public func settledTarget(_ context: RequestContext) throws(RequestFailure) -> ProxyTarget {
        if let target = target(context) { return target }
        try resolve(context)
        guard let target = target(context) else { throw ProxyPlan.noURL }
        return target
    }

    private static let noURL = RequestFailure(500, "what the variables of proxy_pass make is no http:// or https:// URL")
    private static let noResolver = RequestFailure(
        502, "the variables of proxy_pass make a host name that needs a resolver: only addresses and upstreams are known")

    private func evaluate(_ url: Span<UInt8>) -> Result<ProxyTarget, RequestFailure> {
        let isEncrypted = url.count > 8 && url.extracting(0..<8).equalsIgnoringCase("https://")
        // Without settings of TLS the scheme was written out: http.
        if isEncrypted, options.security == nil { return .failure(ProxyPlan.noURL) }
        guard isEncrypted || url.count > 7 && url.extracting(0..<7).equalsIgnoringCase("http://") else {
            return .failure(ProxyPlan.noURL)
        }
        let rest = url.extracting((isEncrypted ? 8 : 7)..<url.count)
        if rest.count > 5, rest.extracting(0..<5).equalsIgnoringCase("unix:") { return unix(rest, isEncrypted) }
        var end = 0
        while end < rest.count, rest[end] != UInt8(ascii: "/"), rest[end] != UInt8(ascii: "?") { end += 1 }
        var host: [UInt8] = []
        var port: Int?
        guard Authority.parse(rest.extracting(0..<end), host: &host, port: &port), port != 0 else {
            return .failure(ProxyPlan.noURL)
        }
        let uri = end < rest.count ? rest.extracting(end..<rest.count).array : nil
        return internet(host, port.map { UInt16($0) }, uri, isEncrypted)
    }

    private func internet(
        _ host: [UInt8], _ port: UInt16?, _ uri: [UInt8]?, _ isEncrypted: Bool
    ) -> Result<ProxyTarget, RequestFailure> {
        let defaultPort: UInt16 = isEncrypted ? 443 : 80
        var shown = host
        if let port, port != defaultPort {
            shown.append(UInt8(ascii: ":"))
            shown.append(decimal: Int(port))
        }
        var portText: [UInt8] = []
        portText.append(decimal: Int(port ?? defaultPort))
        if let member = options.directory?.find(host, port: port, defaultPort: defaultPort) {
            return .success(
                ProxyTarget(
                    group: member.group, keepAlive: member.keepAlive, host: shown, port: portText, uri: uri, isComputed: true,
                    isEncrypted: isEncrypted))
        }
        let text = host.first == UInt8(ascii: "[") ? host.dropFirst().dropLast() : host[...]
        let name = String(decoding: text, as: UTF8.self)
        guard let address = SocketAddress.parse(ip: name, port: port ?? defaultPort) else {
            return .failure(ProxyPlan.noResolver)
        }
        return .success(single(address, shown, portText, uri, isEncrypted))
    }

    private func unix(_ text: Span<UInt8>, _ isEncrypted: Bool) -> Result<ProxyTarget, RequestFailure> {
        let end = text.firstIndex(of: UInt8(ascii: ":"), from: 5) ?? text.count
        let path = text.extracting(5..<end)
        guard path.count > 0, path.count <= SocketAddress.maximumPathLength, path.firstIndex(of: 0) == nil else {
            return .failure(ProxyPlan.noURL)
        }
        let uri = end + 1 < text.count ? text.extracting((end + 1)..<text.count).array : nil
        return .success(single(.unix(path: path.string), Array("localhost".utf8), [], uri, isEncrypted))
    }

    /// An address that no `upstream` names: a group of its own for this request, without kept connections (as in nginx).
    private func single(
        _ address: SocketAddress, _ host: [UInt8], _ port: [UInt8], _ uri: [UInt8]?, _ isEncrypted: Bool
    ) -> ProxyTarget {
        var name = String(decoding: host, as: UTF8.self)
        if case .unix = address { name = address.description }
        let group = UpstreamGroup(name: name, peers: [PeerDefinition(address)])
        return ProxyTarget(
            group: group, keepAlive: KeepAlivePolicy(capacity: 0), host: host, port: port, uri: uri, isComputed: true,
            isEncrypted: isEncrypted)
    }
}
