/// Several bytes at a time, for scanners: a head read eight bytes at a time costs half of one read byte by byte.
extension Span where Element == UInt8 {
    /// The eight bytes from `offset` on, the first in the lowest bits; traps when there are not as many.
    @inlinable
    package func word64(at offset: Int) -> UInt64 {
        // Sound: the load is checked against the bounds; every bit pattern is a UInt64.
        unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The four bytes from `offset` on, the first in the lowest bits; traps when there are not as many.
    @inlinable
    package func word32(at offset: Int) -> UInt32 {
        // Sound: as above.
        unsafe UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}

/// Arithmetic on eight bytes in one register. In the masks returned, the *lowest* set bit is exact: it is the top bit of the
/// first byte that fits. Bits above it may be wrong (a borrow runs upwards), so ask only for the first.
package enum ByteLanes {
    /// `byte` in each of the eight places.
    @inlinable
    package static func broadcast(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

    /// Marks bytes below `limit`, which is at most 128.
    @inlinable
    package static func below(_ limit: UInt8, _ word: UInt64) -> UInt64 {
        (word &- broadcast(limit)) & ~word & 0x8080_8080_8080_8080
    }

    /// Marks bytes equal to `byte`.
    @inlinable
    package static func equal(_ byte: UInt8, _ word: UInt64) -> UInt64 { below(1, word ^ broadcast(byte)) }

    /// The position (0...7) of the first marked byte; 8 when none is.
    @inlinable
    package static func first(_ mask: UInt64) -> Int { mask.trailingZeroBitCount >> 3 }

    /// The word with its upper-case ASCII letters made lower case; exact for every byte.
    @inlinable
    package static func lowercased(_ word: UInt64) -> UInt64 {
        let low = word & 0x7f7f_7f7f_7f7f_7f7f
        let fromA = low &+ broadcast(0x80 - 65)
        let beyondZ = low &+ broadcast(0x7f - 90)
        let upper = (fromA ^ beyondZ) & ~word & 0x8080_8080_8080_8080
        return word | upper >> 2
    }
}
