import Bytes
import Caching
import HTTP
import Testing

struct FieldRulesTests {
    @Test func whatIsKept() throws {
        let head = try response(
            200, "Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: 5", "Content-Length: 3", "Age: 4", "Set-Cookie: a=b",
            "Content-Type: text/css", "Upgrade: h2c", "X-Own: 2")
        #expect(
            lines(StoredFields.select(from: head, omittingSetCookie: false)) == [
                "Set-Cookie: a=b", "Content-Type: text/css", "X-Own: 2",
            ])
        #expect(lines(StoredFields.select(from: head, omittingSetCookie: true)) == ["Content-Type: text/css", "X-Own: 2"])
    }

    @Test func whatAConfirmationChanges() throws {
        let stored = fields(
            ("Date", "old"), ("ETag", "\"1\""), ("Content-Type", "text/css"), ("X-One", "a"), ("X-Two", "b"), ("X-One", "c"))
        let confirmation = try response(
            304, "x-one: new", "Content-Type: text/html", "Content-Length: 0", "Cache-Control: max-age=9", "Connection: close")
        let updated = StoredFields.update(stored, by: confirmation, omittingSetCookie: false)
        #expect(
            lines(updated) == ["ETag: \"1\"", "Content-Type: text/css", "X-Two: b", "x-one: new", "Cache-Control: max-age=9"])
    }

    @Test func varyIsCanonical() {
        #expect(
            Vary.parse([bytes(",, Accept-encoding , ,"), bytes("Foo,accept-Encoding")])?.names == bytes("accept-encoding,foo"))
        #expect(Vary.parse([])?.isEmpty == true)
        #expect(Vary.parse([bytes("a, *")]) == nil)
    }

    @Test func variantsOfRequests() throws {
        let vary = Vary(names: bytes("accept-encoding,foo"))
        func variant(_ lines: String...) throws -> Digest {
            var all = lines
            while all.count < 3 { all.append("X-\(all.count): y") }
            return vary.variant(of: try request("GET", all[0], all[1], all[2]))
        }
        let first = try variant("Accept-Encoding: foo, bar")
        #expect(try variant("accept-encoding: foo,bar") == first)
        #expect(try variant("Accept-Encoding: foo,,  ,bar , ") == first)
        #expect(try variant("Accept-Encoding: foo", "Accept-Encoding: bar") == first)
        #expect(try variant("Accept-Encoding: foobar") != first)
        #expect(try variant("Accept-Encoding: foo, bar", "Foo: 1") != first)
        #expect(try variant("Accept-Encoding: foo", "Foo: bar") != first)
        let absent = try variant()
        #expect(try variant("Foo:") != absent)
    }

    @Test func agesAreBounded() {
        #expect(Age.initial(age: Int.max, date: nil, now: start, delaySeconds: 3) == Age.limit)
        #expect(Age.initial(age: 5, date: start.seconds - 9, now: start) == 9)
        #expect(Age.initial(age: nil, date: start.seconds + 99, now: start) == 0)
    }

    @Test func wallTimeSaturates() {
        #expect(WallTime(seconds: Int.max) > start)
        #expect(WallTime(seconds: Int.min) < start)
        #expect(start.advanced(bySeconds: Int.max) > start)
        #expect(WallTime(milliseconds: -1).seconds == -1)
    }
}
