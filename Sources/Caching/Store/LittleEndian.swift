import Bytes

/// Numbers in the byte order of the cache file. Readers have checked the length before they ask.
extension Array where Element == UInt8 {
    mutating func appendNumber<T: FixedWidthInteger>(_ value: T) {
        for shift in stride(from: 0, to: T.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: value >> T(shift))) }
    }

    /// Overwrites bytes that are there already.
    mutating func replaceNumber<T: FixedWidthInteger>(_ value: T, at offset: Int) {
        for index in 0..<(T.bitWidth / 8) { self[offset + index] = UInt8(truncatingIfNeeded: value >> T(index * 8)) }
    }
}

extension Span where Element == UInt8 {
    /// The number at `offset`; nil when it does not lie within the bytes.
    func number<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T? {
        let width = T.bitWidth / 8
        guard offset >= 0, offset <= count - width else { return nil }
        var value: T = 0
        for index in 0..<width { value |= T(truncatingIfNeeded: self[offset + index]) << T(index * 8) }
        return value
    }
}
