import Bytes

/// A checksum of 64 bits over bytes that come in pieces: it finds damage, it is no defence against an attacker, who would
/// need to write into the cache directory.
public struct Checksum: Sendable {
    private var hash: UInt64
    private var pending: UInt64 = 0
    private var pendingCount: UInt64 = 0
    private var total: UInt64 = 0

    /// `seed` keeps records apart that must not be taken for each other.
    public init(seed: UInt64 = 0) { hash = 0x9e37_79b9_7f4a_7c15 ^ seed &* 0xff51_afd7_ed55_8ccd }

    public mutating func add(_ span: Span<UInt8>) {
        total &+= UInt64(span.count)
        var index = 0
        let count = span.count
        while pendingCount != 0, index < count {
            take(span[index])
            index += 1
        }
        while count - index >= 8 {
            mix(span.word64(at: index))
            index += 8
        }
        while index < count {
            take(span[index])
            index += 1
        }
    }

    private mutating func take(_ byte: UInt8) {
        pending |= UInt64(byte) << (8 &* pendingCount)
        pendingCount &+= 1
        if pendingCount == 8 {
            mix(pending)
            pending = 0
            pendingCount = 0
        }
    }

    private mutating func mix(_ word: UInt64) {
        var value = (hash ^ word) &* 0xc2b2_ae3d_27d4_eb4f
        value ^= value >> 29
        hash = (value << 31 | value >> 33) &* 0x9e37_79b1_85eb_ca87
    }

    /// The checksum of everything added.
    public var value: UInt64 {
        var copy = self
        copy.mix(pending)
        copy.mix(total)
        var result = copy.hash
        result ^= result >> 33
        result &*= 0xff51_afd7_ed55_8ccd
        return result ^ result >> 33
    }
}
