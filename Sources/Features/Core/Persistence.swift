import Configuration
import Server

/// How connections persist, linger and end.
public enum Persistence: Feature {
    public struct Settings: Sendable {
        var timeout: Int64 = 75_000
        var header: Int?
        var requests = 1000
        var time: Int64 = 3_600_000
        var disabled: [String] = ["msie6"]
        var lingering = CoreOptions.Lingering.on
        var lingeringTime: Int64 = 30_000
        var lingeringTimeout: Int64 = 5_000
        var sendTimeout: Int64 = 60_000
    }
    public static let initial = Settings()
    private static let everywhere: BlockContext = [.http, .server, .location]

    public static let directives: [Directive<Settings>] = [
        .custom(
            "keepalive_timeout", arity: 1...2, in: everywhere, syntax: "*timeout* [*header_timeout*]", default: "75s",
            "How long a connection may rest between requests; the second time is told to the client.", timeout),
        .integer("keepalive_requests", \.requests, in: everywhere, "How many requests a connection may carry."),
        .time("keepalive_time", \.time, in: everywhere, "How long a connection may take requests after its opening."),
        .choices(
            "keepalive_disable", \.disabled, ["none": "none", "msie6": "msie6", "safari": "safari"], in: everywhere,
            "Browsers whose persistent connections are broken."),
        .choice(
            "lingering_close", \.lingering, ["off": .off, "on": .on, "always": .always], in: everywhere,
            "Whether the client's last bytes are read before the connection is closed."),
        .time("lingering_time", \.lingeringTime, in: everywhere, "How long that may take in all."),
        .time("lingering_timeout", \.lingeringTimeout, in: everywhere, "How long is waited for more of it."),
        .time("send_timeout", \.sendTimeout, in: everywhere, "How long a client may take nothing of its answer."),
    ]

    private static func timeout(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        s.timeout = try statement.arguments[0].milliseconds()
        s.header = nil
        if statement.arguments.count > 1 { s.header = Int(try statement.arguments[1].seconds()) }
    }

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        plan.core.keepaliveTimeout = s.timeout
        plan.core.keepaliveHeader = s.header
        plan.core.keepaliveRequests = s.requests
        plan.core.keepaliveTime = s.time
        plan.core.keepaliveDisable = []
        if s.disabled.contains("msie6") { plan.core.keepaliveDisable.insert(.msie6) }
        if s.disabled.contains("safari") { plan.core.keepaliveDisable.insert(.safari) }
        plan.core.lingeringClose = s.lingering
        plan.core.lingeringTime = s.lingeringTime
        plan.core.lingeringTimeout = s.lingeringTimeout
        plan.core.sendTimeout = s.sendTimeout
    }
}
