import Bytes
import Testing

@testable import Patterns

@Suite("Patterns")
struct PatternTests {
    /// The groups of the first match of `expression` in `subject`, as text; nil when there is none.
    func groups(_ expression: String, _ subject: String, ignoringCase: Bool = false) throws -> [String?]? {
        let pattern = try Pattern(expression, ignoringCase: ignoringCase)
        let data = MatchData()
        let bytes = Array(subject.utf8)
        guard try pattern.match(bytes.span, into: data) else { return nil }
        return (0..<data.count).map { index in
            data.range(of: index).map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }

    @Test(
        "what matches, and which groups",
        arguments: [
            ("^/blog/([0-9]+)/(.*)$", "/blog/42/x-y", ["/blog/42/x-y", "42", "x-y"] as [String?]?),
            ("\\.(css|js)$", "/a/site.css", [".css", "css"]),
            ("\\.(css|js)$", "/a/site.png", nil),
            ("(a)|(b)(c)?", "b", ["b", nil, "b"]),
            ("^$", "", [""]),
            ("x*", "", [""]),
            ("x", "", nil),
            ("", "abc", [""]),
            ("^/(?<lang>de|en)/", "/en/page", ["/en/", "en"]),
            ("(?i)ABC", "xabcx", ["abc"]),
            ("a.c", "a\nc", nil),
            ("^b", "a\nb", nil),
        ])
    func matching(expression: String, subject: String, expected: [String?]?) throws {
        #expect(try groups(expression, subject) == expected)
    }

    @Test("case matters unless told otherwise")
    func caseless() throws {
        #expect(try groups("^/IMG", "/img/a") == nil)
        #expect(try groups("^/IMG", "/img/a", ignoringCase: true) == ["/img"])
    }

    @Test("subjects are bytes, not UTF-8")
    func bytes() throws {
        let pattern = try Pattern("^/.{3}$")
        let data = MatchData()
        let broken: [UInt8] = [0x2f, 0xff, 0x00, 0xc3]
        #expect(try pattern.match(broken.span, into: data))
        #expect(data.range(of: 0) == 0..<4)
        #expect(try groups("^.$", "é") == nil)
    }

    @Test("a pattern that asks for UTF-8 refuses a subject that is none")
    func brokenUTF8() throws {
        let pattern = try Pattern("(*UTF)^/.$")
        let data = MatchData()
        let broken: [UInt8] = [0x2f, 0xff]
        #expect(throws: MatchFailure.self) { _ = try pattern.match(broken.span, into: data) }
        #expect(data.count == 0)
    }

    @Test("an expression that cannot be compiled says why and where")
    func errors() throws {
        do throws(PatternError) {
            _ = try Pattern("^/(a")
            Issue.record("compiled")
        } catch {
            #expect(error.message.contains("parenthes"))
            #expect(error.offset == 4)
        }
        for expression in ["[a", "a**b(", "(?<n", "\\", "(?P<1a>x)"] {
            #expect(throws: PatternError.self) { _ = try Pattern(expression) }
        }
    }

    @Test("names of groups")
    func names() throws {
        let pattern = try Pattern("^(?<year>\\d+)-(\\d+)-(?<day>\\d+)$")
        #expect(pattern.captureCount == 3)
        #expect(pattern.captureNames.map(\.name) == ["year", "day"])
        #expect(pattern.captureNames.map(\.index) == [1, 3])
        #expect(try Pattern("(a)(b)").captureNames.isEmpty)
    }

    @Test("match data is reused, grows, and forgets")
    func reuse() throws {
        let data = MatchData(groups: 1)
        let many = try Pattern(String(repeating: "(a)", count: 40))
        let subject = [UInt8](repeating: UInt8(ascii: "a"), count: 40)
        #expect(try many.match(subject.span, into: data))
        #expect(data.count == 41)
        #expect(data.range(of: 40) == 39..<40)
        #expect(data.range(of: 41) == nil)
        #expect(data.range(of: -1) == nil)
        let other = try Pattern("b")
        #expect(try !other.match(subject.span, into: data))
        #expect(data.count == 0)
        #expect(data.range(of: 0) == nil)
    }

    @Test("\\K moves the start, and cannot put it behind the end")
    func keptOut() throws {
        #expect(try groups("ab\\Kc", "abc") == ["c"])
        #expect(throws: PatternError.self) { _ = try Pattern("(?=ab\\K)") }
    }

    @Test("a subject that makes a pattern explode ends by the limits, compiled or interpreted", arguments: ["", "(*NO_JIT)"])
    func hostile(prefix: String) throws {
        // Needs 2^n tries without limits; an extra group keeps the optimiser from seeing that it cannot match.
        let pattern = try Pattern(prefix + "^(a+|aa+|b)+\\1$")
        let data = MatchData()
        let subject = [UInt8](repeating: UInt8(ascii: "a"), count: 4000) + [UInt8(ascii: "c")]
        #expect(throws: MatchFailure.limitExceeded) { _ = try pattern.match(subject.span, into: data) }
        // And the memory is still good for the next one.
        #expect(try Pattern("c$").match(subject.span, into: data))
    }

    @Test("ordinary patterns on long subjects stay within the limits", arguments: ["", "(*NO_JIT)"])
    func longSubjects(prefix: String) throws {
        let data = MatchData()
        let subject = Array(("/" + String(repeating: "segment/", count: 4000) + "file.css").utf8)
        for expression in ["^/(.*)/([^/]+)\\.css$", "\\.css$", "^(/[a-z]+)+/file\\.css$", "(?:segment/)*file"] {
            #expect(try Pattern(prefix + expression).match(subject.span, into: data), "\(expression)")
        }
    }

    @Test("one pattern serves many threads")
    func shared() async throws {
        let pattern = try Pattern("^/p/(\\d+)$")
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let data = MatchData()
                    for round in 0..<500 {
                        let subject = Array("/p/\(number * 1000 + round)".utf8)
                        guard (try? pattern.match(subject.span, into: data)) == true, data.range(of: 1) == 3..<subject.count
                        else { return false }
                    }
                    return true
                }
            }
            for await result in group { #expect(result) }
        }
    }
}
