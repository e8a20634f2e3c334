/// SipHash-2-4 with 128 bits of output: the name of a cache file, made of its key.
///
/// The key of the hash is fixed, because a file must be found again after a restart. Two keys that collide cost each
/// other their place and nothing more: the whole cache key stands in the file and is compared.
public struct Digest: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(_ bytes: Span<UInt8>) {
        var state = SipState()
        let whole = bytes.count & ~7
        var offset = 0
        while offset < whole {
            state.absorb(Digest.word(bytes, at: offset, count: 8))
            offset += 8
        }
        let last = Digest.word(bytes, at: whole, count: bytes.count - whole) | UInt64(truncatingIfNeeded: bytes.count) << 56
        state.absorb(last)
        (low, high) = state.finish()
    }

    private static func word(_ bytes: Span<UInt8>, at offset: Int, count: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<count { word |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        return word
    }

    /// Appends the 32 lower-case hexadecimal digits.
    public func appendHex(to output: inout [UInt8]) {
        var digits = InlineArray<32, UInt8>(repeating: 0)
        var shift: UInt64 = 64
        for index in 0..<16 {
            shift &-= 4
            digits[index] = ASCII.hexDigit(UInt8(truncatingIfNeeded: high &>> shift))
            digits[index + 16] = ASCII.hexDigit(UInt8(truncatingIfNeeded: low &>> shift))
        }
        output.append(digits.span)
    }

    /// Reads 32 hexadecimal digits, or returns nil.
    public init?(hex: Span<UInt8>) {
        guard hex.count == 32 else { return nil }
        var parts: (UInt64, UInt64) = (0, 0)
        for index in 0..<32 {
            guard let value = ASCII.hexValue(hex[index]) else { return nil }
            if index < 16 { parts.0 = parts.0 << 4 | UInt64(value) } else { parts.1 = parts.1 << 4 | UInt64(value) }
        }
        (high, low) = parts
    }
}

/// The state of SipHash-2-4-128 (Aumasson and Bernstein, 2012), all arithmetic modulo 2^64.
private struct SipState {
    private var v0: UInt64 = 0x736f_6d65_7073_6575 ^ 0x7a65_6e64_616e_2d30
    private var v1: UInt64 = 0x646f_7261_6e64_6f6d ^ 0x6361_6368_656b_6579 ^ 0xee
    private var v2: UInt64 = 0x6c79_6765_6e65_7261 ^ 0x7a65_6e64_616e_2d30
    private var v3: UInt64 = 0x7465_6462_7974_6573 ^ 0x6361_6368_656b_6579

    mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    mutating func finish() -> (UInt64, UInt64) {
        v2 ^= 0xee
        for _ in 0..<4 { round() }
        let first = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xdd
        for _ in 0..<4 { round() }
        return (first, v0 ^ v1 ^ v2 ^ v3)
    }

    private mutating func round() {
        v0 &+= v1
        v1 = SipState.rotate(v1, 13) ^ v0
        v0 = SipState.rotate(v0, 32)
        v2 &+= v3
        v3 = SipState.rotate(v3, 16) ^ v2
        v0 &+= v3
        v3 = SipState.rotate(v3, 21) ^ v0
        v2 &+= v1
        v1 = SipState.rotate(v1, 17) ^ v2
        v2 = SipState.rotate(v2, 32)
    }

    private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        value << bits | value >> (64 - bits)
    }
}
