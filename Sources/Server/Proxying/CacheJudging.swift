import Bytes
import Caching
import HTTP

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
        // Without a head nobody can tell whether it is all of it.
        if head.isHeadless { return Result(stored: nil, reason: .incomplete) }
        if cache.noStore.contains(where: { $0.isTrue(context) }) { return Result(stored: nil, reason: .proxyNoCache) }
        let facts = ResponseFacts(head)
        let delay = Int(max(0, context.serving.loop.now - context.startedTick) / 1000)
        switch Storability.judge(facts, RequestFacts(context.head), cache.settings, now: now, delaySeconds: delay) {
        case .refuse(let reason): return Result(stored: nil, reason: reason)
        case .store(let lifetime, let vary, let reason):
            let isHeadAlone = context.method == .head && !cache.convertsHead
            let fields = StoredFields.select(
                from: head, omittingSetCookie: cache.settings.omitsSetCookie, keepingLength: isHeadAlone)
            let stored = StoredHead(
                key: FrozenBytes(key.bytes), status: head.status, fields: fields, lifetime: lifetime, vary: vary,
                variant: vary.isEmpty ? Vary.noVariant : vary.variant(of: context.head),
                declaredLength: isHeadAlone ? 0 : head.contentLength, reason: reason,
                phrase: StoredHead.phraseToStore(head.bytes(head.reasonRange), status: head.status))
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
