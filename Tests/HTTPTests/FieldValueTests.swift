import Bytes
import HTTP
import Testing

@Suite("Field names")
struct FieldNameTests {
    @Test("Every known name is found in any case, and nothing near it")
    func known() {
        for raw in 1..<FieldName.spellings.count {
            let name = FieldName(rawValue: UInt8(raw))
            let spelling = bytes("\(name.spelling)")
            #expect(FieldName(spelling.span) == name)
            #expect(FieldName(bytes(text(spelling).lowercased()).span) == name)
            #expect(FieldName(bytes(text(spelling).uppercased()).span) == name)
            for index in spelling.indices {
                var other = spelling
                other[index] ^= 1
                #expect(FieldName(other.span) != name)
                other[index] = spelling[index] ^ 0x80
                #expect(FieldName(other.span) != name)
                other.remove(at: index)
                #expect(FieldName(other.span) != name)
            }
            #expect(FieldName((spelling + bytes("x")).span) != name)
        }
    }

    @Test("Other names are other", arguments: ["", "x", "sec-fetch-mode", "content-lengt\u{c}", "content\rlength"])
    func unknown(name: String) { #expect(FieldName(bytes(name).span) == .other) }
}

@Suite("Field values")
struct FieldValueTests {
    @Test("List members")
    func members() {
        let value = bytes(" a , ,\"b,c\\\",d\"; x ,,e")
        var members = ListMembers()
        var found: [String] = []
        while let member = members.next(value.span) { found.append(value.span.extracting(member).text) }
        #expect(found == ["a", "\"b,c\\\",d\"; x", "e"])
        #expect(Tokens.contains(bytes("Keep-Alive, close").span, "close") == true)
        #expect(Tokens.contains(bytes("closed, x-close").span, "close") == false)
    }

    @Test("Cache-Control")
    func cacheControl() {
        func parse(_ lines: String...) -> CacheControl {
            var result = CacheControl()
            for line in lines { result.add(bytes(line).span) }
            return result
        }
        let usual = parse("public, Max-Age=60, s-maxage=\"10\"", "stale-while-revalidate=5,stale-if-error=7, must-revalidate")
        #expect(usual.flags == [.public, .mustRevalidate])
        #expect(usual.maxAge == 60 && usual.sharedMaxAge == 10)
        #expect(usual.staleWhileRevalidate == 5 && usual.staleIfError == 7)
        #expect(parse("max-age=60, max-age=10").maxAge == 10)
        #expect(parse("max-age=99999999999999999999999").maxAge == CacheControl.greatestAge)
        let bad = parse("max-age=1x")
        #expect(bad.maxAge == 0 && bad.contains(.invalidFreshness))
        #expect(parse("max-age").maxAge == 0)
        #expect(parse("max-age=-1").contains(.invalidFreshness))
        #expect(parse("no-cache=\"set-cookie, x\", private=\"y\"").flags == [.noCacheFields, .privateFields])
        #expect(parse("NO-CACHE, Private, no-store, no-transform").flags == [.noCache, .private, .noStore, .noTransform])
        #expect(parse("x-max-age=5, \"no-store\", nostore").flags == [])
        #expect(parse("max-stale").maxStale == CacheControl.greatestAge)
        #expect(parse("max-stale=3, min-fresh=4, only-if-cached").maxStale == 3)
        #expect(parse("immutable, must-understand, proxy-revalidate").flags == [.immutable, .mustUnderstand, .proxyRevalidate])
    }

    @Test("Connection-specific fields")
    func hopByHop() {
        #expect(HopByHop.isConnectionSpecific(.transferEncoding))
        #expect(!HopByHop.isConnectionSpecific(.contentLength))
        #expect(!HopByHop.isConnectionSpecific(.other))
        #expect(HopByHop.isNamed(bytes("x-foo").span, byConnection: bytes("close, X-Foo").span) == true)
        #expect(HopByHop.isNamed(bytes("foo").span, byConnection: bytes("close, X-Foo").span) == false)
    }

    @Test("Media types")
    func mediaTypes() {
        func matches(_ value: String, _ type: String) -> Bool { MediaType.matches(bytes(value).span, bytes(type).span) }
        #expect(matches("text/html", "text/html"))
        #expect(matches("Text/HTML ; charset=utf-8", "text/html"))
        #expect(!matches("text/htmlx", "text/html"))
        #expect(matches("x/y", "*"))
        #expect(!matches("", "*"))
        let value = bytes("text/html; a=b; Charset=\"UTF-8\"; q")
        #expect(MediaType.parameter(value.span, "charset").map { value.span.extracting($0).text } == "UTF-8")
        #expect(MediaType.parameter(value.span, "q") == nil)
    }

