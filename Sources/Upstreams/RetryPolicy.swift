/// On which failures `proxy_next_upstream` lets a request go to the next peer.
public struct RetryConditions: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Connecting, sending or reading the response's head failed.
    public static let error = RetryConditions(rawValue: 1 << 0)
    /// The same did not happen in time.
    public static let timeout = RetryConditions(rawValue: 1 << 1)
    /// The head is empty or not valid.
    public static let invalidHeader = RetryConditions(rawValue: 1 << 2)
    public static let http500 = RetryConditions(rawValue: 1 << 3)
    public static let http502 = RetryConditions(rawValue: 1 << 4)
    public static let http503 = RetryConditions(rawValue: 1 << 5)
    public static let http504 = RetryConditions(rawValue: 1 << 6)
    public static let http403 = RetryConditions(rawValue: 1 << 7)
    public static let http404 = RetryConditions(rawValue: 1 << 8)
    public static let http429 = RetryConditions(rawValue: 1 << 9)
    /// Requests whose methods are not idempotent are repeated like others.
    public static let nonIdempotent = RetryConditions(rawValue: 1 << 10)

    /// nginx's default.
    public static let standard: RetryConditions = [.error, .timeout]
    /// `off`.
    public static let off: RetryConditions = []

    /// The words of the directive, in the order of nginx's documentation; `off` stands alone and gives the empty set.
    public static let words: [(word: String, condition: RetryConditions)] = [
        ("error", .error), ("timeout", .timeout), ("invalid_header", .invalidHeader), ("http_500", .http500),
        ("http_502", .http502), ("http_503", .http503), ("http_504", .http504), ("http_403", .http403),
        ("http_404", .http404), ("http_429", .http429), ("non_idempotent", .nonIdempotent), ("off", .off),
    ]

    /// The condition that a word of the directive means, or nil.
    public static func named(_ word: String) -> RetryConditions? {
        words.first { $0.word == word }?.condition
    }

    /// The condition under which a response with `status` goes to the next peer; nil for statuses that never do.
    public static func forStatus(_ status: Int) -> RetryConditions? {
        switch status {
        case 500: .http500
        case 502: .http502
        case 503: .http503
        case 504: .http504
        case 403: .http403
        case 404: .http404
        case 429: .http429
        default: nil
        }
    }
}

/// One attempt at a peer that gave no answer to pass on.
public struct FailedAttempt: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// Refused, unreachable, reset, or closed before the head was whole.
        case error
        case timeout
        case invalidHeader
        /// The head is whole and carries this status, which may be one that the directive names.
        case status(Int)

        var condition: RetryConditions? {
            switch self {
            case .error: .error
            case .timeout: .timeout
            case .invalidHeader: .invalidHeader
            case .status(let status): .forStatus(status)
            }
        }

        /// The status of the answer that the failure becomes when nothing is tried any more.
        public var status: Int {
            switch self {
            case .error, .invalidHeader: 502
            case .timeout: 504
            case .status(let status): status
            }
        }
    }

    public var kind: Kind
    /// Whether any byte of the request was handed to the kernel on this connection: the peer may have acted on it.
    public var requestSent: Bool
    /// Whether any byte of a response was read.
    public var responseStarted: Bool
    /// Whether the connection had served a request before.
    public var connectionWasKept: Bool

    public init(_ kind: Kind, requestSent: Bool, responseStarted: Bool = false, connectionWasKept: Bool = false) {
        self.kind = kind
        self.requestSent = requestSent
        self.responseStarted = responseStarted
        self.connectionWasKept = connectionWasKept
    }

    /// A kept connection that was closed before it answered: most likely the peer's own idle time-out, met on the way.
    var isStaleConnection: Bool { connectionWasKept && kind == .error && !responseStarted }
}

