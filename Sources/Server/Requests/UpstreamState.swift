import Bytes
import HTTP
import Platform

/// What a request knows of the upstreams it has asked: the trace for `$upstream_*`, and the head that came last.
public final class UpstreamState {
    /// One attempt.
    public struct Attempt {
        public var address = ""
        /// 0 while unknown; 502, 504 when there was none.
        public var status = 0
        /// Milliseconds; nil: not reached.
        public var connectTime: Int64?
        public var headerTime: Int64?
        public var responseTime: Int64?
        public var responseLength = 0
        public var bytesReceived = 0
        public var bytesSent = 0
        public init() {}
    }

    /// The attempts before the last one.
    private var earlier: [Attempt] = []
    /// The attempt that is being made, or was made last; means something when `attemptCount` is not 0.
    public var last = Attempt()
    public private(set) var attemptCount = 0
    /// A new group of attempts begins (an internal redirect): nginx writes " : " before it.
    public var groupStarts: [Int] = []
    /// The head of the response that is being passed on.
    public var head: ResponseHead?
    /// Where the request goes, when variables of proxy_pass have said so.
    public var target: ProxyTarget?
    /// The running exchange with an upstream.
    public var exchange: UpstreamExchange?
    /// The request URI that was asked for, as the error log tells it.
    public var uri = ByteString()
    /// With TLS, likewise.
    public var isEncrypted = false
    /// X-Accel-Buffering, X-Accel-Limit-Rate.
    public var isBuffered = true
    public var trailers = Fields()

    /// A fill that outlives the request writes to it too: it serves no other request.
    var isShared = false

    public init() {}

    /// Begins another attempt.
    func begin(_ address: String) {
        if attemptCount > 0 { earlier.append(last) }
        attemptCount += 1
        last = Attempt()
        last.address = address
    }

    /// The attempts in their order, from 0.
    public func attempt(_ number: Int) -> Attempt { number < earlier.count ? earlier[number] : last }

    /// Forgets everything, keeping memory.
    func reset() {
        if !earlier.isEmpty { earlier.removeAll(keepingCapacity: true) }
        attemptCount = 0
        if !groupStarts.isEmpty { groupStarts = [] }
        head = nil
        target = nil
        exchange = nil
        uri.clear()
        isBuffered = true
        if !trailers.isEmpty { trailers.removeAll() }
    }
}
