import Bytes
import Caching
import HTTP
import Server

/// Variables about the upstreams that were asked, and about the cache.
enum UpstreamVariables {
    static let all: [VariableDefinition] = trace + heads + cache

    private static let trace: [VariableDefinition] = [
        each("upstream_addr", "The addresses that were asked.") { attempt, output in
            output.append(contentsOf: attempt.address.utf8)
        },
        each("upstream_status", "The statuses they answered with.") { attempt, output in
            if attempt.status == 0 { output.append(UInt8(ascii: "-")) } else { output.append(decimal: attempt.status) }
        },
        each("upstream_connect_time", "Seconds until the connection was made.") { time($0.connectTime, &$1) },
        each("upstream_header_time", "Seconds until the head was there.") { time($0.headerTime, &$1) },
        each("upstream_response_time", "Seconds until the whole answer was there.") { time($0.responseTime, &$1) },
        each("upstream_response_length", "Bytes of the answers' bodies.") { $1.append(decimal: $0.responseLength) },
        each("upstream_bytes_received", "Bytes received.") { $1.append(decimal: $0.bytesReceived) },
        each("upstream_bytes_sent", "Bytes sent.") { $1.append(decimal: $0.bytesSent) },
    ]

    private static func time(_ value: Int64?, _ output: inout ByteString) {
        if let value { TimeText.append(milliseconds: value, to: &output) } else { output.append(UInt8(ascii: "-")) }
    }

    /// One value for each attempt, with ", " between peers and " : " between internal redirects.
    private static func each(
        _ name: String, _ summary: String, _ append: @escaping @Sendable (UpstreamState.Attempt, inout ByteString) -> Void
    ) -> VariableDefinition {
        VariableDefinition(name, summary) { context, output in
            guard let upstream = context.upstream, upstream.attemptCount > 0 else { return false }
            for index in 0..<upstream.attemptCount {
                if index > 0 { output.append(literal: upstream.groupStarts.contains(index) ? " : " : ", ") }
                append(upstream.attempt(index), &output)
            }
            return true
        }
    }

    private static let heads: [VariableDefinition] = [
        VariableDefinition(family: "upstream_http_", "A field of the upstream's response.") { name in
            let wanted = FieldLookup(variable: name)
            return VariableReader { context, output in
                if let head = context.upstream?.head { return wanted.append(head, to: &output) }
                if let entry = context.cache?.entry { return wanted.append(entry.head.fields, to: &output) }
                return false
            }
        },
        VariableDefinition(family: "upstream_trailer_", "A trailer field of the upstream's response.") { name in
            let wanted = FieldLookup(variable: name)
            return VariableReader { context, output in
                guard let upstream = context.upstream else { return false }
                return wanted.append(upstream.trailers, to: &output)
            }
        },
        VariableDefinition(family: "upstream_cookie_", "One cookie that the upstream sets.") { name in
            let wanted = Array(name.utf8)
            return VariableReader { context, output in
                guard let head = context.upstream?.head else { return false }
                for slot in head.slots where slot.name == .setCookie {
                    let value = head.value(slot)
                    guard let range = Cookies.setValue(wanted.span, in: value), !range.isEmpty else { continue }
                    output.append(value.extracting(range))
                    return true
                }
                return false
            }
        },
        VariableDefinition("proxy_host", "The name and port of proxy_pass.") { context, output in
            guard let proxy = context.plan.proxy else { return false }
            ProxyNames.appendHost(proxy, context, to: &output)
            return true
        },
        VariableDefinition("proxy_port", "The port of proxy_pass.") { context, output in
            guard let proxy = context.plan.proxy else { return false }
            ProxyNames.appendPort(proxy, context, to: &output)
            return true
        },
        VariableDefinition(
            "proxy_internal_key", "Where a request is passed to and what is asked for there: the usual cache key."
        ) {
            context, output in
            guard let proxy = context.plan.proxy else { return false }
            ProxyNames.appendKey(proxy, context, to: &output)
            return true
        },
    ]

    private static let cache: [VariableDefinition] = [
        VariableDefinition(
            "upstream_cache_status", "HIT, MISS, BYPASS, EXPIRED, STALE, UPDATING or REVALIDATED.", dependsOnRequest: false
        ) {
            context, output in
            guard let cache = context.cache, cache.status != .none else { return false }
            output.append(contentsOf: cache.status.rawValue.utf8)
            return true
        },
        VariableDefinition("cache_reason", "Why the cache did what it did (zendan's own).") { context, output in
            guard let reason = context.cache?.reason else { return false }
            output.append(literal: reason.token)
            return true
        },
        VariableDefinition("upstream_cache_key", "The key of the cache.") { context, output in
            guard let key = context.cache?.key else { return false }
            output.append(contentsOf: key.bytes)
            return true
        },
    ]
}

/// The names behind `$proxy_host` and `$proxy_port`: those of the location that answers now, not of one that it was reached by.
enum ProxyNames {
    static func appendHost(_ proxy: ProxyPlan, _ context: RequestContext, to output: inout ByteString) {
        if let target = proxy.target(context) { output.append(contentsOf: target.host) }
    }

    static func appendPort(_ proxy: ProxyPlan, _ context: RequestContext, to output: inout ByteString) {
        if let target = proxy.target(context) { output.append(contentsOf: target.port) }
    }

    /// The URL that the upstream is asked for. A socket's path takes the place of its name, which is "localhost" for all.
    static func appendKey(_ proxy: ProxyPlan, _ context: RequestContext, to output: inout ByteString) {
        guard let target = proxy.target(context) else { return }
        output.append(literal: target.isEncrypted ? "https://" : "http://")
        if target.port.isEmpty {
            output.append(contentsOf: target.group.name.utf8)
            output.append(UInt8(ascii: ":"))
        } else {
            output.append(contentsOf: target.host)
        }
        TargetRewriting.append(context, proxy, target, to: &output)
    }
}
