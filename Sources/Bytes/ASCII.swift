/// Tests and conversions of single ASCII bytes.
package enum ASCII {
    package static let tab: UInt8 = 9
    package static let lineFeed: UInt8 = 10
    package static let carriageReturn: UInt8 = 13
    package static let space: UInt8 = 32

    package static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 65 < 26 ? byte | 0x20 : byte
    }

    package static func uppercased(_ byte: UInt8) -> UInt8 {
        byte &- 97 < 26 ? byte & 0xDF : byte
    }

    package static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
    package static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 97 < 26 }
    package static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }

    /// The value of a hexadecimal digit, or nil.
    package static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- 48 }
        let letter = byte | 0x20
        return letter &- 97 < 6 ? letter &- 87 : nil
    }

    /// The hexadecimal digit of the low four bits.
    package static func hexDigit(_ value: UInt8, uppercase: Bool = false) -> UInt8 {
        let low = value & 15
        return low < 10 ? low &+ 48 : low &+ (uppercase ? 55 : 87)
    }
}
