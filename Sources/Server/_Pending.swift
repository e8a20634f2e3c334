import EventLoops
import HTTP

package final class CacheZone: Sendable { init() {} }
package final class Entry: Sendable { init() {} }
final class CachedExchange {
    init(_ plan: ProxyPlan, _ context: RequestContext, _ exchange: Exchange) {}
    func run() async -> Outcome { .failed(500) }
}
enum RequestRewriting {
    static func appendHead(_ context: RequestContext, _ plan: ProxyPlan, _ validators: CacheValidators?, to output: inout [UInt8]) -> (method: Method, asksForUpgrade: Bool, isChunked: Bool, sendsBody: Bool) { (.get, false, false, false) }
}
package enum CacheReason: Sendable { case hit }
package struct CacheKey: Sendable {}
package struct CacheSettings: Sendable {}
package struct IgnoredFields: Sendable, OptionSet {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
}
