import Bytes
import HTTP
import Testing

@Suite("Conditional requests")
struct ConditionTests {
    private static let modified: Int64 = 784_111_777  // Sun, 06 Nov 1994 08:49:37 GMT
    private static let tag = "\"abc\""

    private func outcome(
        _ lines: String, method: String = "GET", tag: String = ConditionTests.tag, modified: Int64? = ConditionTests.modified,
        _ comparison: Preconditions.DateComparison = .exact
    ) throws -> Preconditions.Outcome {
        let head = RequestHead(buffer: buffer(bytes("\(method) / HTTP/1.0\r\n\(lines)\r\n\r\n")))
        #expect(try RequestDecoder().decode(head) == .complete)
        return Preconditions.evaluate(
            head, entityTag: bytes(tag).span, lastModified: modified, ifModifiedSince: comparison)
    }

    @Test(
        "Single conditions",
        arguments: [
            ("X: y", .proceed), ("If-None-Match: \"abc\"", .notModified), ("If-None-Match: \"x\"", .proceed),
            ("If-None-Match: W/\"abc\"", .notModified), ("If-None-Match: \"x\", \"a,b\" ,\t\"abc\" , \"y\"", .notModified),
            ("If-None-Match: *", .notModified), ("If-None-Match: abc", .proceed), ("If-None-Match: \"abc\"x", .proceed),
            ("If-Match: \"abc\"", .proceed), ("If-Match: \"x\"", .preconditionFailed),
            ("If-Match: W/\"abc\"", .preconditionFailed),
            ("If-Match: *", .proceed), ("If-Match: \"x\", \"abc\"", .proceed),
            ("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", .notModified),
            ("If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT", .proceed), ("If-Modified-Since: nonsense", .proceed),
            ("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", .proceed),
            ("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT", .preconditionFailed), ("If-Unmodified-Since: x", .proceed),
        ] as [(String, Preconditions.Outcome)])
    func single(lines: String, expected: Preconditions.Outcome) throws {
        #expect(try outcome(lines) == expected)
    }

    @Test("The order of RFC 9110 section 13.2.2")
    func order() throws {
        let old = "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"
        #expect(try outcome("If-None-Match: \"x\"\r\n\(old)") == .proceed)
        #expect(try outcome("If-None-Match: \"abc\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT") == .notModified)
        #expect(try outcome("If-Match: \"abc\"\r\nIf-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT") == .proceed)
        #expect(try outcome("If-Match: \"x\"\r\nIf-None-Match: \"abc\"") == .preconditionFailed)
        #expect(try outcome("If-None-Match: \"abc\"", method: "PUT") == .preconditionFailed)
        #expect(try outcome(old, method: "PUT") == .proceed)
        #expect(try outcome(old, method: "HEAD") == .notModified)
    }

    @Test("if_modified_since")
    func dateComparison() throws {
        let later = "If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT"
        let same = "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"
        let earlier = "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT"
        #expect(try outcome(later, .before) == .notModified)
        #expect(try outcome(same, .before) == .notModified)
        #expect(try outcome(earlier, .before) == .proceed)
        #expect(try outcome(same, .off) == .proceed)
        #expect(try outcome("\(same)\r\nIf-None-Match: \"abc\"", .off) == .proceed)
        #expect(try outcome("If-None-Match: \"abc\"", .off) == .notModified)
    }

    @Test("A representation without validators matches only the asterisk")
    func noValidators() throws {
        #expect(try outcome("If-None-Match: \"abc\"", tag: "", modified: nil) == .proceed)
        #expect(try outcome("If-None-Match: *", tag: "", modified: nil) == .notModified)
        #expect(try outcome("If-Match: \"abc\"", tag: "", modified: nil) == .preconditionFailed)
        #expect(try outcome("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", tag: "", modified: nil) == .proceed)
        #expect(try outcome("If-None-Match: \"abc\"", tag: "W/\"abc\"") == .notModified)
        #expect(try outcome("If-Match: W/\"abc\"", tag: "W/\"abc\"") == .preconditionFailed)
    }

    @Test("Entity tags")
    func entityTags() {
        #expect(EntityTag.matchesWeakly(bytes("W/\"a\"").span, bytes("\"a\"").span) == true)
        #expect(EntityTag.matchesStrongly(bytes("W/\"a\"").span, bytes("W/\"a\"").span) == false)
    }
}

@Suite("Byte ranges")
struct ByteRangeTests {
    private func ranges(_ value: String, _ length: Int = 1000, max: Int? = nil) -> ByteRanges {
        ByteRanges(bytes(value).span, length: length, maxRanges: max)
    }

