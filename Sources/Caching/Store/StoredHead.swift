import Bytes
import HTTP

/// The head of a response that may be stored, with all that later decisions need of it. It never changes: a 304 makes a new
/// one.
public final class StoredHead: Sendable {
    /// The whole cache key: what makes a collision of digests harmless.
    public let key: FrozenBytes
    /// Fields as they may be stored, without framing, connection fields and Age.
    public let fields: Fields
    // As short as this, and here, where `fields` leaves room, it makes place for `phrase` in the same block of memory.
    private let statusCode: UInt16
    public let lifetime: Lifetime
    public let vary: Vary
    /// The secondary key of the request this answers (zero when it does not vary).
    public let variant: Digest
    /// What the origin announced, when it did.
    public let declaredLength: Int?
    /// Where the lifetime comes from.
    public let reason: CacheReason
    /// The reason phrase, where it is not the usual one of the status (`phraseToStore`).
    public let phrase: FrozenBytes?

    /// `status` is 100 to 999.
    public init(
        key: FrozenBytes, status: Int, fields: Fields, lifetime: Lifetime, vary: Vary = .none, variant: Digest = Vary.noVariant,
        declaredLength: Int? = nil, reason: CacheReason = .cacheValid, phrase: FrozenBytes? = nil
    ) {
        self.key = key
        statusCode = UInt16(truncatingIfNeeded: status)
        self.fields = fields
        self.lifetime = lifetime
        self.vary = vary
        self.variant = variant
        self.declaredLength = declaredLength
        self.reason = reason
        self.phrase = phrase
    }

    public var status: Int { Int(statusCode) }

    /// Bytes of the longest reason phrase that is stored.
    public static let longestPhrase = 255

    /// The reason phrase of a response (RFC 9112 §4) as it is stored with it: nil when it is empty or the usual one of
    /// `status`, which costs nothing, and when it is longer than `longestPhrase` or could end the line it is sent in.
    public static func phraseToStore(_ phrase: Span<UInt8>, status: Int) -> FrozenBytes? {
        guard !phrase.isEmpty, phrase.count <= longestPhrase, !phrase.equals(StatusCode.reason(status)),
            FieldSection.isClean(phrase)
        else { return nil }
        return FrozenBytes(copying: phrase)
    }

    /// The head after a confirmation. The phrase of a 304 is its own: the stored one stays.
    public func confirmed(fields: Fields, lifetime: Lifetime, reason: CacheReason) -> StoredHead {
        StoredHead(
            key: key, status: status, fields: fields, lifetime: lifetime, vary: vary, variant: variant,
            declaredLength: declaredLength, reason: reason, phrase: phrase)
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
            + (phrase.map { 48 + $0.count } ?? 0)
    }
}
