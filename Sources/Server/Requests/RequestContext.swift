import Bytes
import EventLoops
import HTTP
import Patterns

/// The state of one run of a request through the pipeline.
///
/// A pooled object of one loop: the connection fills it, handlers read and change it, and when something must be waited for it
/// moves into an exchange as it is. It names no feature.
public final class RequestContext {
    public let serving: ServingLoop
    /// The head as received; frozen once decoded.
    public let head: RequestHead
    public var connection = ConnectionFacts()
    public var site: Site
    public var server: ServerPlan
    public var plan: LocationPlan
    /// The decoded path: `$uri`. Internal redirects change it.
    public var path: [UInt8] = []
    /// The query of an internal redirect or an assignment to `$args`; nil: the head's own.
    public var query: [UInt8]?
    /// The method after `error_page` has made a GET of it; nil: the head's own.
    public var methodOverride: Method?
    public var response = OutgoingResponse()
    public var outcome = Outcome.none
    public let body = RequestBody()
    var writer = ResponseWriter()
    /// The loop's block in which heads are built.
    let output: ByteBuffer

    // Pipeline
    /// The next handler of the plan.
    public var position = 0
    /// Still in the server's own rewrite phase.
    public var isInServerPhase = true
    public var redirectCount = 0
    /// Reached by an internal redirect.
    public var isInternal = false
    /// An error page was gone to from a location without `recursive_error_pages`: there will be no other.
    public var errorPagesAreOver = false
    /// `try_files` has found the path behind the alias of a regex location.
    public var appendsPathToAlias = false
    /// The status that an error page stands in for; 0: none. Also keeps `error_page` from applying to itself.
    public var errorStatus = 0
    /// A `=code` of error_page: the status to answer with whatever the page says.
    public var overridingStatus = 0
    /// The status an error_page must keep, unless its content decides otherwise.
    public var keepsErrorStatus = false

    // Times, milliseconds since 1970
    public var startedAt: Int64 = 0
    /// The same on the loop's own clock.
    public var startedTick: Int64 = 0

    // Sending
    /// Bytes sent to the client, heads and framing included (`$bytes_sent`).
    public var bytesSent = 0
    /// Bytes of head sent: what is taken off for `$body_bytes_sent`.
    public var headBytesSent = 0
    /// The request came while the one before it was being answered.
    public var isPipelined = false
    private var identifier: (UInt64, UInt64)?

    /// Appends `$request_id`: the same digits each time it is asked for.
    public func appendRequestIdentifier(to output: inout ByteString) {
        let parts = identifier ?? (UInt64.random(in: 0...UInt64.max), UInt64.random(in: 0...UInt64.max))
        identifier = parts
        var text: [UInt8] = []
        Digest(high: parts.0, low: parts.1).appendHex(to: &text)
        output.append(text.span)
    }

    /// Fields of an app's answer that led elsewhere by X-Accel-Redirect: they go along.
    public var carriedFields = Fields()
    public var carriedType: [UInt8] = []
    /// Location of a redirect that an error page stands in for; the page's own goes before it.
    public var carriedLocation = ByteString()
    /// Set by a header filter that refuses the response, when an error page stands in for this status; else 0.
    public var filterRefusal = 0

    /// 100 Continue has been sent.
    public var hasSentContinue = false
    /// The whole response is out.
    public var isComplete = false
    /// Bytes per second; nil: what `limit_rate` says; 0: unlimited.
    public var limitRate: Int?
    // Proxying and caching
    public var upstream: UpstreamState?
    public var cache: CacheState?
    /// An exchange that is over, to be used again. It knows this context: whoever lets go of a context that has one lets go
    /// of it first.
    var spareExchange: Exchange?
    /// The trace of an earlier request, to be used again.
    private var spareCache: CacheState?
    private var spareUpstream: UpstreamState?

    // Variables
    public var slots: [VariableSlot] = []
    private var usesSlots = false
    private var captureSubject: [UInt8] = []
    private var captureRanges: [Range<Int>?] = []
    private var scratches = InlineArray<4, ByteString> { _ in ByteString() }
    private var scratchesTaken = 0

    public init(serving: ServingLoop, head: RequestHead, site: Site, server: ServerPlan) {
        self.serving = serving
        output = serving.output
        self.head = head
        self.site = site
        self.server = server
        plan = server.fallback
        path.reserveCapacity(256)
    }

    /// Forgets the last request, keeping memory.
    public func reset() {
        head.reset()
        path.clear()
        query = nil
        methodOverride = nil
        response.reset()
        outcome = .none
        body.reset()
        position = 0
        isInServerPhase = true
        redirectCount = 0
        isInternal = false
        appendsPathToAlias = false
        errorPagesAreOver = false
        errorStatus = 0
        overridingStatus = 0
        keepsErrorStatus = false
        bytesSent = 0
        headBytesSent = 0
        hasSentContinue = false
        if !carriedFields.isEmpty { carriedFields.removeAll() }
        if !carriedType.isEmpty { carriedType = [] }
        carriedLocation.clear()
        filterRefusal = 0
        isPipelined = false
        identifier = nil
        isComplete = false
        limitRate = nil
        // A context waits longer than a connection lives.
        if connection.session != nil { connection.session = nil }
        if let upstream, upstream.isShared {
            // A fill goes on writing to it.
            self.upstream = nil
        } else if let upstream {
            if let received = upstream.head.take() { serving.give(received) }
            upstream.reset()
            swap(&self.upstream, &spareUpstream)
        }
        if let cache {
            cache.reset()
            swap(&self.cache, &spareCache)
        }
        if usesSlots { forgetSlots() }
        if connection.security != .plain { connection.session = nil }
        scratchesTaken = 0
        if !captureRanges.isEmpty { captureRanges.removeAll(keepingCapacity: true) }
    }

