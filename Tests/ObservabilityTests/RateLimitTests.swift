import Observability
import Testing

@Suite("Rate of messages")
struct RateLimitTests {
    @Test("one message per period, with the number kept back")
    func period() {
        var limit = RateLimit()
        let key = RateLimit.Key("disk full")
        #expect(limit.admit(key, oncePer: 60, now: 1_000) == 0)
        #expect(limit.admit(key, oncePer: 60, now: 1_001) == nil)
        #expect(limit.admit(key, oncePer: 60, now: 1_059) == nil)
        #expect(limit.admit(key, oncePer: 60, now: 1_060) == 2)
        #expect(limit.admit(key, oncePer: 60, now: 1_061) == nil)
    }

    @Test("kinds and subjects do not silence each other")
    func keys() {
        var limit = RateLimit()
        #expect(limit.admit(RateLimit.Key("a"), oncePer: 60, now: 0) == 0)
        #expect(limit.admit(RateLimit.Key("a", subject: 1), oncePer: 60, now: 0) == 0)
        #expect(limit.admit(RateLimit.Key("b"), oncePer: 60, now: 0) == 0)
    }

    @Test("a clock set back by a year silences nothing for long")
    func clockSetBack() {
        var limit = RateLimit()
        #expect(limit.admit(RateLimit.Key("a"), oncePer: 60, now: 40_000_000) == 0)
        #expect(limit.admit(RateLimit.Key("a"), oncePer: 60, now: 1_000) == 0)
        #expect(limit.admit(RateLimit.Key("a"), oncePer: 60, now: 1_001) == nil)
    }

    @Test("the table does not grow without bound")
    func bound() {
        var limit = RateLimit(capacity: 10)
        for subject in 0..<1_000 { #expect(limit.admit(RateLimit.Key("x", subject: subject), oncePer: 60, now: 5) == 0) }
    }
}

extension RateLimit.Key {
    fileprivate init(_ source: StaticString, subject: Int) { self.init(source, subject: UInt64(subject)) }
}
