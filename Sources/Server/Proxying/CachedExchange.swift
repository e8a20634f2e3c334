import Bytes
import Caching
import EventLoops
import HTTP
import Upstreams

/// A request to a location with a cache: looks its response up, and decides between serving, following a fill, fetching and
/// passing.
package final class CachedExchange {
    let plan: ProxyPlan
    let cache: CachePlan
    let context: RequestContext
    unowned let exchange: Exchange
    private var key = CacheKey([])
    private var stale: Entry?
    private var place = CachePlace(digest: Digest(high: 0, low: 0))

    init?(_ plan: ProxyPlan, _ context: RequestContext, _ exchange: Exchange) {
        guard let cache = plan.options.cache else { return nil }
        self.plan = plan
        self.cache = cache
        self.context = context
        self.exchange = exchange
    }

    private var now: WallTime { WallTime(milliseconds: context.serving.loop.wallNow) }
    private var state: CacheState { context.cacheState() }

    func run() async -> Outcome {
        guard cache.settings.methods.contains(context.method), context.methodOverride == nil else {
            state.reason = .method
            return await pass()
        }
        if !plan.options.buffersResponse {
            state.reason = .unbuffered
            return await pass()
        }
        makeKey()
        if cache.bypass.contains(where: { $0.isTrue(context) }) { return await bypass() }
        if isBeyondRangeOffset() {
            state.reason = .rangeOffset
            return await pass()
        }
        return await lookUp(attemptsLeft: 3)
    }

    private func makeKey() {
        var bytes: [UInt8] = []
        cache.key.append(to: &bytes, context)
        if context.method == .head, !cache.convertsHead { bytes.append(literal: "HEAD") }
        key = CacheKey(bytes)
        place = CachePlace(digest: key.digest)
        state.key = key
    }

    // MARK: Looking up

    private func lookUp(attemptsLeft: Int) async -> Outcome {
        var found = cache.zone.find(key, context.head, now: now)
        if case .needsDisk = found { found = cache.zone.findOnDisk(key, context.head, now: now) }
        switch found {
        case .hit(let entry, _):
            state.status = .hit
            state.reason = .hit
            return serve(entry)
        case .stale(let entry, let place, let isBeingUpdated):
            self.place = place
            stale = entry
            return await handleStale(entry, isBeingUpdated, attemptsLeft)
        case .none(let place):
            self.place = place
            state.status = .miss
            state.reason = .miss
            if cache.minUses > 1, cache.zone.countUse(place.digest, now: now) < cache.minUses {
                state.reason = .minUses
                return await pass()
            }
            return await fill(attemptsLeft)
        case .needsDisk:
            state.status = .miss
            state.reason = .diskUnavailable
            return await pass()
        }
    }

    private func handleStale(_ entry: Entry, _ isBeingUpdated: Bool, _ attemptsLeft: Int) async -> Outcome {
        let decision = StaleRules.decide(
            entry.head.lifetime, isBeingUpdated: isBeingUpdated, settings: cache.settings, at: now)
        switch decision {
        case .serve(let reason):
            state.status = .updating
            state.reason = reason
            return serve(entry)
        case .serveAndRefresh(let reason):
            state.status = .stale
            state.reason = reason
            if cache.zone.beginUpdate(place.digest) { BackgroundUpdate(plan, cache, context, entry, key, place).start() }
            return serve(entry)
        case .refresh:
            state.status = .expired
            state.reason = .expired
            return await fill(attemptsLeft)
        }
    }

    /// Composes the stored response.
    private func serve(_ entry: Entry) -> Outcome {
        context.serving.hotTable(cache.zone).insert(entry, now: now)
        CachedExchange.compose(entry, plan, context, now)
        return .stored
    }

    static func compose(_ entry: Entry, _ plan: ProxyPlan, _ context: RequestContext, _ now: WallTime) {
        context.cacheState().entry = entry
        ResponseRewriting.apply(
            stored: entry.head.fields, status: entry.head.status, length: entry.body.count, context, plan)
        context.response.fields.append(.age, decimal: entry.head.lifetime.age(at: now))
        switch entry.body {
        case .memory(let bytes): context.response.content = .memory(bytes, 0..<bytes.count)
        case .file(let file):
            context.response.content = .file(file.descriptor, file.offset..<(file.offset + file.count))
        }
    }

    /// Serves what this loop has at hand, without a task; false when there is anything to find out first.
    package static func serveHot(_ plan: ProxyPlan, _ context: RequestContext) -> Bool {
        guard let cache = plan.options.cache, plan.options.buffersResponse, context.methodOverride == nil,
            cache.settings.methods.contains(context.method), context.method != .head || cache.convertsHead,
            cache.maxRangeOffset == nil || !context.head.has(.range)
        else { return false }
        for condition in cache.bypass where condition.isTrue(context) { return false }
        let now = WallTime(milliseconds: context.serving.loop.wallNow)
        var key = context.takeScratch()
        defer { context.giveScratch(&key) }
        cache.key.append(to: &key, context)
        guard let slot = context.serving.hotTable(cache.zone).find(key.span, context.head, now: now) else { return false }
        let state = context.cacheState()
        state.status = .hit
        state.reason = .hit
        compose(slot.entry, plan, context, now)
        return true
    }

    // MARK: Passing

    /// An ordinary pass; nothing is stored.
    private func pass() async -> Outcome {
        let upstream = UpstreamExchange(plan, context, owner: exchange)
        context.upstreamState().exchange = upstream
        return await upstream.obtainHead()
    }

    /// Asks the origin whatever is stored; what comes replaces it.
    private func bypass() async -> Outcome {
        state.status = .bypass
        state.reason = .bypass
        let fill = Fill(key: key, place: place, startedAt: now)
        return await lead(fill)
    }

    private func isBeyondRangeOffset() -> Bool {
        guard let bound = cache.maxRangeOffset, let slot = context.head.first(.range) else { return false }
        let head = context.head
        // Only the first position counts; a suffix has none and is far behind any.
        switch ByteRanges(head.value(slot), length: Int.max / 2) {
        case .single(let range): return range.lowerBound >= bound
        case .multiple(let ranges): return ranges.contains { $0.lowerBound >= bound }
        case .whole, .unsatisfiable: return false
        }
    }

    // MARK: Fills

    private func fill(_ attemptsLeft: Int) async -> Outcome {
        guard cache.usesLock else {
            if stale != nil { _ = cache.zone.beginUpdate(place.digest) }
            return await lead(Fill(key: key, place: place, startedAt: now))
        }
        switch cache.zone.fills.join(key, place, now: now) {
        case .lead(let fill):
            if stale != nil { _ = cache.zone.beginUpdate(place.digest) }
            return await lead(fill)
        case .follow(let fill): return await follow(fill, attemptsLeft)
        case .alone(let reason):
            state.reason = reason
            return await lead(Fill(key: key, place: place, startedAt: now))
        }
    }

    /// Fetches: up to the head in this exchange's own task, which goes on although the client leaves; then the fill takes over.
    private func lead(_ fill: Fill) async -> Outcome {
        let exchange = exchange
        let upstream = UpstreamExchange(plan, context, owner: exchange) { false }
        upstream.validators = validators()
        context.upstreamState().exchange = upstream
        let reader = fill.attach()
        let outcome = await upstream.obtainHead()
        guard case .head = outcome, let head = context.upstream?.head else {
            if let reader { fill.detach(reader) }
            return leaderFailed(fill, outcome)
        }
        if head.status == 304, let stale, upstream.validators != nil {
            if let reader { fill.detach(reader) }
            return revalidated(head, stale, fill, upstream)
        }
        let judgement = judge(head)
        switch judgement {
        case .store(let stored):
            let writer = cache.zone.beginStore(
                stored, digest: place.digest(for: stored, key: key), temporaryDirectory: plan.options.tempPath)
            cache.zone.fills.clearMark(place.digest)
            let follower = reader.map { FillFollower(fill, $0, declaredLength: stored.declaredLength) }
            fill.judge(.storable(stored))
            Fetch(upstream, context, fill, cache.zone, writer).start()
            guard let follower else { return .failed(502) }
            return read(stored, follower)
        case .refuse(let reason):
            if let reader { fill.detach(reader) }
            return refused(fill, head, reason, upstream)
        }
    }

    private func validators() -> CacheValidators? {
        var validators = CacheValidators()
        if cache.revalidates, let stale, stale.head.status == 200 || stale.head.status == 206 {
            validators.etag = stale.head.value(.etag) ?? []
            validators.lastModified = stale.head.value(.lastModified) ?? []
        }
        return validators
    }

    private enum Judged {
        case store(StoredHead)
        case refuse(CacheReason)
    }

    private func judge(_ head: ResponseHead) -> Judged {
        CacheJudging.judge(head, context, cache, key, now: now).map {
            .store($0)
        } refusing: {
            .refuse($0)
        }
    }

    /// The head may not be stored: it is the first client's alone, the others ask for themselves.
    private func refused(_ fill: Fill, _ head: ResponseHead, _ reason: CacheReason, _ upstream: UpstreamExchange) -> Outcome {
        cache.zone.endUpdate(place.digest)
        let isFailure = head.status == 500 || (502...504).contains(head.status)
        if let outcome = staleInstead(of: StaleConditions.status(head.status)) {
            fill.judge(.failed(status: head.status))
            cache.zone.fills.remove(fill)
            upstream.close()
            return outcome
        }
        if isFailure {
            fill.judge(.failed(status: head.status))
            cache.zone.fills.remove(fill)
        } else {
            fill.judge(.refused(reason))
            cache.zone.fills.refuse(fill, now: now)
        }
        if state.status != .bypass { state.reason = reason }
        if exchange.isGone {
            upstream.close()
            return .failed(499)
        }
        upstream.restoreAbandonment(exchange, ignores: plan.options.ignoresClientAbort)
        return .head
    }

    private func leaderFailed(_ fill: Fill, _ outcome: Outcome) -> Outcome {
        cache.zone.endUpdate(place.digest)
        var status = 502
        if case .failed(let code) = outcome { status = code }
        fill.judge(.failed(status: status))
        cache.zone.fills.remove(fill)
        return staleInstead(of: CacheJudging.conditions(status)) ?? outcome
    }

    /// A stale response in place of a failure, where the rules allow it.
    private func staleInstead(of failure: StaleConditions) -> Outcome? {
        guard let stale,
            let reason = StaleRules.afterFailure(failure, stale.head.lifetime, settings: cache.settings, at: now)
        else { return nil }
        state.status = .stale
        state.reason = reason
        context.upstream?.head = nil
        return serve(stale)
    }

    private func revalidated(_ head: ResponseHead, _ entry: Entry, _ fill: Fill, _ upstream: UpstreamExchange) -> Outcome {
        upstream.release()
        cache.zone.endUpdate(place.digest)
        let confirmed = CacheJudging.confirm(head, entry, context, cache, now: now)
        // Who waits looks again, and finds it fresh.
        fill.judge(.failed(status: 304))
        cache.zone.fills.remove(fill)
        state.status = .revalidated
        state.reason = .revalidated
        context.upstream?.head = nil
        return serve(confirmed)
    }

    // MARK: Reading a fill

    /// Waits until the head is judged, then reads along.
    private func follow(_ fill: Fill, _ attemptsLeft: Int) async -> Outcome {
        guard let reader = fill.attach() else {
            state.reason = .noRoom
            return await pass()
        }
        let loop = context.serving.loop
        let started = loop.now
        let timeout = [cache.lockTimeout, cache.lockAge].compactMap { $0 }.min()
        while true {
            switch fill.judgement(reader, exchange.waker) {
            case .open: break
            case .storable(let stored):
                guard stored.selects(context.head) else {
                    fill.detach(reader)
                    state.reason = .otherVariant
                    return await lead(Fill(key: key, place: place, startedAt: now))
                }
                state.reason = .joined
                return read(stored, FillFollower(fill, reader, declaredLength: stored.declaredLength))
            case .refused(let reason):
                fill.detach(reader)
                state.reason = reason
                return await pass()
            case .failed(let status):
                fill.detach(reader)
                if status == 304, attemptsLeft > 0 { return await lookUp(attemptsLeft: attemptsLeft - 1) }
                return staleInstead(of: CacheJudging.conditions(status)) ?? .failed(status)
            }
            _ = await exchange.park(until: timeout.map { started + $0 } ?? loop.now + 60_000)
            if exchange.isGone {
                fill.detach(reader)
                return .failed(499)
            }
            if let timeout, loop.now >= started + timeout, case .open = fill.judgement(reader, nil) {
                fill.detach(reader)
                let isAge = cache.lockAge.map { $0 <= timeout } ?? false
                state.reason = isAge ? .lockAge : .lockTimeout
                if isAge { return await lead(Fill(key: key, place: place, startedAt: now)) }
                return await pass()
            }
        }
    }

    /// Composes the head of a response that is still arriving.
    private func read(_ stored: StoredHead, _ follower: FillFollower) -> Outcome {
        ResponseRewriting.apply(
            stored: stored.fields, status: stored.status, length: stored.declaredLength, context, plan)
        if stored.lifetime.ageAtReceipt > 0 {
            context.response.fields.append(.age, decimal: stored.lifetime.age(at: now))
        }
        // HEAD ends with the head.
        if context.method == .head {
            follower.leave()
            return .stored
        }
        context.response.isFollowing = true
        return .follow(follower)
    }
}

