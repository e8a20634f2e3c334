import Bytes
import HTTP
import Patterns

/// The locations of one server, or those nested in one location: exact, by longest prefix, by regex, as nginx looks for them.
public final class LocationIndex: Sendable {
    final class PrefixLocation: Sendable {
        let prefix: [UInt8]
        let plan: LocationPlan
        /// `^~`: regexes are not tried after this one.
        let stopsRegexes: Bool
        /// nil: no location stands in it.
        let nested: LocationIndex?

        init(prefix: [UInt8], plan: LocationPlan, stopsRegexes: Bool, nested: LocationTree) {
            self.prefix = prefix
            self.plan = plan
            self.stopsRegexes = stopsRegexes
            self.nested = nested.isEmpty ? nil : nested.index()
        }
    }

    final class RegexLocation: Sendable {
        let pattern: NamePattern
        let plan: LocationPlan
        let nested: LocationIndex?

        init(pattern: NamePattern, plan: LocationPlan, nested: LocationTree) {
            self.pattern = pattern
            self.plan = plan
            self.nested = nested.isEmpty ? nil : nested.index()
        }
    }

    /// What the search for a prefix looks at: plain data, so that passing over a location costs no reference count.
    private struct PrefixKey: Sendable {
        /// Where the prefix stands in `prefixBytes`.
        let low: Int32
        let high: Int32
        let redirectsToSlash: Bool
    }

    private let exact: [[UInt8]: LocationPlan]
    /// Exact locations that answer their path without its last slash by a redirect.
    private let exactWithSlash: [(path: [UInt8], plan: LocationPlan)]
    /// Sorted by length, longest first.
    private let prefixes: [PrefixLocation]
    /// One for each of `prefixes`, and their bytes one after another.
    private let prefixKeys: [PrefixKey]
    private let prefixBytes: [UInt8]
    private let regexes: [RegexLocation]

    init(
        exact: [[UInt8]: LocationPlan], exactWithSlash: [(path: [UInt8], plan: LocationPlan)], prefixes: [PrefixLocation],
        regexes: [RegexLocation]
    ) {
        self.exact = exact
        self.exactWithSlash = exactWithSlash
        self.prefixes = prefixes
        self.regexes = regexes
        var keys: [PrefixKey] = []
        var bytes: [UInt8] = []
        for location in prefixes {
            let low = Int32(bytes.count)
            bytes += location.prefix
            keys.append(PrefixKey(low: low, high: Int32(bytes.count), redirectsToSlash: location.plan.redirectsToSlash))
        }
        prefixKeys = keys
        prefixBytes = bytes
    }

    /// What a search found.
    public enum Found {
        case plan(LocationPlan)
        /// A proxied location `/name/` for the path `/name`.
        case redirectToSlash(LocationPlan)
        case nothing
    }

    /// Looks for the location of the context's path.
    public func find(_ context: RequestContext) throws(RequestFailure) -> Found {
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
        let path = context.path
        var redirect = exactWithSlash.isEmpty ? nil : exactRedirect(path)
        if let place = longestPrefix(path.span, &redirect) {
            let location = prefixes[place]
            match = .prefix(location.plan)
            triesRegexes = !location.stopsRegexes
            if let nested = location.nested {
                switch try nested.search(context) {
                case .none: break
                case .prefix(let inner): match = .prefix(inner)
                case .settled(let inner): return .settled(inner)
                case .redirectToSlash(let inner): return .redirectToSlash(inner)
                }
            }
        }
        if let redirect { return .redirectToSlash(redirect) }
        if !triesRegexes || regexes.isEmpty { return match }
        for location in regexes {
            guard try context.match(location.pattern, path) else { continue }
            guard let nested = location.nested else { return .settled(location.plan) }
            switch try nested.search(context) {
            case .none: return .settled(location.plan)
            case .prefix(let inner), .settled(let inner): return .settled(inner)
            case .redirectToSlash(let inner): return .redirectToSlash(inner)
            }
        }
        return match
    }

    /// The longest prefix of `path`; nil when there is none, or when a redirect to a path with one more slash comes first.
    private func longestPrefix(_ path: Span<UInt8>, _ redirect: inout LocationPlan?) -> Int? {
        let prefixKeys = prefixKeys
        let prefixBytes = prefixBytes
        let keys = prefixKeys.span
        let bytes = prefixBytes.span
        for place in 0..<keys.count {
            let key = keys[place]
            let length = Int(key.high &- key.low)
            if length <= path.count {
                guard path.hasPrefix(bytes.extracting(Int(key.low)..<Int(key.high))) else { continue }
                if length == path.count { redirect = nil }
                return redirect == nil ? place : nil
            }
            guard key.redirectsToSlash, path.count + 1 == length else { continue }
            if bytes.extracting(Int(key.low)..<Int(key.high)).hasPrefix(path) { redirect = prefixes[place].plan }
        }
        return nil
    }

    private func exactRedirect(_ path: [UInt8]) -> LocationPlan? {
        for location in exactWithSlash where LocationIndex.isSlashMissing(path, location.path) { return location.plan }
        return nil
    }

    /// Whether `prefix`, which ends in a slash, is `path` and that slash.
    private static func isSlashMissing(_ path: [UInt8], _ prefix: [UInt8]) -> Bool {
        path.count + 1 == prefix.count && prefix.span.hasPrefix(path.span)
    }
}
