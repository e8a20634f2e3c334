import Bytes

/// Times as log files write them, in a local time given by its offset from UTC.
package enum LogDate {
    /// Appends the common log form of `$time_local`, e.g. `28/Sep/1970:12:00:00 +0600`. `offset` is in seconds.
    package static func appendCommon(_ seconds: Int64, offset: Int, to output: inout [UInt8]) {
        let time = CivilTime(seconds &+ Int64(offset))
        output.append(twoDigits: time.day)
        output.append(UInt8(ascii: "/"))
        output.append(literal: time.monthName)
        output.append(UInt8(ascii: "/"))
        output.append(fourDigits: time.year)
        output.append(UInt8(ascii: ":"))
        appendClock(time, to: &output)
        output.append(ASCII.space)
        appendOffset(offset, separator: false, to: &output)
    }

    /// Appends the ISO 8601 form of `$time_iso8601`, e.g. `1970-09-28T12:00:00+06:00`.
    package static func appendISO8601(_ seconds: Int64, offset: Int, to output: inout [UInt8]) {
        let time = CivilTime(seconds &+ Int64(offset))
        output.append(fourDigits: time.year)
        output.append(UInt8(ascii: "-"))
        output.append(twoDigits: time.month)
        output.append(UInt8(ascii: "-"))
        output.append(twoDigits: time.day)
        output.append(UInt8(ascii: "T"))
        appendClock(time, to: &output)
        appendOffset(offset, separator: true, to: &output)
    }

    /// Appends the form of error logs, e.g. `1970/09/28 12:00:00`.
    package static func appendErrorLog(_ seconds: Int64, offset: Int, to output: inout [UInt8]) {
        let time = CivilTime(seconds &+ Int64(offset))
        output.append(fourDigits: time.year)
        output.append(UInt8(ascii: "/"))
        output.append(twoDigits: time.month)
        output.append(UInt8(ascii: "/"))
        output.append(twoDigits: time.day)
        output.append(ASCII.space)
        appendClock(time, to: &output)
    }

    private static func appendClock(_ time: CivilTime, to output: inout [UInt8]) {
        output.append(twoDigits: time.hour)
        output.append(UInt8(ascii: ":"))
        output.append(twoDigits: time.minute)
        output.append(UInt8(ascii: ":"))
        output.append(twoDigits: time.second)
    }

    private static func appendOffset(_ offset: Int, separator: Bool, to output: inout [UInt8]) {
        output.append(offset < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        let minutes = Int(offset.magnitude / 60)
        output.append(twoDigits: minutes / 60)
        if separator { output.append(UInt8(ascii: ":")) }
        output.append(twoDigits: minutes % 60)
    }
}
