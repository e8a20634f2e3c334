import Bytes

/// The keys of one `map`, each with the number of its value: exact ones without regard to case, host names with wildcards.
/// (Regular expressions are tried after these, by `MapVariable`.)
struct MapTable: Sendable {
    /// A host name with a wildcard at one end; `text` keeps the full stop beside it.
    private struct Wildcard: Sendable {
        let text: [UInt8]
        let value: Int
    }

    private var exact: [[UInt8]: Int] = [:]
    /// `*.example.com` by `.example.com`, longest first.
    private var heads: [Wildcard] = []
    /// `www.example.*` by `www.example.`, longest first.
    private var tails: [Wildcard] = []

    enum Problem: Error { case duplicate, invalidHostName }

    /// Adds a key as it is written. With `isHost`, wildcards have a meaning.
    mutating func add(_ key: String, isHost: Bool, value: Int) throws(Problem) {
        let bytes = key.utf8.map(ASCII.lowercased)
        guard isHost else { return try addExact(bytes, value) }
        let stars = bytes.count { $0 == UInt8(ascii: "*") }
        let isHead = bytes.starts(with: Array("*.".utf8))
        let isTail = bytes.suffix(2) == Array(".*".utf8)[...]
        if stars > 1 || (stars == 1 && !isHead && !isTail) { throw .invalidHostName }
        if isHead {
            if bytes.count < 3 { throw .invalidHostName }
            try MapTable.insert(Wildcard(text: Array(bytes.dropFirst()), value: value), into: &heads)
        } else if isTail {
            if bytes.count < 3 { throw .invalidHostName }
            try MapTable.insert(Wildcard(text: Array(bytes.dropLast()), value: value), into: &tails)
        } else if bytes.first == UInt8(ascii: "."), bytes.count > 1 {
            try addExact(Array(bytes.dropFirst()), value)
            try MapTable.insert(Wildcard(text: bytes, value: value), into: &heads)
        } else {
            try addExact(bytes, value)
        }
    }

    private mutating func addExact(_ key: [UInt8], _ value: Int) throws(Problem) {
        if exact.updateValue(value, forKey: key) != nil { throw .duplicate }
    }

    private static func insert(_ wildcard: Wildcard, into list: inout [Wildcard]) throws(Problem) {
        if list.contains(where: { $0.text == wildcard.text }) { throw .duplicate }
        let place = list.firstIndex { $0.text.count < wildcard.text.count } ?? list.count
        list.insert(wildcard, at: place)
    }

    /// The value for `key`, which is in lower case; nil when none fits.
    func value(for key: [UInt8]) -> Int? {
        if let value = exact[key] { return value }
        if heads.isEmpty, tails.isEmpty { return nil }
        let name = key.span
        for head in heads where name.count > head.text.count {
            if name.extracting((name.count - head.text.count)..<name.count).equals(head.text.span) { return head.value }
        }
        for tail in tails where name.count > tail.text.count && name.hasPrefix(tail.text.span) { return tail.value }
        return nil
    }
}