/// What a request is like, and what it has been through.
public struct RetrySituation: Sendable {
    /// Whether the method is idempotent (RFC 9110 §9.2.2: safe methods, PUT, DELETE). A method that is not known counts as
    /// not idempotent. nginx counts POST, LOCK and PATCH alone as such.
    public var isIdempotent: Bool
    /// Whether the body can be sent again from its first byte (or there is none).
    public var isBodyReplayable: Bool
    /// How many peers were asked so far, with the one that just failed; repeats at the same peer do not count.
    public var attempts: Int
    /// How many the group has to ask, `UpstreamGroup.triesAvailable` when the request began.
    public var triesAvailable: Int
    /// Milliseconds since the first attempt began.
    public var elapsed: Int64

    public init(isIdempotent: Bool, isBodyReplayable: Bool, attempts: Int, triesAvailable: Int, elapsed: Int64) {
        self.isIdempotent = isIdempotent
        self.isBodyReplayable = isBodyReplayable
        self.attempts = attempts
        self.triesAvailable = triesAvailable
        self.elapsed = elapsed
    }
}

/// What to do after a failed attempt.
public enum RetryDecision: Sendable, Equatable {
    /// Connect afresh to the same peer; it is neither reported nor counted as an attempt.
    case samePeer
    /// Report the peer and select another.
    case nextPeer
    /// Report the peer and answer: with its response if it gave one, else with `FailedAttempt.Kind.status`.
    case fail
}

/// `proxy_next_upstream`, `proxy_next_upstream_tries` and `proxy_next_upstream_timeout` as one pure decision.
///
/// RFC 9110 §9.2.2: a proxy must not automatically repeat a request whose method is not idempotent. What counts is whether
/// the peer may have acted on it: until a byte was sent (connection refused, connect time-out) every request may go
/// elsewhere. `non_idempotent` is the operator's word that repeating is harmless.
///
/// A kept connection that closes before a byte of response is no failure of its peer: an idempotent request repeats there
/// on a fresh connection, whatever `proxy_next_upstream` says (RFC 9112 §9.3.1 allows it, and the peer stays in service).
/// nginx counts a failure instead and goes to the next peer: two idle connections gone stale take a group of two out of
/// service for `fail_timeout`. For other requests `mayUseKeptConnection` prevents the case.
public struct RetryPolicy: Sendable, Hashable {
    public var conditions: RetryConditions
    /// How many peers may be asked for one request; 0 for no limit of its own.
    public var tries: Int
    /// Milliseconds after which no further attempt begins; 0 for no limit.
    public var timeout: Int64

    public init(conditions: RetryConditions = .standard, tries: Int = 0, timeout: Int64 = 0) {
        self.conditions = conditions
        self.tries = tries
        self.timeout = timeout
    }

    /// Whether a request may be sent on a kept connection, which can close under it: not if it could not be repeated then.
    public func mayUseKeptConnection(isIdempotent: Bool, isBodyReplayable: Bool) -> Bool {
        isBodyReplayable && (isIdempotent || conditions.contains(.nonIdempotent))
    }

    /// What to do after `attempt`.
    public func decide(_ attempt: FailedAttempt, _ situation: RetrySituation) -> RetryDecision {
        if timeout > 0, situation.elapsed >= timeout { return .fail }
        if attempt.requestSent {
            guard situation.isBodyReplayable else { return .fail }
            guard situation.isIdempotent || conditions.contains(.nonIdempotent) else { return .fail }
        }
        if attempt.isStaleConnection { return .samePeer }
        guard let condition = attempt.kind.condition, conditions.contains(condition) else { return .fail }
        let limit = tries > 0 ? min(tries, situation.triesAvailable) : situation.triesAvailable
        return situation.attempts < limit ? .nextPeer : .fail
    }

    /// What `attempt`, answered by `decision`, says of its peer: errors and time-outs are failures whether or not they are
    /// conditions; statuses when they send the request elsewhere, 403 and 404 not even then; stale connections never.
    public func outcome(of attempt: FailedAttempt, _ decision: RetryDecision) -> PeerOutcome {
        if attempt.isStaleConnection { return .abandoned }
        guard case .status(let status) = attempt.kind else { return .failure }
        return decision == .nextPeer && status != 403 && status != 404 ? .failure : .success
    }
}
