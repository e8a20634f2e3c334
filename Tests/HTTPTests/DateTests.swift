import Bytes
import HTTP
import TestSupport
import Testing

@Suite("Dates")
struct DateTests {
    @Test(
        "The three forms",
        arguments: [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        ])
    func threeForms(date: String) {
        #expect(HTTPDate.parse(bytes(date).span) == 784_111_777)
    }

    @Test(
        "Dates that are none",
        arguments: [
            "", "0", "-1", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
            "sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "Sun Nov 06 08:49:37 94",
            "Xyz, 06 Nov 1994 08:49:37 GMT",
            "1994-11-06T08:49:37Z", "Sunday, 06-Nov-94 08:49:37 GMT+1",
        ])
    func noDates(date: String) {
        #expect(HTTPDate.parse(bytes(date).span) == nil)
    }

    @Test("Two-digit years are at most fifty years ahead")
    func twoDigitYears() {
        let now: Int64 = 1_767_225_600  // 2026
        #expect(HTTPDate.parse(bytes("Tuesday, 01-Jan-30 00:00:00 GMT").span, now: now) == 1_893_456_000)
        #expect(HTTPDate.parse(bytes("Friday, 01-Jan-99 00:00:00 GMT").span, now: now) == 915_148_800)
    }

    @Test("What is written is read back, over ten thousand years")
    func roundTrip() {
        var numbers = Numbers(seed: 7)
        var moments: [Int64] = [0, -1, 951_782_400, 951_868_799, 4_107_542_399, 253_402_300_799, -62_167_219_200]
        for _ in 0..<2000 { moments.append(Int64(numbers.next(below: 1_900_000_000)) * 150 - 40_000_000_000) }
        for moment in moments {
            var output: [UInt8] = []
            HTTPDate.append(moment, to: &output)
            #expect(output.count == HTTPDate.count)
            #expect(HTTPDate.parse(output.span) == moment)
        }
    }

    @Test("Written forms")
    func written() {
        var output: [UInt8] = []
        HTTPDate.append(1_460_710_800, to: &output)
        #expect(text(output) == "Fri, 15 Apr 2016 09:00:00 GMT")
    }

    @Test("Moments outside the calendar do not trap", arguments: [Int64.min, Int64.max, -62_167_219_201])
    func extremes(moment: Int64) {
        var output: [UInt8] = []
        HTTPDate.append(moment, to: &output)
        #expect(output.count == HTTPDate.count)
    }

    @Test("The cached date follows the clock")
    func cache() {
        var cache = DateCache()
        func check(_ date: [UInt8], _ expected: String) { #expect(text(date) == expected) }
        check(cache.bytes(at: 0), "Thu, 01 Jan 1970 00:00:00 GMT")
        check(cache.bytes(at: 0), "Thu, 01 Jan 1970 00:00:00 GMT")
        check(cache.bytes(at: 1), "Thu, 01 Jan 1970 00:00:01 GMT")
    }
}