    private func forgetSlots() {
        for index in slots.indices { slots[index].state = .unset }
        usesSlots = false
    }

    public var method: Method { methodOverride ?? head.method }

    /// The address the client came to, where no host name is known.
    public var localHost: String { connection.local.host }

    /// The trace of upstreams, made at its first use.
    public func upstreamState() -> UpstreamState {
        if let upstream { return upstream }
        swap(&upstream, &spareUpstream)
        if let upstream { return upstream }
        let made = UpstreamState()
        upstream = made
        return made
    }

    /// Takes up `trace` again, if it is the one that was kept for another request.
    func resumes(_ trace: UpstreamState) -> Bool {
        if upstream == nil { swap(&upstream, &spareUpstream) }
        return upstream === trace
    }

    /// The trace of the cache, made at its first use.
    public func cacheState() -> CacheState {
        if let cache { return cache }
        swap(&cache, &spareCache)
        if let cache { return cache }
        let made = CacheState()
        cache = made
        return made
    }

    /// An internal redirect leaves an upstream behind: the trace goes on in a new group. What its head said can still be asked
    /// for (`$upstream_http_…`).
    func upstreamRedirected() {
        guard let upstream else { return }
        upstream.exchange?.close()
        upstream.exchange = nil
        upstream.target = nil
        if upstream.attemptCount > 0 { upstream.groupStarts.append(upstream.attemptCount) }
    }

    /// Appends the query as it is now; false when there is none.
    @discardableResult
    public func appendQuery(to output: inout ByteString) -> Bool {
        if let query {
            output.append(contentsOf: query)
            return !query.isEmpty
        }
        guard let range = head.queryRange, !range.isEmpty else { return false }
        let head = self.head
        output.append(head.bytes(range))
        return true
    }

    public var hasQuery: Bool {
        if let query { return !query.isEmpty }
        return head.queryRange.map { !$0.isEmpty } ?? false
    }

    // MARK: Variables that the configuration makes

    public func setSlot(_ index: Int, _ value: [UInt8]) {
        prepareSlots()
        slots[index].bytes = value
        slots[index].state = .value
    }

    private func prepareSlots() {
        usesSlots = true
        while slots.count < site.variables.count { slots.append(VariableSlot()) }
    }

    /// Appends a slot's value, computing it at its first use; false when it has none.
    func appendSlot(_ index: Int, to output: inout ByteString) -> Bool {
        prepareSlots()
        switch slots[index].state {
        case .value:
            output.append(contentsOf: slots[index].bytes)
            return true
        case .missing, .evaluating:
            return false
        case .unset:
            guard let computation = site.variables[index] else { return false }
            slots[index].state = .evaluating
            var value = ByteString()
            let isFound = computation.compute(self, &value)
            output.append(value.span)
            if computation.isVolatile {
                slots[index].state = .unset
                return isFound
            }
            slots[index].bytes = value.array
            slots[index].state = isFound ? .value : .missing
            return isFound
        }
    }

    // MARK: Captures

    /// Matches a regex; on success its groups are `$1`… and its named groups are set. Errors: 500 when the match had to be
    /// given up (neither true nor false would be safe for an access rule).
    public func match(_ pattern: NamePattern, _ subject: [UInt8]) throws(RequestFailure) -> Bool {
        let data = serving.matchData
        do throws(MatchFailure) {
            guard try pattern.pattern.match(subject.span, into: data) else { return false }
        } catch {
            throw RequestFailure(500, "a regular expression took too long or failed")
        }
        keepCaptures(data, subject)
        for capture in pattern.captures {
            let range = data.range(of: capture.group)
            setSlot(capture.slot, range.map { Array(subject[$0]) } ?? [])
        }
        return true
    }

    private func keepCaptures(_ data: MatchData, _ subject: [UInt8]) {
        captureSubject = subject
        captureRanges.removeAll(keepingCapacity: true)
        for group in 0..<data.count { captureRanges.append(data.range(of: group)) }
    }

    /// Leaves `$1` to `$9` empty.
    public func forgetCaptures() { captureRanges.removeAll(keepingCapacity: true) }

    /// Appends `$1` to `$9` of the last regex that matched.
    public func appendCapture(_ group: Int, to output: inout ByteString) {
        guard group < captureRanges.count, let range = captureRanges[group] else { return }
        let subject = captureSubject
        output.append(subject.span.extracting(range))
    }

    // MARK: Scratch memory

    /// An empty string with memory from earlier uses; give it back.
    public func takeScratch() -> ByteString {
        var taken = ByteString()
        if scratchesTaken < scratches.count { swap(&scratches[scratchesTaken], &taken) }
        scratchesTaken += 1
        return taken
    }

    public func giveScratch(_ scratch: inout ByteString) {
        scratch.clear()
        // One that is given back late, or never, costs its memory and no more.
        guard scratchesTaken > 0 else { return }
        scratchesTaken -= 1
        if scratchesTaken < scratches.count { swap(&scratches[scratchesTaken], &scratch) }
    }
}