    @Test(
        "Cookies",
        arguments: [
            ("a=1; b=2", "b", "2"), ("a=1;b=2", "B", "2"), ("ab=1; b=2", "b", "2"), ("a=1; a=2", "a", "1"),
            ("a = 1 ; b", "a", "1 "),
            ("a", "a", nil), ("", "a", nil), ("a=", "a", ""), ("a=x=y", "a", "x=y"), (";;a=1", "a", "1"), ("aa=1", "a", nil),
        ] as [(String, String, String?)])
    func cookies(cookie: String, name: String, value: String?) {
        let content = bytes(cookie)
        #expect(Cookies.value(bytes(name).span, in: content.span).map { content.span.extracting($0).text } == value)
    }

    @Test("Set-Cookie")
    func setCookie() {
        let content = bytes("sid=abc; Path=/; HttpOnly")
        #expect(Cookies.setValue(bytes("SID").span, in: content.span).map { content.span.extracting($0).text } == "abc")
        #expect(Cookies.setValue(bytes("Path").span, in: content.span) == nil)
    }

    @Test(
        "gzip is accepted",
        arguments: [
            ("gzip", true), ("gzip,deflate", true), ("deflate, gzip", true), ("GZIP", true), ("gzip;q=0", false),
            ("gzip;q=0.000", false), ("gzip;q=0.001", true), ("gzip; q=1", true), ("gzip ; Q=1.000", true),
            ("gzip;q=1.001", false),
            ("gzip;q=2", false), ("gzip;q=", false), ("gzip;q=0.0001", false), ("gzip;q", false), ("*", false),
            ("x-gzip", false),
            ("", false), ("gzipped", false), ("deflate", false), ("gzip;q=0, gzip", false), ("gzip;", true),
            ("deflate;q=1, gzip;q=0.5, br", true),
            ("gzip;x=1", false), ("gzip;q=1.", true), ("gzip;q=0.", false),
        ])
    func gzip(value: String, accepted: Bool) {
        #expect(AcceptEncoding.acceptsGzip(bytes(value).span) == accepted)
    }

    @Test(
        "Arguments of a query",
        arguments: [
            ("a=1&b=2", "b", "2"), ("a=1&B=2", "b", "2"), ("ab=1&b=2", "b", "2"), ("a=1&a=2", "a", "1"), ("a&b", "a", nil),
            ("a=", "a", ""),
            ("", "a", nil), ("&&a=1", "a", "1"), ("a=x=y&c", "a", "x=y"), ("xa=1", "a", nil), ("a", "a", nil),
        ] as [(String, String, String?)])
    func arguments(query: String, name: String, value: String?) {
        let content = bytes(query)
        #expect(QueryString.value(bytes(name).span, in: content.span).map { content.span.extracting($0).text } == value)
    }

    @Test("Percent-encoding")
    func percentCoding() {
        func encoded(_ string: String, _ purpose: PercentCoding.Purpose) -> String {
            var output = ByteString()
            PercentCoding.encode(bytes(string).span, for: purpose, to: &output)
            let encoded = text(output.array)
            #expect(PercentCoding.changes(bytes(string).span, for: purpose) == (encoded != string))
            return encoded
        }
        #expect(encoded("/a b?c%d#e\u{1}ä", .path) == "/a%20b%3Fc%25d%23e%01%C3%A4")
        #expect(encoded("/\"<>\\^`{|}", .path) == "/%22%3C%3E%5C%5E%60%7B%7C%7D")
        #expect(encoded("a&b+c;d=e", .path) == "a&b+c;d=e")
        #expect(encoded("a&b+c;d=e", .query) == "a%26b%2Bc%3Bd=e")
        #expect(encoded("aZ0-._~/=@", .component) == "aZ0-._~%2F%3D%40")
        #expect(encoded("/plain", .path) == "/plain")
        func decoded(_ string: String) -> String {
            var output: [UInt8] = []
            PercentCoding.decode(bytes(string).span, to: &output)
            return text(output)
        }
        #expect(decoded("/a%20b%2f%41") == "/a b/A")
        #expect(decoded("%zz%1z%") == "zz")
    }

    @Test(
        "Addresses the server follows itself",
        arguments: [
            ("/a?b=c", "/a", "b=c"), ("/a%20b", "/a b", nil), ("", nil, nil), ("?x", nil, nil), ("/../a", nil, nil),
            ("..", nil, nil),
            ("../a", nil, nil), ("/a/..", nil, nil), ("/%2e%2e/a", nil, nil), ("/a%00", nil, nil),
            ("/..a/...", "/..a/...", nil),
            ("/a/..?x", nil, nil), ("@named", "@named", nil),
        ] as [(String, String?, String?)])
    func internalTargets(address: String, path: String?, query: String?) {
        let content = bytes(address)
        var decoded: [UInt8] = []
        var range: Range<Int>?
        let isSafe = PercentCoding.internalTarget(content.span, path: &decoded, query: &range)
        #expect(isSafe == (path != nil))
        if let path {
            #expect(text(decoded) == path)
            #expect(range.map { content.span.extracting($0).text } == query)
        }
    }
}
