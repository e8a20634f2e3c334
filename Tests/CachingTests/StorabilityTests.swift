import Caching
import HTTP
import Testing

struct StorabilityTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var lines: [String]
        var status = 200
        var request: [String] = []
        var method = "GET"
        var ignored: IgnoredFields = []
        var valid: [CacheValidity.Rule] = []
        var expected: String
        var testDescription: String { "\(status) \(lines) \(method) \(request) -> \(expected)" }
    }

    static let cases: [Case] = [
        // Lifetimes and their order.
        Case(lines: [], expected: "no-lifetime"),
        Case(lines: ["Cache-Control: max-age=60"], expected: "max-age 60"),
        Case(lines: ["Cache-Control: max-age=60, s-maxage=10"], expected: "s-maxage 10"),
        Case(lines: ["Cache-Control: max-age=0"], expected: "max-age-0"),
        Case(lines: ["Cache-Control: max-age=60, s-maxage=0"], expected: "max-age-0"),
        Case(lines: ["Cache-Control: max-age=x"], expected: "cache-control-invalid"),
        Case(lines: ["Cache-Control: max-age=9223372036854775808"], expected: "max-age 2147483648"),
        Case(lines: ["Expires: Thu, 01 Jan 2026 00:01:00 GMT"], expected: "expires 60"),
        Case(lines: ["Expires: Thu, 01 Jan 1970 00:00:01 GMT"], expected: "expires-past"),
        Case(lines: ["Expires: 0"], expected: "expires-past"),
        Case(lines: ["Expires: Thu, 01 Jan 1970 00:00:01 GMT", "Cache-Control: max-age=60"], expected: "max-age 60"),
        Case(lines: ["Cache-Control: max-age=60", "Expires: Thu, 01 Jan 1970 00:00:01 GMT"], expected: "max-age 60"),
        Case(lines: ["Cache-Control: no-cache", "Expires: Thu, 31 Dec 2037 23:55:55 GMT"], expected: "no-cache"),
        Case(lines: ["X-Accel-Expires: 60", "Cache-Control: no-cache"], expected: "x-accel-expires 60"),
        Case(lines: ["Cache-Control: private", "X-Accel-Expires: 60"], expected: "x-accel-expires 60"),
        Case(lines: ["X-Accel-Expires: 0", "Cache-Control: max-age=60"], expected: "x-accel-expires-0"),
        Case(lines: ["X-Accel-Expires: 60", "X-Accel-Expires: 0"], expected: "x-accel-expires 60"),
        Case(lines: ["X-Accel-Expires: @1767225660"], expected: "x-accel-expires 60"),
        Case(lines: ["X-Accel-Expires: @60"], expected: "x-accel-expires -1767225540"),
        Case(lines: ["X-Accel-Expires: off", "Cache-Control: max-age=5"], expected: "max-age 5"),
        Case(lines: [], valid: [.init(status: 200, seconds: 30)], expected: "cache-valid 30"),
        Case(lines: [], status: 404, valid: [.init(status: 200, seconds: 30)], expected: "no-lifetime"),
        Case(lines: [], status: 404, valid: [.init(status: 0, seconds: 9)], expected: "cache-valid 9"),
        Case(
            lines: [], status: 404, valid: [.init(status: 404, seconds: 0), .init(status: 0, seconds: 9)],
            expected: "no-lifetime"),
        Case(lines: ["Cache-Control: max-age=5"], valid: [.init(status: 200, seconds: 30)], expected: "max-age 5"),
        Case(lines: ["Cache-Control: must-revalidate"], valid: [.init(status: 200, seconds: 30)], expected: "cache-valid 30"),
        // Age (RFC 9111 §4.2.3).
        Case(lines: ["Cache-Control: max-age=60", "Age: 20"], expected: "max-age 40"),
        Case(lines: ["Cache-Control: max-age=60", "Age: 60"], expected: "age-exceeds-lifetime"),
        Case(lines: ["Cache-Control: max-age=60", "Date: Wed, 31 Dec 2025 23:59:50 GMT"], expected: "max-age 50"),
        Case(lines: ["Cache-Control: max-age=1", "Date: Wed, 31 Dec 2025 23:59:59 GMT"], expected: "max-age 1"),
        Case(lines: ["X-Accel-Expires: 60", "Age: 20"], expected: "x-accel-expires 60"),
        // What may not be stored.
        Case(lines: ["Cache-Control: max-age=60, no-store"], expected: "no-store"),
        Case(lines: ["Cache-Control: max-age=60", "Cache-Control: private"], expected: "private"),
        Case(lines: ["Cache-Control: max-age=60, no-cache=\"Set-Cookie\""], expected: "no-cache"),
        Case(lines: ["Set-Cookie: a=b", "Cache-Control: max-age=60"], expected: "set-cookie"),
        Case(lines: ["Vary: *", "Cache-Control: max-age=60"], expected: "vary-star"),
        Case(lines: ["Vary: Accept, *", "Cache-Control: max-age=60"], expected: "vary-star"),
        Case(lines: ["X-Accel-Redirect: /x", "Cache-Control: max-age=60"], expected: "x-accel-redirect"),
        Case(lines: ["X-Accel-Buffering: no", "Cache-Control: max-age=60"], expected: "x-accel-buffering"),
        Case(lines: ["Cache-Control: max-age=60"], status: 206, expected: "partial-content"),
        Case(lines: [], status: 206, valid: [.init(status: 206, seconds: 7)], expected: "cache-valid 7"),
        Case(lines: ["Cache-Control: max-age=60"], status: 304, expected: "not-modified"),
        Case(lines: ["Cache-Control: max-age=60"], method: "POST", expected: "method"),
        Case(lines: ["Cache-Control: max-age=60"], method: "HEAD", expected: "max-age 60"),
        // A shared cache and Authorization (RFC 9111 §3.5).
        Case(lines: ["Cache-Control: max-age=60"], request: ["Authorization: x"], expected: "authorization"),
        Case(lines: ["Cache-Control: max-age=60, public"], request: ["Authorization: x"], expected: "max-age 60"),
        Case(lines: ["Cache-Control: s-maxage=60"], request: ["Authorization: x"], expected: "s-maxage 60"),
        Case(lines: ["X-Accel-Expires: 60"], request: ["Authorization: x"], expected: "authorization"),
        // proxy_ignore_headers.
        Case(lines: ["Set-Cookie: a=b", "Cache-Control: max-age=60"], ignored: .setCookie, expected: "max-age 60"),
        Case(lines: ["Vary: *", "Cache-Control: max-age=60"], ignored: .vary, expected: "max-age 60"),
        Case(
            lines: ["Cache-Control: private", "Expires: Thu, 01 Jan 2026 00:01:00 GMT"], ignored: .cacheControl,
            expected: "expires 60"),
        Case(
            lines: ["Cache-Control: max-age=60", "Expires: 0", "X-Accel-Expires: 0"],
            ignored: [.cacheControl, .expires, .xAccelExpires], expected: "no-lifetime"),
        Case(
            lines: ["Cache-Control: public"], request: ["Authorization: x"], ignored: .cacheControl,
            valid: [.init(status: 200, seconds: 1)], expected: "authorization"),
    ]

    @Test(arguments: cases) func judgement(_ item: Case) throws {
        var settings = CacheSettings()
        settings.ignored = item.ignored
        settings.validity.rules = item.valid
        let head = try response(item.status)
        var content = Fields()
        for line in item.lines {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
            content.append(spelledAs: bytes(String(parts[0])).span, bytes(String(parts[1])).span)
        }
        let asked = try request(item.method, item.request.first ?? "X-Nothing: 1")
        let facts = ResponseFacts(status: head.status, content)
        let judged = Storability.judge(facts, RequestFacts(asked), settings, now: start)
        switch judged {
        case .refuse(let reason): #expect("\(reason.token)" == item.expected)
        case .store(let lifetime, _, let reason):
            #expect("\(reason.token) \(lifetime.freshUntil.seconds - start.seconds)" == item.expected)
        }
    }

    @Test func headAndStoredFieldsSayTheSame() throws {
        let head = try response(200, startDate, "Cache-Control: max-age=60", "Age: 3", "Vary: Accept")
        let facts = ResponseFacts(head)
        let judged = Storability.judge(facts, RequestFacts(method: .get, hasAuthorization: false), CacheSettings(), now: start)
        guard case .store(let lifetime, let vary, .maxAge) = judged else {
            Issue.record("\(judged)")
            return
        }
        #expect(lifetime.age(at: start) == 3)
        #expect(lifetime.age(at: start.advanced(bySeconds: 10)) == 13)
        #expect(lifetime.isFresh(at: WallTime(milliseconds: start.milliseconds + 56_999)))
        #expect(!lifetime.isFresh(at: start.advanced(bySeconds: 57)))
        #expect(text(vary.names) == "accept")
    }

    @Test func extensionsHoldWhateverGaveTheLifetime() throws {
        let lines = ["X-Accel-Expires: @1", "Cache-Control: stale-while-revalidate=2145902155"]
        for order in [lines, lines.reversed()] {
            let head = try response(200, order[0], order[1])
            let facts = ResponseFacts(head)
            guard
                case .store(let lifetime, _, .xAccelExpires) = Storability.judge(
                    facts, RequestFacts(method: .get, hasAuthorization: false), CacheSettings(), now: start)
            else {
                Issue.record("not stored")
                return
            }
            #expect(!lifetime.isFresh(at: start))
            #expect(lifetime.mayServeWhileRevalidating(at: start))
        }
    }

    @Test func whatMayBeServedStale() throws {
        func lifetime(_ control: String) throws -> Lifetime {
            let head = try response(200, "Cache-Control: \(control)")
            let facts = ResponseFacts(head)
            guard
                case .store(let lifetime, _, _) = Storability.judge(
                    facts, RequestFacts(method: .get, hasAuthorization: false), CacheSettings(), now: start)
            else { throw RequestFailure(500, "not stored") }
            return lifetime
        }
        let later = start.advanced(bySeconds: 2)
        let plain = try lifetime("max-age=1")
        var settings = CacheSettings()
        #expect(StaleRules.decide(plain, isBeingUpdated: true, settings: settings, at: later) == .refresh)
        #expect(StaleRules.afterFailure(.error, plain, settings: settings, at: later) == nil)
        settings.useStale = [.updating, .http500]
        #expect(StaleRules.decide(plain, isBeingUpdated: true, settings: settings, at: later) == .serve(.staleUpdating))
        #expect(StaleRules.decide(plain, isBeingUpdated: false, settings: settings, at: later) == .refresh)
        settings.updatesInBackground = true
        #expect(
            StaleRules.decide(plain, isBeingUpdated: false, settings: settings, at: later) == .serveAndRefresh(.staleUpdating))
        #expect(StaleRules.afterFailure(.http500, plain, settings: settings, at: later) == .staleUseStale)
        #expect(StaleRules.afterFailure(.http502, plain, settings: settings, at: later) == nil)

        let onError = try lifetime("max-age=1, stale-if-error=5")
        #expect(StaleRules.afterFailure(.error, onError, settings: settings, at: later) == .staleIfError)
        #expect(StaleRules.afterFailure(.http503, onError, settings: settings, at: later) == nil)
        #expect(StaleRules.afterFailure(.error, onError, settings: settings, at: start.advanced(bySeconds: 6)) == nil)

        for control in ["max-age=1, must-revalidate", "max-age=1, proxy-revalidate", "s-maxage=1"] {
            let strict = try lifetime(control)
            #expect(StaleRules.decide(strict, isBeingUpdated: true, settings: settings, at: later) == .refresh)
            #expect(StaleRules.afterFailure(.http500, strict, settings: settings, at: later) == nil)
        }
        #expect(try lifetime("s-maxage=1, stale-while-revalidate=5").mayServeWhileRevalidating(at: later))
    }

    @Test func theStatusesOfStaleConditions() {
        #expect(StaleConditions.status(429) == .http429)
        #expect(StaleConditions.status(501) == [])
    }

    @Test func tokensAreDistinct() {
        let tokens = CacheReason.allCases.map { "\($0.token)" }
        #expect(Set(tokens).count == tokens.count)
    }
}
