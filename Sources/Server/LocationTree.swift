import Bytes
import HTTP
import Patterns

/// The locations of one server, or those nested in one location: exact, by longest prefix, by regex, as nginx looks for them.
package struct LocationTree: Sendable {
    package struct PrefixLocation: Sendable {
        let prefix: [UInt8]
        let plan: LocationPlan
        /// `^~`: regexes are not tried after this one.
        let stopsRegexes: Bool
        let nested: LocationTree
    }

    package struct RegexLocation: Sendable {
        let pattern: NamePattern
        let plan: LocationPlan
        let nested: LocationTree
    }

    private var exact: [[UInt8]: LocationPlan] = [:]
    /// Exact locations that answer their path without its last slash by a redirect.
    private var exactWithSlash: [(path: [UInt8], plan: LocationPlan)] = []
    /// Sorted by length, longest first.
    private var prefixes: [PrefixLocation] = []
    private var regexes: [RegexLocation] = []

    package init() {}

    package var isEmpty: Bool { exact.isEmpty && prefixes.isEmpty && regexes.isEmpty }

    /// False: there is such a location already.
    package mutating func addExact(_ path: [UInt8], _ plan: LocationPlan) -> Bool {
        if plan.redirectsToSlash { exactWithSlash.append((path, plan)) }
        return exact.updateValue(plan, forKey: path) == nil
    }

    /// False: there is such a location already.
    package mutating func addPrefix(_ prefix: [UInt8], _ plan: LocationPlan, stopsRegexes: Bool, nested: LocationTree) -> Bool {
        if prefixes.contains(where: { $0.prefix == prefix }) { return false }
        let new = PrefixLocation(prefix: prefix, plan: plan, stopsRegexes: stopsRegexes, nested: nested)
        let place = prefixes.firstIndex { $0.prefix.count < prefix.count } ?? prefixes.count
        prefixes.insert(new, at: place)
        return true
    }

    package mutating func addRegex(_ pattern: NamePattern, _ plan: LocationPlan, nested: LocationTree) {
        regexes.append(RegexLocation(pattern: pattern, plan: plan, nested: nested))
    }

    /// What a search found.
    package enum Found {
        case plan(LocationPlan)
        /// A proxied location `/name/` for the path `/name`.
        case redirectToSlash(LocationPlan)
        case nothing
    }

    /// Looks for the location of the context's path.
    package func find(_ context: RequestContext) throws(RequestFailure) -> Found {
        switch try search(context) {
        case .none: .nothing
        case .prefix(let plan), .settled(let plan): .plan(plan)
        case .redirectToSlash(let plan): .redirectToSlash(plan)
        }
    }

    private enum Match {
        case none
        /// A prefix: the regexes around it may still win.
        case prefix(LocationPlan)
        /// An exact or a regex location: nothing else is tried.
        case settled(LocationPlan)
        case redirectToSlash(LocationPlan)
    }

    /// nginx's order: exact; else the longest prefix and, within it, its nested locations; else regexes in their order.
    private func search(_ context: RequestContext) throws(RequestFailure) -> Match {
        if !exact.isEmpty, let plan = exact[context.path] { return .settled(plan) }
        var match = Match.none
        var triesRegexes = true
        var redirect = exactRedirect(context.path)
        let path = context.path
        for location in prefixes {
            let isShorter = location.prefix.count <= path.count
            if isShorter, path.span.hasPrefix(location.prefix.span) {
                if location.prefix.count == context.path.count { redirect = nil }
                if redirect != nil { break }
                match = .prefix(location.plan)
                triesRegexes = !location.stopsRegexes
                if location.nested.isEmpty { break }
                switch try location.nested.search(context) {
                case .none: break
                case .prefix(let inner): match = .prefix(inner)
                case .settled(let inner): return .settled(inner)
                case .redirectToSlash(let inner): return .redirectToSlash(inner)
                }
                break
            }
            if location.plan.redirectsToSlash, LocationTree.isSlashMissing(context.path, location.prefix) {
                redirect = location.plan
            }
        }
        if let redirect { return .redirectToSlash(redirect) }
        if !triesRegexes { return match }
        for location in regexes {
            guard try context.match(location.pattern, context.path) else { continue }
            if location.nested.isEmpty { return .settled(location.plan) }
            switch try location.nested.search(context) {
            case .none: return .settled(location.plan)
            case .prefix(let inner), .settled(let inner): return .settled(inner)
            case .redirectToSlash(let inner): return .redirectToSlash(inner)
            }
        }
        return match
    }

    private func exactRedirect(_ path: [UInt8]) -> LocationPlan? {
        for location in exactWithSlash where LocationTree.isSlashMissing(path, location.path) { return location.plan }
        return nil
    }

    /// Whether `prefix`, which ends in a slash, is `path` and that slash.
    private static func isSlashMissing(_ path: [UInt8], _ prefix: [UInt8]) -> Bool {
        path.count + 1 == prefix.count && prefix.span.hasPrefix(path.span)
    }
}
