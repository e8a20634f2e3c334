import Bytes
import Testing

@Suite("Single ASCII bytes")
struct ASCIITests {
    private static let all = (UInt8.min...UInt8.max)

    @Test("case and classes agree with Unicode's, for every byte")
    func classes() {
        for byte in ASCIITests.all {
            let scalar = Character(Unicode.Scalar(byte))
            let isASCII = byte < 128
            #expect(ASCII.isDigit(byte) == (isASCII && scalar.isWholeNumber))
            #expect(ASCII.isLetter(byte) == (isASCII && scalar.isLetter))
            #expect(ASCII.isAlphanumeric(byte) == (isASCII && (scalar.isLetter || scalar.isNumber)))
            let lower = isASCII ? scalar.lowercased().utf8.first : byte
            let upper = isASCII ? scalar.uppercased().utf8.first : byte
            #expect(ASCII.lowercased(byte) == lower)
            #expect(ASCII.uppercased(byte) == upper)
        }
    }

    @Test("hexadecimal digits are read and written, and nothing else is")
    func hexadecimal() {
        for byte in ASCIITests.all {
            let text = String(decoding: [byte], as: UTF8.self)
            let expected = byte < 128 && byte != UInt8(ascii: "+") && byte != UInt8(ascii: "-") ? UInt8(text, radix: 16) : nil
            #expect(ASCII.hexValue(byte) == expected)
        }
        for value in UInt8(0)..<16 {
            #expect(ASCII.hexDigit(value) == String(value, radix: 16).utf8.first)
            #expect(ASCII.hexDigit(value | 0xf0, uppercase: true) == String(value, radix: 16, uppercase: true).utf8.first)
        }
    }
}
