final class CachedExchange {
    init(_ plan: ProxyPlan, _ context: RequestContext, _ exchange: Exchange) {}
    func run() async -> Outcome { .failed(500) }
}
