/// Tests and conversions of single ASCII bytes. Public, and the constants computed, so that other modules inline them: a
/// call per byte is what a scanner must not have.
public enum ASCII {
    public static var tab: UInt8 { 9 }
    public static var lineFeed: UInt8 { 10 }
    public static var carriageReturn: UInt8 { 13 }
    public static var space: UInt8 { 32 }

    public static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 65 < 26 ? byte | 0x20 : byte
    }

    public static func uppercased(_ byte: UInt8) -> UInt8 {
        byte &- 97 < 26 ? byte & 0xDF : byte
    }

    public static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
    public static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 97 < 26 }
    public static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }

    /// The value of a hexadecimal digit, or nil.
    public static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- 48 }
        let letter = byte | 0x20
        return letter &- 97 < 6 ? letter &- 87 : nil
    }

    /// The hexadecimal digit of the low four bits.
    public static func hexDigit(_ value: UInt8, uppercase: Bool = false) -> UInt8 {
        let low = value & 15
        return low < 10 ? low &+ 48 : low &+ (uppercase ? 55 : 87)
    }
}
