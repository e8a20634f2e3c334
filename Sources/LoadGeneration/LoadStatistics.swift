import Observability

/// Why a unit did not get all its answers.
public enum LoadFailure: Int, Error, Sendable, CaseIterable {
    /// No connection: refused, unreachable, out of descriptors.
    case connect
    /// Connecting or answering took longer than `--timeout`.
    case timeout
    /// The request could not be sent whole.
    case write
    /// The connection was closed or reset before the answer was whole.
    case read
    /// What came is not an HTTP/1.1 response.
    case malformed
    /// The unit was due and no client came free for it before the load was over.
    case neverStarted

    public var name: String {
        switch self {
        case .connect: "connect"
        case .timeout: "timeout"
        case .write: "write"
        case .read: "read"
        case .malformed: "malformed"
        case .neverStarted: "never started"
        }
    }
}

/// What one request came to.
public struct RequestOutcome: Sendable {
    /// When it was sent, and when its last byte had come, in nanoseconds.
    public var sent: Int64
    public var finished: Int64
    public var result: Result<Int, LoadFailure>
    public var cache: CacheVerdict?

    public init(sent: Int64, finished: Int64, result: Result<Int, LoadFailure>, cache: CacheVerdict? = nil) {
        self.sent = sent
        self.finished = finished
        self.result = result
        self.cache = cache
    }
}

/// What one loop has seen; the loops' are merged at the end. Durations are in nanoseconds.
public struct LoadStatistics: Sendable {
    /// The longest duration told apart: an hour.
    public static let longest = 3_600_000_000_000

    /// From the intended start of a unit to its last byte: what a visitor feels.
    public private(set) var latency = Histogram(highestValue: longest)
    /// From the moment a client took the unit up. In a closed loop the same as `latency`.
    public private(set) var service = Histogram(highestValue: longest)
    /// Single requests, from sending to the last byte.
    public private(set) var requests = Histogram(highestValue: longest)
    /// How late an idle client woke for a unit: this tool's own fault, not the server's.
    public private(set) var lag = Histogram(highestValue: longest)
    public private(set) var apdex: Apdex
    public private(set) var unitsAnswered = 0
    public private(set) var unitsFailed = 0
    /// Units whose client was not free at the intended start.
    public private(set) var unitsQueued = 0
    public private(set) var requestsAnswered = 0
    /// Answers by the first digit of their status, 1 to 5; 0 for none of these.
    public private(set) var statusClasses = [Int](repeating: 0, count: 6)
    public private(set) var failures = [Int](repeating: 0, count: LoadFailure.allCases.count)
    public private(set) var cache = [Int](repeating: 0, count: CacheVerdict.allCases.count)
    /// Bytes of the measured and warm-up phases together.
    public var bytesReceived = 0
    public var bytesSent = 0
    public var connectionsOpened = 0
    /// Requests sent again because a kept connection had been closed meanwhile.
    public var resends = 0
    /// Latest moment at which a measured unit ended.
    public private(set) var lastEnd: Int64 = 0

    /// Statistics with T for the Apdex in nanoseconds.
    public init(apdexThreshold: Int) { apdex = Apdex(threshold: apdexThreshold) }

    /// Counts how late a client woke that had waited for the unit's intended start.
    public mutating func recordLag(_ nanoseconds: Int64) { lag.record(Int(nanoseconds)) }

    /// Counts a unit that had to wait for a client.
    public mutating func recordQueued() { unitsQueued += 1 }

    /// Counts one request of a measured unit.
    public mutating func record(_ outcome: RequestOutcome) {
        switch outcome.result {
        case .success(let status):
            requestsAnswered += 1
            let hundreds = status / 100
            statusClasses[(1...5).contains(hundreds) ? hundreds : 0] += 1
            requests.record(Int(outcome.finished - outcome.sent))
            if let verdict = outcome.cache { cache[verdict.rawValue] += 1 }
        case .failure(let failure):
            failures[failure.rawValue] += 1
        }
    }

    /// Counts a measured unit that was taken up at `started` and ended at `finished`.
    ///
    /// An answered unit is content or not by its latency; one with a failure or a status of 400 and above frustrates. A
    /// refused connection is quick and no answer: only time-outs among the failures enter the latencies.
    public mutating func recordUnit(
        _ arrival: Arrival, started: Int64, finished: Int64, worst: Result<Int, LoadFailure>
    ) {
        let duration = Int(finished - arrival.intendedStart)
        lastEnd = max(lastEnd, finished)
        switch worst {
        case .success(let status):
            unitsAnswered += 1
            latency.record(duration)
            service.record(Int(finished - started))
            if status < 400 { apdex.record(duration) } else { apdex.recordFailure() }
        case .failure(let failure):
            unitsFailed += 1
            apdex.recordFailure()
            if failure == .timeout {
                latency.record(duration)
                service.record(Int(finished - started))
            }
        }
    }

    /// Counts units that were due and never taken up.
    public mutating func recordNeverStarted(_ count: Int) {
        unitsFailed += count
        failures[LoadFailure.neverStarted.rawValue] += count
        for _ in 0..<count { apdex.recordFailure() }
    }

    public mutating func merge(_ other: LoadStatistics) {
        latency.merge(other.latency)
        service.merge(other.service)
        requests.merge(other.requests)
        lag.merge(other.lag)
        apdex.merge(other.apdex)
        unitsAnswered += other.unitsAnswered
        unitsFailed += other.unitsFailed
        unitsQueued += other.unitsQueued
        requestsAnswered += other.requestsAnswered
        for index in statusClasses.indices { statusClasses[index] += other.statusClasses[index] }
        for index in failures.indices { failures[index] += other.failures[index] }
        for index in cache.indices { cache[index] += other.cache[index] }
        bytesReceived += other.bytesReceived
        bytesSent += other.bytesSent
        connectionsOpened += other.connectionsOpened
        resends += other.resends
        lastEnd = max(lastEnd, other.lastEnd)
    }
}
