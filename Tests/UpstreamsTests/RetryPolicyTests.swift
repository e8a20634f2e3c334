import Testing

@testable import Upstreams

@Suite("Retry policy")
struct RetryPolicyTests {
    func situation(
        idempotent: Bool = true, replayable: Bool = true, attempts: Int = 1, available: Int = 3, elapsed: Int64 = 0
    ) -> RetrySituation {
        RetrySituation(
            isIdempotent: idempotent, isBodyReplayable: replayable, attempts: attempts, triesAvailable: available,
            elapsed: elapsed)
    }

    let connectFailed = FailedAttempt(.error, requestSent: false)
    let closed = FailedAttempt(.error, requestSent: true)
    let stale = FailedAttempt(.error, requestSent: true, connectionWasKept: true)

    @Test("a GET goes on after errors and time-outs, not after other failures unless named")
    func conditions() {
        let standard = RetryPolicy()
        #expect(standard.decide(connectFailed, situation()) == .nextPeer)
        #expect(standard.decide(closed, situation()) == .nextPeer)
        #expect(standard.decide(FailedAttempt(.timeout, requestSent: true), situation()) == .nextPeer)
        #expect(standard.decide(FailedAttempt(.invalidHeader, requestSent: true), situation()) == .fail)
        for (word, status) in [
            ("http_500", 500), ("http_502", 502), ("http_503", 503), ("http_504", 504), ("http_403", 403), ("http_404", 404),
            ("http_429", 429),
        ] {
            let attempt = FailedAttempt(.status(status), requestSent: true, responseStarted: true)
            #expect(standard.decide(attempt, situation()) == .fail)
            let policy = RetryPolicy(conditions: RetryConditions.named(word) ?? [])
            #expect(policy.decide(attempt, situation()) == .nextPeer)
            #expect(policy.decide(closed, situation()) == .fail)
            #expect(policy.decide(attempt, situation(attempts: 3)) == .fail)
        }
        #expect(RetryConditions.forStatus(501) == nil)
        #expect(RetryConditions.named("updating") == nil)
        #expect(RetryConditions.named("off") == .off)
        #expect(RetryPolicy(conditions: .off).decide(connectFailed, situation()) == .fail)
    }

    @Test("a POST goes on only while nothing was sent")
    func nonIdempotent() {
        let policy = RetryPolicy(conditions: [.error, .timeout, .http503])
        let post = situation(idempotent: false)
        #expect(policy.decide(connectFailed, post) == .nextPeer)
        #expect(policy.decide(FailedAttempt(.timeout, requestSent: false), post) == .nextPeer)
        #expect(policy.decide(closed, post) == .fail)
        #expect(policy.decide(stale, post) == .fail)
        #expect(policy.decide(FailedAttempt(.timeout, requestSent: true), post) == .fail)
        #expect(policy.decide(FailedAttempt(.status(503), requestSent: true, responseStarted: true), post) == .fail)
        let brave = RetryPolicy(conditions: [.error, .nonIdempotent])
        #expect(brave.decide(closed, post) == .nextPeer)
        #expect(brave.decide(stale, post) == .samePeer)
    }

    @Test("a body that is spent cannot be sent again")
    func streaming() {
        let policy = RetryPolicy()
        #expect(policy.decide(closed, situation(replayable: false)) == .fail)
        #expect(policy.decide(stale, situation(replayable: false)) == .fail)
        #expect(policy.decide(connectFailed, situation(replayable: false)) == .nextPeer)
    }

