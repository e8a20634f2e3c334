import Bytes
import TestSupport
import Testing

@Suite("The calendar")
struct CivilTimeTests {
    @Test("every day of 400 years follows the one before")
    func everyDay() {
        var expected = (year: 1970, month: 1, day: 1)
        for index in 0..<146_097 {
            let time = CivilTime(Int64(index) * 86_400 + 43_200)
            #expect(time.year == expected.year && time.month == expected.month && time.day == expected.day && time.hour == 12)
            let isLeap = expected.year % 4 == 0 && (expected.year % 100 != 0 || expected.year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            expected.day += 1
            if expected.day > lengths[expected.month - 1] { (expected.month, expected.day) = (expected.month + 1, 1) }
            if expected.month > 12 { (expected.year, expected.month) = (expected.year + 1, 1) }
        }
    }

    @Test("a date is read back to its moment, before 1970 too; what does not exist is no moment")
    func inverse() {
        var numbers = Numbers(seed: 9)
        for _ in 0..<2_000 {
            let moment = Int64(numbers.next(below: 1 << 31)) * 100 - 60_000_000_000
            let time = CivilTime(moment)
            let back = CivilTime.seconds(
                year: time.year, month: time.month, day: time.day, hour: time.hour, minute: time.minute, second: time.second)
            #expect(back == moment)
            #expect(time.weekday == Int((moment - 259_200 + 70_000_000_000_000 / 604_800 * 604_800) % 604_800) / 86_400)
        }
        #expect(CivilTime.seconds(year: 2023, month: 2, day: 29, hour: 0, minute: 0, second: 0) == nil)
        #expect(CivilTime.seconds(year: 2024, month: 2, day: 29, hour: 24, minute: 0, second: 0) == nil)
        #expect(CivilTime.seconds(year: 1900, month: 2, day: 29, hour: 0, minute: 0, second: 0) == nil)
        #expect(CivilTime.seconds(year: 10_000, month: 1, day: 1, hour: 0, minute: 0, second: 0) == nil)
        // A leap second counts as the second before it.
        #expect(CivilTime.seconds(year: 2016, month: 12, day: 31, hour: 23, minute: 59, second: 60) == 1_483_228_799)
    }
}
