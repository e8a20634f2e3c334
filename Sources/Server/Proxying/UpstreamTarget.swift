import Bytes
import HTTP
import Platform
import Upstreams

/// Which group of servers a request goes to.
enum UpstreamTarget {
    /// Errors: 502 for a name that only a resolver could turn into an address, 500 for a value that is no URL.
    static func group(_ plan: ProxyPlan, _ context: RequestContext) throws(RequestFailure) -> UpstreamGroup {
        switch plan.options.target {
        case .group(let group): return group
        case .template:
            guard let target = context.upstreamState().dynamicTarget else {
                throw RequestFailure(500, "proxy_pass: its variables gave no URL")
            }
            return try dynamicGroup(target, plan, context)
        }
    }

    /// `target` is what stands between the scheme and the URI.
    private static func dynamicGroup(
        _ target: String, _ plan: ProxyPlan, _ context: RequestContext
    ) throws(RequestFailure) -> UpstreamGroup {
        if let group = plan.options.groups[target] { return group }
        guard let address = dynamicAddress(target) else {
            throw RequestFailure(502, "proxy_pass: no resolver defined to resolve the name that its variables gave")
        }
        return context.serving.named.group("dynamic \(target)") {
            UpstreamGroup(name: target, peers: [PeerDefinition(address, name: target)])
        }
    }

    private static func dynamicAddress(_ target: String) -> SocketAddress? {
        guard let parsed = try? UpstreamAddress.parse(target) else { return nil }
        return parsed.socketAddress(defaultPort: 80)
    }
}
