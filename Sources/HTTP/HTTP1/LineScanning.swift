import Bytes

/// Finding lines and their parts in received bytes. Positions returned are never beyond `bytes.count`.
enum LineScanning {
    /// Where a line ends.
    enum Ending {
        /// The content ends at `content`; the next line begins at `next`.
        case found(content: Int, next: Int)
        /// No line end yet; nothing before `searched` has to be looked at again.
        case missing(searched: Int)
        /// A control byte, or a CR without LF, at this position.
        case control(Int)
    }

    /// The first byte below 0x20 at or after `start`; `bytes.count` when there is none.
    @inline(__always)
    static func firstControl(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        let count = bytes.count
        while index &+ 8 <= count {
            let mask = ByteLanes.below(0x20, bytes.word64(at: index))
            if mask != 0 { return index &+ ByteLanes.first(mask) }
            index &+= 8
        }
        while index < count, bytes[index] >= 0x20 { index &+= 1 }
        return index
    }

    /// The first colon or byte below 0x20 at or after `start`; `bytes.count` when there is none.
    @inline(__always)
    static func firstColonOrControl(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        let count = bytes.count
        while index &+ 8 <= count {
            let word = bytes.word64(at: index)
            let mask = ByteLanes.below(0x20, word) | ByteLanes.equal(UInt8(ascii: ":"), word)
            if mask != 0 { return index &+ ByteLanes.first(mask) }
            index &+= 8
        }
        while index < count, bytes[index] >= 0x20, bytes[index] != UInt8(ascii: ":") { index &+= 1 }
        return index
    }

    /// The end of a line in which tabs may stand and, when `lenient`, any control byte but NUL and a CR without its LF.
    @inline(__always)
    static func lineEnd(_ bytes: Span<UInt8>, from start: Int, tabs: Bool = true, lenient: Bool = false) -> Ending {
        var index = start
        while true {
            index = firstControl(bytes, from: index)
            guard index < bytes.count else { return .missing(searched: index) }
            switch bytes[index] {
            case ASCII.lineFeed:
                return .found(content: index, next: index &+ 1)
            case ASCII.carriageReturn:
                // A CR at the very end is looked at again together with what follows it.
                guard index &+ 1 < bytes.count else { return .missing(searched: index) }
                guard bytes[index &+ 1] == ASCII.lineFeed else { return .control(index) }
                return .found(content: index, next: index &+ 2)
            case ASCII.tab where tabs:
                index &+= 1
            case 1... where lenient:
                index &+= 1
            default:
                return .control(index)
            }
        }
    }

    /// Whether a byte may stand in a field name (RFC 9110 §5.6.2, tchar).
    @inline(__always)
    static func isTokenByte(_ byte: UInt8) -> Bool {
        // The 128 ASCII characters as two words of bits.
        if byte < 64 { return 0x03ff_6cfa_0000_0000 as UInt64 &>> UInt64(byte) & 1 != 0 }
        if byte < 128 { return 0x57ff_ffff_c7ff_fffe as UInt64 &>> UInt64(byte &- 64) & 1 != 0 }
        return false
    }

    /// How a field name is spelled.
    enum NameSpelling {
        /// Letters, digits and hyphens: what every server takes.
        case plain
        /// A token with other characters, or an underscore that is not allowed: nginx's "invalid header".
        case odd
        /// Visible, but not a token.
        case notToken
        /// A space, a control byte or DEL stands in it.
        case malformed
    }

    /// Judges the name that stands at `range`.
    static func spelling(_ bytes: Span<UInt8>, _ range: Range<Int>, allowsUnderscores: Bool) -> NameSpelling {
        // Eight bytes at a time, the last eight perhaps twice: a name is nearly always plain.
        guard range.count >= 8 else { return carefulSpelling(bytes, range, allowsUnderscores) }
        let last = range.upperBound &- 8
        var index = range.lowerBound
        var outside = ByteLanes.outsidePlainName(bytes.word64(at: last))
        while index < last {
            outside |= ByteLanes.outsidePlainName(bytes.word64(at: index))
            index &+= 8
        }
        return outside == 0 ? .plain : carefulSpelling(bytes, range, allowsUnderscores)
    }

    private static func carefulSpelling(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ allowsUnderscores: Bool
    ) -> NameSpelling {
        var result = NameSpelling.plain
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            index &+= 1
            if ASCII.isAlphanumeric(byte) || byte == UInt8(ascii: "-") { continue }
            if byte <= 0x20 || byte == 0x7f { return .malformed }
            if byte == UInt8(ascii: "_") {
                if !allowsUnderscores, case .plain = result { result = .odd }
            } else if isTokenByte(byte) {
                if case .plain = result { result = .odd }
            } else {
                result = .notToken
            }
        }
        return result
    }
}
