import Bytes

extension FieldName {
    /// Interns a name as it was received, without regard to case: two or three words are compared, nothing is allocated.
    public init(_ spelling: Span<UInt8>) {
        self = KnownFieldNames.shared.find(spelling, at: 0, count: spelling.count)
    }

    /// As above, for a name within a head.
    init(_ bytes: Span<UInt8>, at start: Int, count: Int) {
        self = KnownFieldNames.shared.find(bytes, at: start, count: count)
    }

    /// The bit of this name in a set of names.
    @inlinable
    public var bit: UInt64 { 1 &<< UInt64(rawValue) }
}

/// A few field names as the bits of one word, so that a parser keeps "which have I seen" in a register.
public struct FieldNameSet: Sendable {
    public var bits: UInt64 = 0

    public init() {}

    public init(_ names: [FieldName]) {
        for name in names { bits |= name.bit }
    }

    public func contains(_ name: FieldName) -> Bool { bits & name.bit != 0 }

    public mutating func insert(_ name: FieldName) { bits |= name.bit }
}

/// The known names in a small open table.
private struct KnownFieldNames: Sendable {
    static let shared = KnownFieldNames()

    /// The first eight, the second eight and the last eight bytes, which together hold every byte of a name of up to 24.
    struct Key: Equatable {
        var first: UInt64 = 0
        var middle: UInt64 = 0
        var last: UInt64 = 0

        var lowercased: Key {
            Key(
                first: ByteLanes.lowercased(first), middle: ByteLanes.lowercased(middle), last: ByteLanes.lowercased(last))
        }
    }

    struct Entry {
        /// As it is usually spelled, which is how it nearly always comes.
        var usual = Key()
        var lowercased = Key()
        var count: UInt8 = 0
        var name = FieldName.other
    }

    static let longest = 24
    private var entries: [Entry]

    init() {
        entries = Array(repeating: Entry(), count: 256)
        for raw in FieldName.spellings.indices.dropFirst() {
            var bytes: [UInt8] = []
            bytes.append(literal: FieldName.spellings[raw])
            precondition(bytes.count <= KnownFieldNames.longest && raw < 64)
            let key = KnownFieldNames.key(bytes.span, 0, bytes.count)
            var place = KnownFieldNames.place(bytes.span, 0, bytes.count)
            while entries[place].count != 0 { place = (place + 1) & 255 }
            entries[place] = Entry(
                usual: key, lowercased: key.lowercased, count: UInt8(bytes.count), name: FieldName(rawValue: UInt8(raw)))
        }
    }

    func find(_ bytes: Span<UInt8>, at start: Int, count: Int) -> FieldName {
        guard count > 0, count <= KnownFieldNames.longest else { return .other }
        let key = KnownFieldNames.key(bytes, start, count)
        var place = KnownFieldNames.place(bytes, start, count)
        while entries[place].count != 0 {
            if Int(entries[place].count) == count {
                if entries[place].usual == key || isSpelledOtherwise(place, key) { return entries[place].name }
            }
            place = (place &+ 1) & 255
        }
        return .other
    }

    /// By itself, for the optimiser would do it before each comparison.
    @inline(never)
    private func isSpelledOtherwise(_ place: Int, _ key: Key) -> Bool { entries[place].lowercased == key.lowercased }

    @inline(__always)
    private static func key(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> Key {
        if count >= 8 {
            return Key(
                first: bytes.word64(at: start), middle: count > 16 ? bytes.word64(at: start &+ 8) : 0,
                last: bytes.word64(at: start &+ count &- 8))
        }
        if count >= 4 {
            return Key(first: UInt64(bytes.word32(at: start)) | UInt64(bytes.word32(at: start &+ count &- 4)) << 32)
        }
        return Key(
            first: UInt64(bytes[start]) | UInt64(bytes[start &+ count / 2]) << 8 | UInt64(bytes[start &+ count &- 1]) << 16)
    }

    /// By the length and three letters without their case: no two known names share a place (which only costs a look more, should one be added).
    @inline(__always)
    private static func place(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> Int {
        let first = Int(bytes[start] | 0x20)
        let middle = Int(bytes[start &+ count / 2] | 0x20)
        let last = Int(bytes[start &+ count &- 1] | 0x20)
        return (first &+ middle &+ last &* 75 &+ count &* 11) & 255
    }
}
