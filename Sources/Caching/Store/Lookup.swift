import Bytes

/// Under which digest a response belongs, and how that was found: the key's own, or, when a response that varies by `vary`
/// stands there for other requests, the one of key and variant.
public struct CachePlace: Sendable, Hashable {
    public let digest: Digest
    /// What the response under the key's own digest varies by; empty for the key's own place.
    public let vary: Vary

    public init(digest: Digest, vary: Vary = .none) {
        self.digest = digest
        self.vary = vary
    }

    /// Where a response with `head` goes that was fetched for this place. One that varies otherwise than what was found takes
    /// the key's own place, so that the next lookup goes by it.
    public func digest(for head: StoredHead, key: CacheKey) -> Digest {
        if digest != key.digest, head.vary == vary, key.digest(of: head.variant) == digest { return digest }
        return key.digest
    }
}

/// What a zone has for a request.
public enum Lookup: Sendable {
    /// Fresh.
    case hit(Entry, CachePlace)
    /// Past its lifetime; what may be done with it is for `StaleRules`.
    case stale(Entry, CachePlace, isBeingUpdated: Bool)
    /// Nothing; a response belongs at this place.
    case none(CachePlace)
    /// A file has to be read first: `findOnDisk`.
    case needsDisk
}
