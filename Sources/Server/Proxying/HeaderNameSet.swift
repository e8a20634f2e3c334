import Bytes
import HTTP

/// A set of field names that the configuration gives: known ones by number, others by their lower-case bytes.
public struct HeaderNameSet: Sendable {
    private var known: UInt64 = 0
    private var others: [[UInt8]] = []

    public init() {}

    public init(_ names: [String]) {
        for name in names { insert(name) }
    }

    public mutating func insert(_ name: String) {
        let bytes = name.utf8.map { ASCII.lowercased($0) }
        let interned = FieldName(bytes.span)
        if interned != .other {
            insert(interned)
        } else if !others.contains(bytes) {
            others.append(bytes)
        }
    }

    public mutating func insert(_ name: FieldName) { known |= name.bit }

    public mutating func remove(_ name: String) {
        let bytes = name.utf8.map { ASCII.lowercased($0) }
        let interned = FieldName(bytes.span)
        if interned == .other {
            others.removeAll { $0 == bytes }
        } else {
            known &= ~interned.bit
        }
    }

    /// Whether a known name is in the set.
    public func contains(_ name: FieldName) -> Bool { name != .other && known & name.bit != 0 }

    /// False: a line with this name is not in the set, however it is spelled. One look, for the most of them.
    public func mayContain(_ name: FieldName) -> Bool { name == .other ? !others.isEmpty : known & name.bit != 0 }

    /// Whether a field line's name is in the set.
    public func contains(_ name: FieldName, spelledAs spelling: Span<UInt8>) -> Bool {
        if name != .other { return known & name.bit != 0 }
        for other in others where other.span.equalsIgnoringCase(spelling) { return true }
        return false
    }
}
