import Bytes

/// The key of a request: the text that `proxy_cache_key` made, and its digest, which names the file.
public struct CacheKey: Sendable, Hashable {
    public let bytes: [UInt8]
    public let digest: Digest

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        digest = Digest(bytes.span)
    }

    /// The place of a variant that is not the first one stored under this key.
    public func digest(of variant: Digest) -> Digest {
        var text: [UInt8] = []
        text.reserveCapacity(32)
        for word in [digest.high, digest.low, variant.high, variant.low] {
            for shift in stride(from: 0, to: 64, by: 8) { text.append(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
        }
        return Digest(text.span)
    }
}
