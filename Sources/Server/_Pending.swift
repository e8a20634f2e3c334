import EventLoops
import HTTP

package final class CacheZone: Sendable { init() {} }
package final class Entry: Sendable { init() {} }
package final class UpstreamConnection: Endpoint {}
package final class UpstreamExchange {}
package final class Exchange: Parking {}
package enum CacheReason: Sendable { case hit }
package struct CacheKey: Sendable {}
package struct CacheSettings: Sendable {}
package struct IgnoredFields: Sendable, OptionSet {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
}
