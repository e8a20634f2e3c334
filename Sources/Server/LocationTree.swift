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
    /// Sorted by length, longest first, then by bytes.
    private var prefixes: [PrefixLocation] = []
    private var regexes: [RegexLocation] = []

    package init() {}

    package var isEmpty: Bool { exact.isEmpty && prefixes.isEmpty && regexes.isEmpty }

    /// False: there is such a location already.
    package mutating func addExact(_ path: [UInt8], _ plan: LocationPlan) -> Bool {
        exact.updateValue(plan, forKey: path) == nil
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
        var search = Search()
        let found = try search.run(self, context)
        if let plan = search.slashRedirect, !search.isExact, !search.isRegex { return .redirectToSlash(plan) }
        return found.map { .plan($0) } ?? .nothing
    }

    private struct Search {
        var isExact = false
        var isRegex = false
        var stops = false
        var slashRedirect: LocationPlan?

        /// nginx's order: exact; else the longest prefix and, within it, its nested locations; else regexes in their order.
        mutating func run(_ tree: LocationTree, _ context: RequestContext) throws(RequestFailure) -> LocationPlan? {
            var best: LocationPlan?
            if !tree.exact.isEmpty, let plan = tree.exact[context.path] {
                isExact = true
                slashRedirect = nil
                return plan
            }
            let path = context.path
            for location in tree.prefixes {
                if path.span.hasPrefix(location.prefix.span) {
                    best = location.plan
                    slashRedirect = nil
                    if location.stopsRegexes { stops = true } else { stops = false }
                    if !location.nested.isEmpty {
                        let inner = try run(location.nested, context)
                        if let inner { best = inner }
                        if isExact || isRegex { return best }
                    }
                    break
                }
                if slashRedirect == nil, location.plan.redirectsToSlash, path.count + 1 == location.prefix.count,
                    location.prefix.span.hasPrefix(path.span)
                {
                    slashRedirect = location.plan
                }
            }
            if stops { return best }
            for location in tree.regexes {
                guard try context.match(location.pattern, context.path) else { continue }
                isRegex = true
                slashRedirect = nil
                var plan = location.plan
                if !location.nested.isEmpty {
                    var inner = Search()
                    if let found = try inner.run(location.nested, context) { plan = found }
                }
                return plan
            }
            return best
        }
    }
}
