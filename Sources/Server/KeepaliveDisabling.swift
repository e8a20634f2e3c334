import Bytes
import HTTP

/// `keepalive_disable`: browsers whose persistent connections are broken.
enum KeepaliveDisabling {
    static func applies(_ disabled: CoreOptions.KeepaliveDisable, _ head: RequestHead) -> Bool {
        // What is usually disabled concerns POST only.
        if disabled == .msie6, head.method != .post { return false }
        guard let slot = head.first(.userAgent) else { return false }
        let agent = head.value(slot)
        if disabled.contains(.msie6), head.method == .post, isOldExplorer(agent) { return true }
        return disabled.contains(.safari) && isSafari(agent)
    }

    private static func isOldExplorer(_ agent: Span<UInt8>) -> Bool {
        let names: [[UInt8]] = [Array("MSIE 4.".utf8), Array("MSIE 5.".utf8), Array("MSIE 6.".utf8)]
        return names.contains { agent.contains($0.span) } && !agent.contains(Array("Opera".utf8).span)
    }

    private static func isSafari(_ agent: Span<UInt8>) -> Bool {
        agent.contains(Array("Safari/".utf8).span) && agent.contains(Array("Mac OS X".utf8).span)
            && !agent.contains(Array("Chrome/".utf8).span)
    }
}

extension RequestContext {
    /// Whether the connection ends with this response, by what is known before its framing is: what was said of the response,
    /// the request's own wish, the location's bounds.
    public var endsConnection: Bool { endsConnection(by: plan) }

    func endsConnection(by plan: LocationPlan) -> Bool {
        if response.closesConnection || !head.keepsAlive || serving.isDraining { return true }
        if plan.core.keepaliveTimeout == 0 || connection.requests >= plan.core.keepaliveRequests { return true }
        if serving.loop.wallNow - connection.startedAt >= plan.core.keepaliveTime { return true }
        return plan.core.keepaliveDisable != [] && KeepaliveDisabling.applies(plan.core.keepaliveDisable, head)
    }
}
