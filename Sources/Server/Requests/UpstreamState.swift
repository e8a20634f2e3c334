import Bytes
import HTTP
import Platform

/// What a request knows of the upstreams it has asked: the trace for `$upstream_*`, and the head that came last.
package final class UpstreamState {
    /// One attempt.
    package struct Attempt {
        package var address = ""
        /// 0 while unknown; 502, 504 when there was none.
        package var status = 0
        /// Milliseconds; nil: not reached.
        package var connectTime: Int64?
        package var headerTime: Int64?
        package var responseTime: Int64?
        package var responseLength = 0
        package var bytesReceived = 0
        package var bytesSent = 0
        package init() {}
    }

    package var attempts: [Attempt] = []
    /// A new group of attempts begins (an internal redirect): nginx writes " : " before it.
    package var groupStarts: [Int] = []
    /// The head of the response that is being passed on.
    package var head: ResponseHead?
    /// Where the request goes, when variables of proxy_pass have said so.
    package var target: ProxyTarget?
    /// The running exchange with an upstream.
    package var exchange: UpstreamExchange?
    /// The group's or host's name in proxy_pass (`$proxy_host`), its port, and the request URI that was sent.
    package var proxyHost: [UInt8] = []
    package var proxyPort: [UInt8] = []
    package var uri: [UInt8] = []
    /// X-Accel-Buffering, X-Accel-Limit-Rate.
    package var isBuffered = true
    package var trailers = Fields()

    package init() {}

    /// Forgets everything, keeping memory.
    func reset() {
        attempts.removeAll(keepingCapacity: true)
        if !groupStarts.isEmpty { groupStarts = [] }
        head = nil
        target = nil
        exchange = nil
        // The target's own arrays: to clear them would copy them.
        proxyHost = []
        proxyPort = []
        uri.clear()
        isBuffered = true
        if !trailers.isEmpty { trailers.removeAll() }
    }
}
