import Bytes
import Caching
import EventLoops
import HTTP
import Upstreams

/// A request to a location with a cache: looks its response up, and decides between serving, following a fill, fetching and
/// passing.
public final class CachedExchange {
    let plan: ProxyPlan
    let cache: CachePlan
    let context: RequestContext
    unowned let exchange: Exchange
    private var key = CacheKey([])
    private var stale: Entry?
    private var place = CachePlace(digest: Digest(high: 0, low: 0))
    /// When this began to wait for somebody else's fetch.
    private var waitsSince: Int64?

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
        var bytes = ByteString()
        cache.key.append(to: &bytes, context)
        // No key of a GET ends so: its client would be handed a response without its body.
        if context.method == .head, !cache.convertsHead { bytes.append(literal: "\0HEAD") }
        key = CacheKey(bytes.array)
        place = CachePlace(digest: key.digest)
        state.key = key
    }

    // MARK: Looking up

    private func lookUp(attemptsLeft: Int) async -> Outcome {
        var found = cache.zone.find(key, context.head, now: now)
        if case .needsDisk = found {
            found = await findOnDisk()
            if exchange.isGone { return .failed(499) }
        }
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

    /// The file of the key, and that of the variant which stands beside it.
    private func findOnDisk() async -> Lookup {
        let own = CachePlace(digest: key.digest)
        guard case .entry(let primary, let isUpdating) = await fetch(key.digest) else { return .none(own) }
        guard let place = cache.zone.place(ofVariantBeside: primary, key, context.head) else {
            return CacheZone.classify(primary, own, isUpdating, now)
        }
        return cache.zone.lookUpVariant(await fetch(place.digest), place, context.head, now: now)
    }

    /// Reads a file: at once when the kernel has it in memory, else on a thread that may wait for the disk.
    private func fetch(_ digest: Digest) async -> CacheZone.Fetched {
        let zone = cache.zone
        let key = key
        let now = now
        let fetched = zone.fetch(digest, key, now: now, mayWait: false)
        guard case .wouldWait = fetched else { return fetched }
        return await exchange.offload(to: context.serving.named.pool) { zone.fetch(digest, key, now: now) }
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
        // What another location was told before is not what this one says.
        context.upstream?.head = nil
        ResponseRewriting.apply(
            stored: entry.head,
            length: isHeadAlone(context, plan) ? entry.head.statedLength : entry.body.count, context, plan)
        context.response.fields.append(.age, decimal: entry.head.lifetime.age(at: now))
        context.response.content = content(of: entry)
    }

    private static func content(of entry: Entry) -> Content {
        switch entry.body {
        case .memory(let bytes): .memory(bytes, 0..<bytes.count)
        case .file(let file): .file(file.descriptor, file.offset..<(file.offset + file.count))
        }
    }

    /// Whether what is stored for this request is the answer to a HEAD: it states a length and has no body.
    private static func isHeadAlone(_ context: RequestContext, _ plan: ProxyPlan) -> Bool {
        guard context.method == .head, let cache = plan.options.cache else { return false }
        return !cache.convertsHead
    }

    /// Serves what this loop has at hand, without a task; false when there is anything to find out first.
    public static func serveHot(_ plan: ProxyPlan, _ context: RequestContext) -> Bool {
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
        let entry = slot.entry
        state.entry = entry
        if entry.head.status == 200, context.usesHead(of: slot) {
            context.response.content = content(of: entry)
            return true
        }
        compose(entry, plan, context, now)
        if slot.isBusy { context.keepHead(in: slot) }
        return true
    }

    // MARK: Passing

    /// An ordinary pass; nothing is stored.
    private func pass() async -> Outcome {
        let upstream = UpstreamExchange(plan, context, owner: exchange, watchesClient: true)
        context.upstreamState().exchange = upstream
        return await upstream.obtainHead()
    }

    /// Asks the origin whatever is stored; what comes replaces it.
    private func bypass() async -> Outcome {
        state.status = .bypass
        state.reason = .bypass
        let fill = Fill(key: key, place: place)
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
            return await lead(Fill(key: key, place: place))
        }
        while true {
            switch cache.zone.fills.join(key, place, now: context.serving.loop.now, lockAge: cache.lockAge) {
            case .lead(let fill):
                // Between the look and the lead another loop's fetch may have ended.
                if case .hit(let entry, _) = cache.zone.find(key, context.head, now: now) {
                    fill.judge(.failed(status: 304))
                    cache.zone.fills.remove(fill)
                    state.status = .hit
                    state.reason = .hit
                    return serve(entry)
                }
                if stale != nil { _ = cache.zone.beginUpdate(place.digest) }
                return await lead(fill)
            case .takeOver(let fill):
                state.reason = .lockAge
                return await lead(fill)
            case .follow(let fill):
                if let outcome = await follow(fill, attemptsLeft) { return outcome }
            case .alone(let reason):
                state.reason = reason
                return await lead(Fill(key: key, place: place))
            case .failed(let status):
                state.reason = .originError
                return staleInstead(of: CacheJudging.conditions(status)) ?? .failed(status)
            }
        }
    }

    /// Fetches: up to the head in this exchange's own task, which goes on although the client leaves; then the fill takes over.
    private func lead(_ fill: Fill) async -> Outcome {
        let exchange = exchange
        let upstream = UpstreamExchange(plan, context, owner: exchange)
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
        // What is stored and may stand in for this status stays: an error never replaces it, however storable.
        if let outcome = staleInstead(of: StaleConditions.status(head.status)) {
            if let reader { fill.detach(reader) }
            cache.zone.endUpdate(place.digest)
            fill.judge(.failed(status: head.status))
            cache.zone.fills.remove(fill)
            upstream.close()
            return outcome
        }
        switch judge(head) {
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
        if CachedExchange.isFailure(head.status) {
            fill.judge(.failed(status: head.status))
            cache.zone.fills.remove(fill)
        } else {
            fill.judge(.refused(reason))
            cache.zone.fills.refuse(fill, now: context.serving.loop.now, lockAge: cache.lockAge)
        }
        if state.status != .bypass { state.reason = reason }
        if exchange.isGone {
            upstream.close()
            return .failed(499)
        }
        upstream.watchClient()
        return .head
    }

    private func leaderFailed(_ fill: Fill, _ outcome: Outcome) -> Outcome {
        cache.zone.endUpdate(place.digest)
        var status = 502
        if case .failed(let code) = outcome { status = code }
        fill.judge(.failed(status: status))
        if cache.usesLock, status == 502 || status == 504 {
            cache.zone.fills.fail(fill, status: status, now: context.serving.loop.now)
        } else {
            cache.zone.fills.remove(fill)
        }
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

    /// Waits until the head is judged, then reads along; nil: what runs now has to be asked for again.
    ///
    /// Where the configuration bounds the wait, the response is waited for whole, as in nginx: who has been given its first
    /// bytes could not go elsewhere any more.
    private func follow(_ fill: Fill, _ attemptsLeft: Int) async -> Outcome? {
        guard let reader = fill.attach() else {
            state.reason = .noRoom
            return await pass()
        }
        let loop = context.serving.loop
        let since = waitsSince ?? loop.now
        waitsSince = since
        while true {
            switch fill.judgement(reader, exchange.waker) {
            case .open: break
            case .storable(let stored):
                if stored.selects(context.head) {
                    let mayReadAlong = cache.lockTimeout == nil && cache.lockAge == nil || context.method == .head
                    if fill.isCutShort {
                        // Nobody who has had none of it need bear with it.
                        fill.detach(reader)
                        return nil
                    }
                    switch mayReadAlong ? .whole : fill.progress(reader, exchange.waker) {
                    case .whole:
                        state.status = .hit
                        state.reason = .joined
                        return read(stored, FillFollower(fill, reader, declaredLength: stored.declaredLength))
                    case .lost:
                        fill.detach(reader)
                        return nil
                    case .arriving: break
                    }
                    break
                }
                fill.detach(reader)
                state.reason = .otherVariant
                let other = CachePlace(digest: key.digest(of: stored.vary.variant(of: context.head)), vary: stored.vary)
                let isKnown = other.digest == place.digest
                place = other
                // An origin whose Vary changes from answer to answer is asked without waiting for others.
                return isKnown ? await lead(Fill(key: key, place: place)) : nil
            case .refused(let reason):
                fill.detach(reader)
                state.reason = reason
                return await pass()
            case .failed(let status):
                fill.detach(reader)
                if status == 304, attemptsLeft > 0 { return await lookUp(attemptsLeft: attemptsLeft - 1) }
                if let outcome = staleInstead(of: CacheJudging.conditions(status)) { return outcome }
                return CachedExchange.isFailure(status) ? .failed(status) : await pass()
            }
            if exchange.isGone {
                fill.detach(reader)
                return .failed(499)
            }
            let passesAt = cache.lockTimeout.map { since + $0 } ?? .max
            let isOldAt = cache.lockAge.map { fill.startedAt + $0 } ?? .max
            if loop.now >= passesAt {
                fill.detach(reader)
                state.reason = .lockTimeout
                return await pass()
            }
            if loop.now >= isOldAt {
                fill.detach(reader)
                return nil
            }
            _ = await exchange.park(until: min(passesAt, isOldAt, loop.now + 60_000))
        }
    }

    /// Whether a status says that the origin gave no usable response.
    private static func isFailure(_ status: Int) -> Bool { status == 500 || (502...504).contains(status) }

    /// Composes the head of a response that is still arriving.
    private func read(_ stored: StoredHead, _ follower: FillFollower) -> Outcome {
        ResponseRewriting.apply(
            stored: stored,
            length: CachedExchange.isHeadAlone(context, plan) ? stored.statedLength : stored.declaredLength, context, plan)
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