    @Test(
        "As nginx reads them",
        arguments: [
            ("bytes=0-8", .single(0..<9)), ("bytes=-10", .single(990..<1000)), ("bytes=990-", .single(990..<1000)),
            ("bytes=990-1990", .single(990..<1000)), ("BYTES=0-0", .single(0..<1)), ("bytes=-5000", .single(0..<1000)),
            ("bytes= 1 - 2 ", .single(1..<3)), ("bytes=0-9, -10, 10-19", .multiple([0..<10, 990..<1000, 10..<20])),
            ("bytes=0-9, -10, 100000-, 10-19", .multiple([0..<10, 990..<1000, 10..<20])), ("bytes=100000-", .unsatisfiable),
            ("bytes=alpha", .unsatisfiable), ("bytes=10-alpha", .unsatisfiable), ("bytes=10", .unsatisfiable),
            ("bytes=10-11 12-", .unsatisfiable), ("bytes=0-10001", .single(0..<1000)), ("bytes=0-10001, 0-0", .whole),
            ("bytes=", .whole), ("bytes=-", .unsatisfiable), ("bytes=5-4", .unsatisfiable), ("bytes=0-1,", .unsatisfiable),
            ("bytes=,0-1", .unsatisfiable), ("bytes=-0", .unsatisfiable), ("items=0-1", .whole), ("bytes 0-1", .whole),
            ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=0-99999999999999999999", .unsatisfiable),
            ("bytes=9223372036854775807-9223372036854775807", .unsatisfiable),
            ("bytes=0-9223372036854775807", .single(0..<1000)),
            ("bytes=-9223372036854775807", .single(0..<1000)), ("bytes=2-1,3-4", .single(3..<5)), ("bytes=1-0", .unsatisfiable),
        ] as [(String, ByteRanges)])
    func table(value: String, expected: ByteRanges) {
        #expect(ranges(value) == expected)
    }

    @Test("max_ranges")
    func maxRanges() {
        #expect(ranges("bytes=0-9, -10", max: 2) == .multiple([0..<10, 990..<1000]))
        #expect(ranges("bytes=0-9, -10, 10000-", max: 2) == .multiple([0..<10, 990..<1000]))
        #expect(ranges("bytes=0-9, -10, 10-19", max: 2) == .whole)
        #expect(ranges("bytes=0-9", max: 0) == .whole)
        #expect(ranges("bytes=x", max: 0) == .whole)
    }

    @Test("Many tiny parts are answered with the whole")
    func tinyParts() {
        let value = "bytes=" + (0..<40).map { "\($0 * 2)-\($0 * 2)" }.joined(separator: ",")
        #expect(ranges(value) == .whole)
        guard case .multiple = ranges(value, max: 100) else {
            Issue.record("refused although max_ranges allows it")
            return
        }
    }

    @Test("An empty representation")
    func empty() {
        #expect(ranges("bytes=0-", 0) == .whole)
        #expect(ranges("bytes=5-", 0) == .unsatisfiable)
        #expect(ranges("bytes=-5", 0) == .whole)
    }

    @Test("If-Range")
    func ifRange() {
        func holds(_ value: String, _ tag: String = "\"a\"", _ modified: Int64? = 784_111_777) -> Bool {
            ByteRanges.ifRange(bytes(value).span, holdsFor: bytes(tag).span, lastModified: modified)
        }
        #expect(holds("\"a\""))
        #expect(!holds("\"b\""))
        #expect(!holds("W/\"a\"", "W/\"a\""))
        #expect(!holds("\"a\"", ""))
        #expect(holds("Sun, 06 Nov 1994 08:49:37 GMT"))
        #expect(!holds("Sun, 06 Nov 1994 08:49:38 GMT"))
        #expect(!holds("Sun, 06 Nov 1994 08:49:37 GMT", "", nil))
        #expect(!holds("wrong"))
    }

    @Test("A multipart body is as long as announced")
    func multipart() {
        let parts = MultipartRanges(boundary: 42, contentType: bytes("text/plain").span, length: 1000)
        let ranges = [0..<10, 990..<1000]
        var body: [UInt8] = []
        for range in ranges {
            parts.appendPartHead(range, to: &body)
            body.append(contentsOf: Array(repeating: 65, count: range.count))
        }
        parts.appendEnd(to: &body)
        #expect(body.count == parts.contentLength(ranges))
        #expect(
            text(body).hasPrefix(
                "\r\n--00000000000000000042\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-9/1000\r\n\r\nAAAAAAAAAA\r\n--"
            ))
        #expect(text(body).hasSuffix("\r\n--00000000000000000042--\r\n"))
    }

    @Test("Content-Range is read")
    func contentRange() {
        func parse(_ value: String) -> String? {
            ContentRange.parse(bytes(value).span).map { "\($0.range) \($0.length ?? -1)" }
        }
        #expect(parse("bytes 0-9/100") == "0..<10 100")
        #expect(parse("bytes 0-9/*") == "0..<10 -1")
        for bad in ["", "bytes */100", "bytes 9-0/100", "bytes 0-100/100", "items 0-9/100", "bytes 0-9", "bytes -9/100"] {
            #expect(parse(bad) == nil)
        }
    }
}
