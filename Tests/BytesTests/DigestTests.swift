import Bytes
import TestSupport
import Testing

@Suite("Digests")
struct DigestTests {
    /// SipHash-2-4 with 128 bits over the bytes 3, 10, 17, … and the fixed key, as OpenSSL 3 computes it:
    /// `openssl mac -macopt hexkey:302d6e61646e657a79656b6568636163 -macopt size:16 -in FILE SIPHASH`.
    @Test(
        "SipHash-2-4-128 as another implementation computes it",
        arguments: [
            (0, "fcbaaa11159bf1cdc854e4fa6f6b3eed"), (1, "3c9cca7c258b3d3c0c5a90fc20e6f880"),
            (7, "7f03ef32e9c516995c9cb54f64a24c77"), (8, "4584794a8a467abc570c9592eddbcc38"),
            (9, "9cf398f4919a458cc6332a90ff4251c5"), (15, "6839026f9e37f4dd90f01e2fc02f7934"),
            (16, "83611cff3324704e790683f4a717b3b9"), (63, "283b87997f36975b20640318180adf33"),
            (64, "3070f1de34be9156b2c4d98954331c53"), (255, "a2fd175943192784cd6ad4c22d179d1a"),
        ])
    func vectors(count: Int, expected: String) {
        let input = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + 3) }
        let digest = Digest(input.span)
        var output: [UInt8] = []
        for part in [digest.low, digest.high] {
            for index in 0..<8 { output.append(UInt8(truncatingIfNeeded: part >> UInt64(8 * index))) }
        }
        #expect(output.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == expected)
    }

    @Test("the hexadecimal form is read back; anything else is no digest")
    func hexadecimal() {
        var numbers = Numbers(seed: 2)
        for _ in 0..<50 {
            let digest = Digest(numbers.bytes(10).span)
            var text: [UInt8] = []
            digest.appendHex(to: &text)
            #expect(text.count == 32 && Digest(hex: text.span) == digest)
            let shorter = Array(text.dropLast())
            let longer = text + [48]
            #expect(Digest(hex: shorter.span) == nil && Digest(hex: longer.span) == nil)
            var damaged = text
            damaged[numbers.next(below: 32)] = UInt8(ascii: "g")
            #expect(Digest(hex: damaged.span) == nil)
        }
        var text: [UInt8] = []
        Digest(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210).appendHex(to: &text)
        #expect(text == bytes("0123456789abcdeffedcba9876543210"))
        // Upper case is read too: a name on disk may have been copied by a file system that folds case.
        let upper = Digest(hex: bytes("0123456789ABCDEFFEDCBA9876543210").span)
        #expect(upper == Digest(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210))
    }

    @Test("one bit changes the digest")
    func avalanche() {
        var seen: Set<Digest> = []
        var input = [UInt8](repeating: 0, count: 40)
        for bit in 0..<320 {
            input[bit >> 3] ^= 1 << UInt8(bit & 7)
            seen.insert(Digest(input.span))
            input[bit >> 3] ^= 1 << UInt8(bit & 7)
        }
        #expect(seen.count == 320)
    }
}