/// Decisions about heads that a client's exchange and a background update share.
enum CacheJudging {
    struct Result {
        let stored: StoredHead?
        let reason: CacheReason

        func map<T>(_ store: (StoredHead) -> T, refusing refuse: (CacheReason) -> T) -> T {
            if let stored { store(stored) } else { refuse(reason) }
        }
    }

    static func judge(_ head: ResponseHead, _ context: RequestContext, _ cache: CachePlan, _ key: CacheKey, now: WallTime)
        -> Result
    {
        if cache.noStore.contains(where: { $0.isTrue(context) }) { return Result(stored: nil, reason: .proxyNoCache) }
        let facts = ResponseFacts(head)
        let delay = Int(max(0, context.serving.loop.now - context.startedTick) / 1000)
        switch Storability.judge(facts, RequestFacts(context.head), cache.settings, now: now, delaySeconds: delay) {
        case .refuse(let reason): return Result(stored: nil, reason: reason)
        case .store(let lifetime, let vary, let reason):
            let fields = StoredFields.select(from: head, omittingSetCookie: cache.settings.omitsSetCookie)
            let stored = StoredHead(
                key: FrozenBytes(key.bytes), status: head.status, fields: fields, lifetime: lifetime, vary: vary,
                variant: vary.isEmpty ? Vary.noVariant : vary.variant(of: context.head), declaredLength: head.contentLength,
                reason: reason)
            return Result(stored: stored, reason: reason)
        }
    }

    /// The entry after a 304 has confirmed it.
    static func confirm(_ head: ResponseHead, _ entry: Entry, _ context: RequestContext, _ cache: CachePlan, now: WallTime)
        -> Entry
    {
        let fields = StoredFields.update(entry.head.fields, by: head, omittingSetCookie: cache.settings.omitsSetCookie)
        var facts = ResponseFacts(status: entry.head.status, fields)
        facts.age = ResponseFacts(head).age
        guard
            case .store(let lifetime, _, let reason) = Storability.judge(
                facts, RequestFacts(context.head), cache.settings, now: now)
        else { return entry }
        let confirmed = entry.head.confirmed(fields: fields, lifetime: lifetime, reason: reason)
        return cache.zone.confirm(entry, with: confirmed, now: now)
    }

    /// Which conditions of `proxy_cache_use_stale` a failure meets.
    static func conditions(_ status: Int) -> StaleConditions {
        switch status {
        case 504: [.timeout, .http504]
        case 502: [.error, .invalidHeader, .http502]
        default: StaleConditions.status(status)
        }
    }
}
