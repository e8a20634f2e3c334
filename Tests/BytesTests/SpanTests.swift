import Bytes
import TestSupport
import Testing

@Suite("What parsers ask of bytes")
struct SpanTests {
    @Test("comparisons agree with those of strings")
    func comparisons() {
        let words = ["", "a", "A", "b", "ab", "aB", "AB", "abc", "ABC", "abd", "[", "{", "@", "`", "é"]
        for a in words {
            for b in words {
                let left = bytes(a)
                let right = bytes(b)
                #expect(left.span.equals(right.span) == (a == b))
                let foldedA = bytes(a).map { ASCII.lowercased($0) }
                let foldedB = bytes(b).map { ASCII.lowercased($0) }
                #expect(left.span.equalsIgnoringCase(right.span) == (foldedA == foldedB))
                #expect(left.span.hasPrefix(right.span) == left.starts(with: right))
            }
        }
    }

    @Test("comparisons with literals")
    func literals() {
        let word = bytes("Content")
        #expect(
            word.span.equals("Content") && !word.span.equals("content") && !word.span.equals("Conten")
                && !word.span.equals("Contents"))
        #expect(
            word.span.equalsIgnoringCase("content") && !word.span.equalsIgnoringCase("conten")
                && !word.span.equalsIgnoringCase("contenx"))
        #expect(word.span.hasPrefix("Con") && word.span.hasPrefix("") && word.span.hasPrefix("Content"))
        #expect(!word.span.hasPrefix("con") && !word.span.hasPrefix("Content-"))
    }

    @Test("searches agree with those of arrays")
    func searches() {
        var numbers = Numbers(seed: 11)
        for _ in 0..<2000 {
            let text = (0..<numbers.next(below: 12)).map { _ in numbers.pick(bytes("abAB")) }
            let needle = (0..<numbers.next(below: 4)).map { _ in numbers.pick(bytes("abAB")) }
            let start = numbers.next(below: text.count + 2)
            let byte = numbers.pick(bytes("abAB"))
            #expect(text.span.firstIndex(of: byte, from: start) == text.indices.first { $0 >= start && text[$0] == byte })
            #expect(text.span.lastIndex(of: byte) == text.lastIndex(of: byte))
            let starts = 0...max(0, text.count - needle.count)
            let fits = needle.count <= text.count
            let occurs = fits && starts.contains { Array(text[$0...].prefix(needle.count)) == needle }
            #expect(text.span.contains(needle.span) == occurs)
            let folded = text.map { ASCII.lowercased($0) }
            let foldedNeedle = needle.map { ASCII.lowercased($0) }
            let occursFolded = fits && starts.contains { Array(folded[$0...].prefix(needle.count)) == foldedNeedle }
            #expect(text.span.contains(needle.span, ignoringCase: true) == occursFolded)
        }
    }

    @Test("decimal numbers: digits only, and only what fits")
    func decimals() {
        for value in [0, 1, 9, 10, 4096, Int.max - 1, Int.max] {
            #expect(bytes(String(value)).span.decimal() == value)
        }
        #expect(bytes("007").span.decimal() == 7)
        for text in ["", "-1", "+1", " 1", "1 ", "0x1", "1a", "9223372036854775808", "99999999999999999999", "٣"] {
            #expect(bytes(text).span.decimal() == nil, "\(text)")
        }
    }

    @Test("optional white space is taken off both ends, and off nothing else")
    func trimming() {
        let cases = [
            ("", ""), (" ", ""), ("\t \t", ""), ("a", "a"), (" a b\t", "a b"), ("\na ", "\na"), ("\u{a0}a", "\u{a0}a"),
        ]
        for (given, expected) in cases {
            let source = bytes(given)
            #expect(source.span.extracting(source.span.trimmedRange()).string == expected)
        }
        let source = bytes("x  y  z")
        #expect(source.span.trimmedRange(1..<6) == 3..<4)
        #expect(source.span.trimmedRange(1..<3).isEmpty)
    }

    @Test("copies")
    func copies() {
        var array = bytes("a")
        array.append(bytes("bc").span)
        array.append(literal: "de")
        array.append([UInt8]().span)
        #expect(array == bytes("abcde") && array.span.array == array && array.span.string == "abcde")
        #expect([0xff, 0x61].span.string == "\u{fffd}a")
    }

    @Test("FNV-1a as its authors' test vectors have it")
    func hashing() {
        #expect(bytes("").span.fnv1a() == 0xcbf2_9ce4_8422_2325)
        #expect(bytes("a").span.fnv1a() == 0xaf63_dc4c_8601_ec8c)
        #expect(bytes("foobar").span.fnv1a() == 0x8594_4171_f739_67e8)
        #expect(bytes("bar").span.fnv1a(seed: bytes("foo").span.fnv1a()) == bytes("foobar").span.fnv1a())
    }
}

@Suite("Eight bytes at a time")
struct WordTests {
    @Test("words are read in order, from any offset")
    func loads() {
        let source = (UInt8(1)...20).map { $0 }
        for offset in 0...12 {
            let expected = (0..<8).reduce(UInt64(0)) { $0 | UInt64(source[offset + $1]) << UInt64(8 * $1) }
            #expect(source.span.word64(at: offset) == expected)
            #expect(source.span.word32(at: offset) == UInt32(truncatingIfNeeded: expected))
        }
    }

    @Test("every byte in every lane is judged as it is alone")
    func lanes() {
        var numbers = Numbers(seed: 7)
        for byte in UInt8.min...UInt8.max {
            for lane in 0..<8 {
                // The lanes below must not fit, those above may be anything.
                var parts = numbers.bytes(8)
                for index in 0..<lane { parts[index] = UInt8(ascii: "a") }
                parts[lane] = byte
                let word = parts.span.word64(at: 0)
                for limit: UInt8 in [1, 32, 33, 97, 128] where lane == 0 || limit <= 97 {
                    let mask = ByteLanes.below(limit, word)
                    let expected = parts.firstIndex { $0 < limit } ?? 8
                    #expect(ByteLanes.first(mask) == expected)
                }
                for wanted: UInt8 in [10, 58, byte] {
                    #expect(ByteLanes.first(ByteLanes.equal(wanted, word)) == parts.firstIndex(of: wanted) ?? 8)
                }
                let outside = ByteLanes.outsidePlainName(word)
                let lowered = ByteLanes.lowercased(word)
                for index in 0..<8 {
                    let isPlain = ASCII.isAlphanumeric(parts[index]) || parts[index] == UInt8(ascii: "-")
                    #expect((outside >> UInt64(8 * index + 7) & 1 == 1) == !isPlain)
                    let lane = UInt8(truncatingIfNeeded: lowered >> UInt64(8 * index))
                    #expect(lane == ASCII.lowercased(parts[index]))
                }
            }
        }
        #expect(ByteLanes.broadcast(0xab) == 0xabab_abab_abab_abab)
    }
}