    @Test("tries and time are bounded")
    func bounds() {
        #expect(RetryPolicy().decide(closed, situation(attempts: 2)) == .nextPeer)
        #expect(RetryPolicy().decide(closed, situation(attempts: 3)) == .fail)
        #expect(RetryPolicy(tries: 2).decide(closed, situation(attempts: 1)) == .nextPeer)
        #expect(RetryPolicy(tries: 2).decide(closed, situation(attempts: 2)) == .fail)
        #expect(RetryPolicy(tries: 9).decide(closed, situation(attempts: 3)) == .fail)
        #expect(RetryPolicy().decide(closed, situation(available: 1)) == .fail)
        #expect(RetryPolicy(timeout: 100).decide(closed, situation(elapsed: 99)) == .nextPeer)
        #expect(RetryPolicy(timeout: 100).decide(closed, situation(elapsed: 100)) == .fail)
        #expect(RetryPolicy(timeout: 100).decide(stale, situation(elapsed: 100)) == .fail)
    }

    @Test("a kept connection that closed is not its peer's failure")
    func staleConnections() {
        for policy in [RetryPolicy(), RetryPolicy(conditions: .off), RetryPolicy(tries: 1)] {
            #expect(policy.decide(stale, situation(available: 1)) == .samePeer)
            #expect(policy.outcome(of: stale, .samePeer) == .abandoned)
            #expect(policy.outcome(of: stale, .fail) == .abandoned)
        }
        var answered = stale
        answered.responseStarted = true
        #expect(RetryPolicy().decide(answered, situation()) == .nextPeer)
        #expect(RetryPolicy().outcome(of: answered, .nextPeer) == .failure)
        let silent = FailedAttempt(.timeout, requestSent: true, connectionWasKept: true)
        #expect(RetryPolicy().decide(silent, situation()) == .nextPeer)
    }

    @Test("what may not be repeated takes a fresh connection")
    func keptConnections() {
        let policy = RetryPolicy()
        #expect(policy.mayUseKeptConnection(isIdempotent: true, isBodyReplayable: true))
        #expect(!policy.mayUseKeptConnection(isIdempotent: false, isBodyReplayable: true))
        #expect(!policy.mayUseKeptConnection(isIdempotent: true, isBodyReplayable: false))
        #expect(RetryPolicy(conditions: .nonIdempotent).mayUseKeptConnection(isIdempotent: false, isBodyReplayable: true))
    }

    @Test("which failures count against the peer")
    func outcomes() {
        let policy = RetryPolicy(conditions: [.http503, .http404, .http403, .http429])
        for kind in [FailedAttempt.Kind.error, .timeout, .invalidHeader] {
            #expect(policy.outcome(of: FailedAttempt(kind, requestSent: true), .fail) == .failure)
        }
        let expected: [Int: PeerOutcome] = [503: .failure, 429: .failure, 404: .success, 403: .success]
        for (status, outcome) in expected {
            let attempt = FailedAttempt(.status(status), requestSent: true, responseStarted: true)
            #expect(policy.outcome(of: attempt, .nextPeer) == outcome)
            #expect(policy.outcome(of: attempt, .fail) == .success)
        }
    }

    @Test("what the client is told")
    func statuses() {
        #expect(FailedAttempt.Kind.error.status == 502)
        #expect(FailedAttempt.Kind.invalidHeader.status == 502)
        #expect(FailedAttempt.Kind.timeout.status == 504)
        #expect(FailedAttempt.Kind.status(503).status == 503)
    }

    @Test("over all combinations: what may have been acted on is never repeated without leave")
    func exhaustive() {
        let bools = [false, true]
        for bits in UInt16(0)..<(1 << 11) {
            let policy = RetryPolicy(conditions: RetryConditions(rawValue: bits))
            for kind in [FailedAttempt.Kind.error, .timeout, .invalidHeader, .status(503), .status(200)] {
                for kept in bools {
                    for started in bools {
                        for replayable in bools {
                            let attempt = FailedAttempt(
                                kind, requestSent: true, responseStarted: started, connectionWasKept: kept)
                            let post = policy.decide(attempt, situation(idempotent: false, replayable: replayable))
                            let mayRepeat = replayable && policy.conditions.contains(.nonIdempotent)
                            if !mayRepeat { #expect(post == .fail) }
                        }
                    }
                }
            }
        }
    }
}
