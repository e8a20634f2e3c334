import Bytes

/// The directives of Cache-Control (RFC 9111 §5.2, RFC 5861) of a request or response, all its lines taken together.
///
/// Where lines contradict each other the stricter counts (RFC 9111 §4.2.1). A number that is none makes a response stale at
/// once: what cannot be read must not make anything live longer.
public struct CacheControl: Sendable, Equatable {
    /// Directives without an argument, and those whose argument narrows them.
    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        public static let noCache = Flags(rawValue: 1)
        public static let noStore = Flags(rawValue: 2)
        public static let noTransform = Flags(rawValue: 4)
        public static let `private` = Flags(rawValue: 8)
        public static let `public` = Flags(rawValue: 16)
        public static let mustRevalidate = Flags(rawValue: 32)
        public static let proxyRevalidate = Flags(rawValue: 64)
        public static let mustUnderstand = Flags(rawValue: 128)
        public static let onlyIfCached = Flags(rawValue: 256)
        public static let immutable = Flags(rawValue: 512)
        /// `no-cache="field"` and `private="field"`: the response as a whole is not meant.
        public static let noCacheFields = Flags(rawValue: 1024)
        public static let privateFields = Flags(rawValue: 2048)
        /// A max-age or s-maxage that is not a number.
        public static let invalidFreshness = Flags(rawValue: 4096)
    }

    public var flags: Flags = []
    /// Seconds, at most `greatestAge`.
    public var maxAge: Int?
    public var sharedMaxAge: Int?
    public var staleWhileRevalidate: Int?
    public var staleIfError: Int?
    public var minFresh: Int?
    /// `greatestAge` when the directive has no argument.
    public var maxStale: Int?

    /// Delta-seconds above this are this (RFC 9111 §1.2.2).
    public static let greatestAge = 2_147_483_648

    public init() {}

    public init(_ value: Span<UInt8>) { add(value) }

    /// Takes in one field line's value.
    public mutating func add(_ value: Span<UInt8>) {
        var members = ListMembers()
        while let member = members.next(value) { addDirective(value.extracting(member)) }
    }

    public func contains(_ flag: Flags) -> Bool { flags.contains(flag) }

    private mutating func addDirective(_ directive: Span<UInt8>) {
        let equals = directive.firstIndex(of: UInt8(ascii: "="))
        let name = directive.extracting(directive.trimmedRange(0..<(equals ?? directive.count)))
        let hasArgument = equals != nil
        let start = equals.map { $0 + 1 } ?? directive.count
        let argument = directive.extracting(CacheControl.unquoted(directive, directive.trimmedRange(start..<directive.count)))
        switch name.count {
        case 6:
            if name.equalsIgnoringCase("public") { flags.insert(.public) }
        case 7:
            if name.equalsIgnoringCase("max-age") { lower(\.maxAge, argument, decidesFreshness: true) }
            if name.equalsIgnoringCase("private") { flags.insert(hasArgument ? .privateFields : .private) }
        case 8:
            if name.equalsIgnoringCase("no-cache") { flags.insert(hasArgument ? .noCacheFields : .noCache) }
            if name.equalsIgnoringCase("no-store") { flags.insert(.noStore) }
            if name.equalsIgnoringCase("s-maxage") { lower(\.sharedMaxAge, argument, decidesFreshness: true) }
        case 9:
            if name.equalsIgnoringCase("immutable") { flags.insert(.immutable) }
            if name.equalsIgnoringCase("min-fresh") { minFresh = CacheControl.seconds(argument) }
            if name.equalsIgnoringCase("max-stale") {
                maxStale = hasArgument ? CacheControl.seconds(argument) : CacheControl.greatestAge
            }
        default:
            addLong(name, argument)
        }
    }

    private mutating func addLong(_ name: Span<UInt8>, _ argument: Span<UInt8>) {
        if name.equalsIgnoringCase("must-revalidate") {
            flags.insert(.mustRevalidate)
        } else if name.equalsIgnoringCase("proxy-revalidate") {
            flags.insert(.proxyRevalidate)
        } else if name.equalsIgnoringCase("stale-while-revalidate") {
            lower(\.staleWhileRevalidate, argument, decidesFreshness: false)
        } else if name.equalsIgnoringCase("stale-if-error") {
            lower(\.staleIfError, argument, decidesFreshness: false)
        } else if name.equalsIgnoringCase("no-transform") {
            flags.insert(.noTransform)
        } else if name.equalsIgnoringCase("must-understand") {
            flags.insert(.mustUnderstand)
        } else if name.equalsIgnoringCase("only-if-cached") {
            flags.insert(.onlyIfCached)
        }
    }

    private mutating func lower(
        _ path: WritableKeyPath<CacheControl, Int?>, _ argument: Span<UInt8>, decidesFreshness: Bool
    ) {
        guard let value = CacheControl.seconds(argument) else {
            if decidesFreshness { flags.insert(.invalidFreshness) }
            self[keyPath: path] = 0
            return
        }
        self[keyPath: path] = min(self[keyPath: path] ?? value, value)
    }

    /// Delta-seconds: digits only; too large is the greatest age.
    public static func seconds(_ text: Span<UInt8>) -> Int? {
        guard text.count > 0 else { return nil }
        var value = 0
        for index in 0..<text.count {
            guard ASCII.isDigit(text[index]) else { return nil }
            value = min(value * 10 + Int(text[index] &- 48), greatestAge)
        }
        return value
    }

    /// The inside of a quoted argument; another is left as it is.
    private static func unquoted(_ text: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        guard range.count >= 2, text[range.lowerBound] == UInt8(ascii: "\""),
            text[range.upperBound - 1] == UInt8(ascii: "\"")
        else { return range }
        return (range.lowerBound + 1)..<(range.upperBound - 1)
    }
}
