import EventLoops
import HTTP

package final class CacheZone: Sendable { init() {} }
package final class Entry: Sendable { init() {} }
final class CachedExchange {
    init(_ plan: ProxyPlan, _ context: RequestContext, _ exchange: Exchange) {}
    func run() async -> Outcome { .failed(500) }
}
package enum CacheReason: Sendable { case hit }
package struct CacheKey: Sendable {}
package struct CacheSettings: Sendable {}
package struct IgnoredFields: Sendable, OptionSet {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }
    package static let setCookie = IgnoredFields(rawValue: 1)
    package static let cacheControl = IgnoredFields(rawValue: 2)
    package static let expires = IgnoredFields(rawValue: 4)
    package static let vary = IgnoredFields(rawValue: 8)
    package static let xAccelExpires = IgnoredFields(rawValue: 16)
    package static let xAccelRedirect = IgnoredFields(rawValue: 32)
    package static let xAccelLimitRate = IgnoredFields(rawValue: 64)
    package static let xAccelBuffering = IgnoredFields(rawValue: 128)
    package static let xAccelCharset = IgnoredFields(rawValue: 256)
}
