/// Several bytes at a time, for scanners: a head read eight bytes at a time costs half of one read byte by byte.
///
/// Public, and the loads inlinable, because a call per word costs more than the word (callgrind: a third of a head).
extension Span where Element == UInt8 {
    /// The eight bytes from `offset` on, the first in the lowest bits; traps when there are not as many.
    @inlinable
    public func word64(at offset: Int) -> UInt64 {
        // Sound: the load is checked against the bounds; every bit pattern is a UInt64.
        unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The four bytes from `offset` on, the first in the lowest bits; traps when there are not as many.
    @inlinable
    public func word32(at offset: Int) -> UInt32 {
        // Sound: as above.
        unsafe UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}

/// Arithmetic on eight bytes in one register. In the masks returned, the *lowest* set bit is exact: it is the top bit of the
/// first byte that fits. Bits above it may be wrong (a borrow runs upwards), so ask only for the first.
public enum ByteLanes {
    /// `byte` in each of the eight places.
    public static func broadcast(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// Marks bytes below `limit`, which is at most 128.
    public static func below(_ limit: UInt8, _ word: UInt64) -> UInt64 {
        (word &- broadcast(limit)) & ~word & 0x8080_8080_8080_8080
    }

    /// Marks bytes equal to `byte`.
    public static func equal(_ byte: UInt8, _ word: UInt64) -> UInt64 { below(1, word ^ broadcast(byte)) }

    /// The position (0...7) of the first marked byte; 8 when none is.
    public static func first(_ mask: UInt64) -> Int { mask.trailingZeroBitCount >> 3 }

    /// Marks bytes that are neither ASCII letters nor digits nor hyphens; exact for every byte.
    public static func outsidePlainName(_ word: UInt64) -> UInt64 {
        let low = word & 0x7f7f_7f7f_7f7f_7f7f
        let folded = low | 0x2020_2020_2020_2020
        let letter = (folded &+ broadcast(0x80 - 97)) & ~(folded &+ broadcast(0x80 - 123))
        let digit = (low &+ broadcast(0x80 - 48)) & ~(low &+ broadcast(0x80 - 58))
        let notHyphen = (low ^ broadcast(45)) &+ broadcast(0x7f)
        return (~(letter | digit) & notHyphen | word) & 0x8080_8080_8080_8080
    }

    /// The word with its upper-case ASCII letters made lower case; exact for every byte.
    public static func lowercased(_ word: UInt64) -> UInt64 {
        let low = word & 0x7f7f_7f7f_7f7f_7f7f
        let fromA = low &+ broadcast(0x80 - 65)
        let beyondZ = low &+ broadcast(0x7f - 90)
        let upper = (fromA ^ beyondZ) & ~word & 0x8080_8080_8080_8080
        return word | upper >> 2
    }
}
