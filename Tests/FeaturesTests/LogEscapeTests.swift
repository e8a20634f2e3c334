import Bytes
import Testing

@testable import Features

/// How values stand in lines of access logs. nginx 1.22 gave the expectations.
@Suite struct LogEscapeTests {
    private typealias Escape = (inout ByteString, Int, Bool) -> Void

    private func escaped(_ value: [UInt8], isFound: Bool = true, by escape: Escape) -> String {
        // What stands before the value is left as it is.
        var line = ByteString()
        line.append(literal: "\"\u{1}")
        let start = line.count
        line.append(contentsOf: value)
        escape(&line, start, isFound)
        let output = line.array
        #expect(output.prefix(start).elementsEqual("\"\u{1}".utf8))
        return String(decoding: output[start...], as: UTF8.self)
    }

    @Test func theDefault() {
        let cases: [([UInt8], String)] = [
            (Array("plain ~".utf8), "plain ~"), (Array("a\"b\\c".utf8), "a\\x22b\\x5Cc"),
            ([0, 31, 127, 255], "\\x00\\x1F\\x7F\\xFF"),
            (Array("é".utf8), "\\xC3\\xA9"), ([], ""),
            (Array("eight by".utf8) + [127], "eight by\\x7F"), (Array("0123456\"89".utf8), "0123456\\x2289"),
        ]
        for (value, text) in cases { #expect(escaped(value, by: LogEscape.standard) == text) }
        #expect(escaped([], isFound: false, by: LogEscape.standard) == "-")
    }

    @Test func json() {
        let cases: [([UInt8], String)] = [
            (Array("a\"b\\c".utf8), "a\\\"b\\\\c"), ([8, 9, 10, 12, 13], "\\b\\t\\n\\f\\r"), ([27, 1], "\\u001B\\u0001"),
            (Array("é\u{7f}".utf8), "é\u{7f}"),
        ]
        for (value, text) in cases { #expect(escaped(value, by: LogEscape.json) == text) }
        #expect(escaped([], isFound: false, by: LogEscape.json) == "")
    }

    @Test func namesThatLeadUpwards() {
        for (name, isHarmless) in [
            ("logs/a.example.log", true), ("/var/log/a..b", true), ("logs/../x", false), ("..", false), ("a/..", false),
            ("a\u{0}b", false), ("", true),
        ] {
            let bytes = Array(name.utf8)
            #expect(LogName.isHarmless(bytes.span) == isHarmless, "\(name)")
        }
    }
}
