import Bytes

/// Media types by file name extension (`types`), found without regard to case and without making a key.
public struct MediaTypes: Sendable {
    private struct Entry: Sendable {
        let suffix: [UInt8]
        let type: FrozenBytes
    }

    private var entries: [Entry] = []
    /// Positions in `entries` by hash, -1 where there is none; a power of two, at most half full.
    private var table: [Int32]

    /// Types by extension, without its dot.
    public init(_ types: [String: String]) {
        var size = 8
        while size < types.count * 2 { size *= 2 }
        table = [Int32](repeating: -1, count: size)
        var shared: [String: FrozenBytes] = [:]
        for (name, type) in types.sorted(by: { $0.key < $1.key }) {
            let frozen = shared[type] ?? FrozenBytes(type)
            shared[type] = frozen
            insert(Array(name.utf8.map(ASCII.lowercased)), frozen)
        }
    }

    /// nginx's three, where no `types` is given.
    public static let standard = MediaTypes(["html": "text/html", "gif": "image/gif", "jpg": "image/jpeg"])

    private mutating func insert(_ suffix: [UInt8], _ type: FrozenBytes) {
        var place = MediaTypes.hash(suffix.span) & (table.count - 1)
        while table[place] >= 0 {
            if entries[Int(table[place])].suffix == suffix { return }
            place = (place + 1) & (table.count - 1)
        }
        table[place] = Int32(entries.count)
        entries.append(Entry(suffix: suffix, type: type))
    }

    private static func hash(_ suffix: Span<UInt8>) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in 0..<suffix.count { hash = (hash ^ UInt64(ASCII.lowercased(suffix[index]))) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: (hash ^ (hash >> 32)) & 0xffff_ffff)
    }

    /// The type for an extension in any case.
    public func type(forExtension suffix: Span<UInt8>) -> FrozenBytes? {
        var place = MediaTypes.hash(suffix) & (table.count - 1)
        while table[place] >= 0 {
            let index = Int(table[place])
            let entry = entries[index]
            if entry.suffix.span.equalsIgnoringCase(suffix) { return entry.type }
            place = (place + 1) & (table.count - 1)
        }
        return nil
    }

    public func type(forExtension suffix: [UInt8]) -> FrozenBytes? { type(forExtension: suffix.span) }

    /// The type for what stands behind the last dot of the last segment; a name that begins with its only dot has none.
    public func type(forPath path: Span<UInt8>) -> FrozenBytes? {
        var index = path.count - 1
        while index > 1 {
            if path[index] == UInt8(ascii: "/") { return nil }
            if path[index] == UInt8(ascii: "."), path[index - 1] != UInt8(ascii: "/") {
                if index + 1 == path.count { return nil }
                return type(forExtension: path.extracting((index + 1)..<path.count))
            }
            index -= 1
        }
        return nil
    }
}
