import Configuration
import Testing

@Suite struct ArgumentTypesTests {
    @Test(
        arguments: [
            ("0", 0), ("512", 512), ("8k", 8192), ("8K", 8192), ("1m", 1 << 20), ("2G", 2 << 30), ("", nil), ("k", nil),
            ("1.5k", nil), ("-1", nil), ("+5", nil), ("1kk", nil), (" 1", nil), ("9223372036854775807", Int.max),
            ("9223372036854775808", nil), ("9007199254740991k", 9_007_199_254_740_991 << 10), ("9007199254740992k", nil),
            ("1t", nil),
        ] as [(String, Int?)])
    func size(_ text: String, _ expected: Int?) {
        #expect(ArgumentTypes.size(text) == expected)
    }

    @Test(
        arguments: [
            ("0", 0), ("30", 30_000), ("30s", 30_000), ("1h30m", 5_400_000), ("1500ms", 1500), ("1h 30", 3_630_000),
            ("1h 30 5", 3_635_000), ("30 ", 30_000), ("30 5ms", nil), ("ms", nil), ("1.5s", nil), ("", nil),
            ("1ms500ms", nil), ("1m1h", nil), ("1y", nil), ("1M", nil), ("1w2d", 777_600_000), ("5s3", 8000), ("5s 3 ", nil),
            ("-1", nil), ("9223372036854775", 9_223_372_036_854_775_000), ("9223372036854776", nil), ("1m1m", nil),
            ("92233720368547758070", nil),
        ] as [(String, Int64?)])
    func milliseconds(_ text: String, _ expected: Int64?) {
        #expect(ArgumentTypes.milliseconds(text) == expected)
    }

    @Test(
        arguments: [
            ("1y1M", 365 * 86400 + 30 * 86400), ("10d", 864_000), ("5ms", nil), ("1h 30", 3630), ("1M1y", nil),
            ("9223372036854775807", Int64.max), ("9223372036854775808", nil), ("9223372036854775807y", nil),
        ] as [(String, Int64?)])
    func seconds(_ text: String, _ expected: Int64?) {
        #expect(ArgumentTypes.seconds(text) == expected)
    }

    @Test func flagsAndIntegers() {
        #expect(ArgumentTypes.flag("ON") == true)
        #expect(ArgumentTypes.flag("off") == false)
        #expect(ArgumentTypes.flag("yes") == nil)
        #expect(ArgumentTypes.integer("007") == 7)
        for text in ["", "-1", "1k", "0x1", "９", "9223372036854775808"] { #expect(ArgumentTypes.integer(text) == nil) }
    }

    @Test func keyAndValue() throws {
        let location = SourceLocation(file: "f", line: 2, column: 5)
        let argument = Argument(text: "max_fails=3", location: location)
        let value = try #require(argument.value(of: "max_fails"))
        #expect(value.text == "3")
        #expect(value.location.column == 15)
        #expect(argument.value(of: "max") == nil)
        #expect(argument.value(of: "max_fails=3") == nil)
        #expect(Argument(text: "k=", location: location).value(of: "k")?.text == "")
    }

    @Test func descriptions() {
        #expect(ArgumentTypes.describe(size: 8192) == "8k")
        #expect(ArgumentTypes.describe(size: 0) == "0")
        #expect(ArgumentTypes.describe(milliseconds: 60_000) == "60s")
        #expect(ArgumentTypes.describe(milliseconds: 250) == "250ms")
        #expect(ArgumentTypes.describe(milliseconds: 3_600_000) == "1h")
    }
}
