import Bytes

/// What a response says about the cache it came through.
public enum CacheVerdict: Int, Sendable, CaseIterable {
    case hit, stale, updating, revalidated, expired, miss, bypass, other

    /// Whether the body came from the cache.
    public var isHit: Bool {
        switch self {
        case .hit, .stale, .updating, .revalidated: true
        case .expired, .miss, .bypass, .other: false
        }
    }

    public var name: String { "\(self)" }

    /// Reads nginx's word, as configurations put `$upstream_cache_status` into `X-Cache-Status`.
    public init(xCacheStatus value: Span<UInt8>) {
        let word = value.extracting(value.trimmedRange())
        if word.equalsIgnoringCase("hit") {
            self = .hit
        } else if word.equalsIgnoringCase("stale") {
            self = .stale
        } else if word.equalsIgnoringCase("updating") {
            self = .updating
        } else if word.equalsIgnoringCase("revalidated") {
            self = .revalidated
        } else if word.equalsIgnoringCase("expired") {
            self = .expired
        } else if word.equalsIgnoringCase("miss") {
            self = .miss
        } else if word.equalsIgnoringCase("bypass") {
            self = .bypass
        } else {
            self = .other
        }
    }

    /// Reads Cache-Status (RFC 9211). The list's last member is the cache nearest to us, and the one that is judged.
    public init(cacheStatus value: Span<UInt8>) {
        var isQuoted = false
        var start = 0
        var result = CacheVerdict.other
        for index in 0...value.count {
            let byte = index < value.count ? value[index] : UInt8(ascii: ",")
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            let isEnd = index == value.count
            guard isEnd || (!isQuoted && (byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";"))) else { continue }
            let part = value.extracting(start..<index)
            result.refine(by: part.extracting(part.trimmedRange()))
            if byte == UInt8(ascii: ","), !isEnd { result = .other }
            start = index + 1
        }
        self = result
    }

    private mutating func refine(by parameter: Span<UInt8>) {
        if parameter.equalsIgnoringCase("hit") {
            self = .hit
        } else if parameter.equalsIgnoringCase("fwd=stale") {
            self = .expired
        } else if parameter.equalsIgnoringCase("fwd=bypass") || parameter.equalsIgnoringCase("fwd=request") {
            self = .bypass
        } else if parameter.hasPrefix("fwd=") {
            self = .miss
        }
    }
}
