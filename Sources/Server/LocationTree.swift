import Bytes
import HTTP
import Patterns

/// The locations of one server, or those nested in one location, while they are collected.
public struct LocationTree: Sendable {
    private var exact: [[UInt8]: LocationPlan] = [:]
    /// Exact locations that answer their path without its last slash by a redirect.
    private var exactWithSlash: [(path: [UInt8], plan: LocationPlan)] = []
    /// Sorted by length, longest first.
    private var prefixes: [LocationIndex.PrefixLocation] = []
    private var regexes: [LocationIndex.RegexLocation] = []

    public init() {}

    public var isEmpty: Bool { exact.isEmpty && prefixes.isEmpty && regexes.isEmpty }

    /// False: there is such a location already.
    public mutating func addExact(_ path: [UInt8], _ plan: LocationPlan) -> Bool {
        if plan.redirectsToSlash { exactWithSlash.append((path, plan)) }
        return exact.updateValue(plan, forKey: path) == nil
    }

    /// False: there is such a location already.
    public mutating func addPrefix(_ prefix: [UInt8], _ plan: LocationPlan, stopsRegexes: Bool, nested: LocationTree) -> Bool {
        if prefixes.contains(where: { $0.prefix == prefix }) { return false }
        let new = LocationIndex.PrefixLocation(prefix: prefix, plan: plan, stopsRegexes: stopsRegexes, nested: nested)
        let place = prefixes.firstIndex { $0.prefix.count < prefix.count } ?? prefixes.count
        prefixes.insert(new, at: place)
        return true
    }

    public mutating func addRegex(_ pattern: NamePattern, _ plan: LocationPlan, nested: LocationTree) {
        regexes.append(LocationIndex.RegexLocation(pattern: pattern, plan: plan, nested: nested))
    }

    /// The locations, ready to be searched.
    public func index() -> LocationIndex {
        LocationIndex(exact: exact, exactWithSlash: exactWithSlash, prefixes: prefixes, regexes: regexes)
    }
}
