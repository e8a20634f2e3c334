import Bytes
import Observability
import Testing

@Suite("Moments in logs")
struct CalendarTimeTests {
    private func text(_ body: (inout [UInt8]) -> Void) -> String {
        var bytes: [UInt8] = []
        body(&bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "the three forms",
        arguments: [
            (0, 0, "1970/01/01 00:00:00", "01/Jan/1970:00:00:00 +0000", "1970-01-01T00:00:00+00:00"),
            (951_782_400, 0, "2000/02/29 00:00:00", "29/Feb/2000:00:00:00 +0000", "2000-02-29T00:00:00+00:00"),
            (1_709_251_199, 7_200, "2024/03/01 01:59:59", "01/Mar/2024:01:59:59 +0200", "2024-03-01T01:59:59+02:00"),
            (1_704_067_200, -12_600, "2023/12/31 20:30:00", "31/Dec/2023:20:30:00 -0330", "2023-12-31T20:30:00-03:30"),
            (1_795_506_687, 19_800, "2026/11/24 13:21:27", "24/Nov/2026:13:21:27 +0530", "2026-11-24T13:21:27+05:30"),
            (-1, 0, "1969/12/31 23:59:59", "31/Dec/1969:23:59:59 +0000", "1969-12-31T23:59:59+00:00"),
        ])
    func forms(seconds: Int, offset: Int, errorLog: String, local: String, iso8601: String) {
        let time = CalendarTime(seconds: Int64(seconds), utcOffset: offset)
        #expect(text(time.appendErrorLogForm) == errorLog)
        #expect(text(time.appendLocalForm) == local)
        #expect(text(time.appendISO8601Form) == iso8601)
    }

    @Test("moments outside the calendar do not trap", arguments: [Int64.min, Int64.max, -62_167_219_201])
    func extremes(moment: Int64) {
        for offset in [-43_200, 0, 50_400] {
            let time = CalendarTime(seconds: moment, utcOffset: offset)
            #expect(text(time.appendLocalForm).count == 26 && text(time.appendISO8601Form).count == 25)
        }
    }

    @Test("the clock makes its forms anew when the second changes, and only then")
    func clock() {
        let clock = LogClock(utcOffset: { $0 < 100 ? 0 : 3_600 })
        clock.set(59)
        #expect(String(decoding: clock.errorLogForm, as: UTF8.self) == "1970/01/01 00:00:59")
        clock.set(100)
        #expect(String(decoding: clock.localForm, as: UTF8.self) == "01/Jan/1970:01:01:40 +0100")
        #expect(String(decoding: clock.iso8601Form, as: UTF8.self) == "1970-01-01T01:01:40+01:00")
    }
}
