import Bytes
import HTTP

/// The head of a response that may be stored, with all that later decisions need of it. It never changes: a 304 makes a new
/// one.
public final class StoredHead: Sendable {
    /// The whole cache key: what makes a collision of digests harmless.
    public let key: FrozenBytes
    public let status: Int
    /// Fields as they may be stored, without framing, connection fields and Age.
    public let fields: Fields
    public let lifetime: Lifetime
    public let vary: Vary
    /// The secondary key of the request this answers (zero when it does not vary).
    public let variant: Digest
    /// What the origin announced, when it did.
    public let declaredLength: Int?
    /// Where the lifetime comes from.
    public let reason: CacheReason

    public init(
        key: FrozenBytes, status: Int, fields: Fields, lifetime: Lifetime, vary: Vary = .none, variant: Digest = Vary.noVariant,
        declaredLength: Int? = nil, reason: CacheReason = .cacheValid
    ) {
        self.key = key
        self.status = status
        self.fields = fields
        self.lifetime = lifetime
        self.vary = vary
        self.variant = variant
        self.declaredLength = declaredLength
        self.reason = reason
    }

    /// The head after a confirmation.
    public func confirmed(fields: Fields, lifetime: Lifetime, reason: CacheReason) -> StoredHead {
        StoredHead(
            key: key, status: status, fields: fields, lifetime: lifetime, vary: vary, variant: variant,
            declaredLength: declaredLength, reason: reason)
    }

    /// Whether this response answers `request`, as far as Vary goes (RFC 9111 §4.1).
    public func selects(_ request: RequestHead) -> Bool {
        vary.isEmpty || vary.variant(of: request) == variant
    }

    /// As `selects(_:)` with memory to compose in.
    public func selects(_ request: RequestHead, scratch: inout [UInt8]) -> Bool {
        vary.isEmpty || vary.variant(of: request, scratch: &scratch) == variant
    }

    public func hasKey(_ other: Span<UInt8>) -> Bool {
        let key = key
        return key.bytes.equals(other)
    }

    /// The value of the first line with this name.
    public func value(_ name: FieldName) -> [UInt8]? {
        let fields = fields
        guard let index = fields.firstIndex(of: name) else { return nil }
        return fields.value(fields.slots[index]).array
    }

    /// What Content-Length says, where it is kept: in the answer to a HEAD.
    public var statedLength: Int? { value(.contentLength).flatMap { $0.span.decimal() } }

    /// Bytes of memory it takes, near enough to be charged for.
    public var cost: Int {
        160 + key.count + vary.names.count + fields.bytes.count + fields.slots.count * MemoryLayout<FieldSlot>.stride
    }
}
