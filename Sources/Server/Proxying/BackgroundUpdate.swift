import Bytes
import Caching
import EventLoops
import HTTP
import Upstreams

/// Refreshes a stale response that has been served: a request of its own, over a copy of the client's head.
final class BackgroundUpdate: Parking {
    private let plan: ProxyPlan
    private let cache: CachePlan
    private let context: RequestContext
    private let entry: Entry
    private let key: CacheKey
    private let place: CachePlace

    init(_ plan: ProxyPlan, _ cache: CachePlan, _ client: RequestContext, _ entry: Entry, _ key: CacheKey, _ place: CachePlace)
    {
        self.plan = plan
        self.cache = cache
        self.entry = entry
        self.key = key
        self.place = place
        context = RequestContext(serving: client.serving, head: client.head.copy(), site: client.site, server: client.server)
        super.init(loop: client.serving.loop)
        context.plan = client.plan
        context.connection = client.connection
        context.connection.descriptor = -1
        context.path = client.path
        context.query = client.query
        context.slots = client.slots
        context.isInternal = client.isInternal
        context.startedAt = loop.wallNow
        context.startedTick = loop.now
        context.body.beginEmpty()
        if let target = client.upstream?.target { context.upstreamState().target = target }
        enroll()
    }

    func start() {
        loop.start { [self] in
            await run()
            resign()
        }
    }

    private func run() async {
        let now = WallTime(milliseconds: loop.wallNow)
        let upstream = UpstreamExchange(plan, context, owner: self)
        var validators = CacheValidators()
        if cache.revalidates, entry.head.status == 200 || entry.head.status == 206 {
            validators.etag = entry.head.value(.etag) ?? []
            validators.lastModified = entry.head.value(.lastModified) ?? []
        }
        upstream.validators = validators
        context.upstreamState().exchange = upstream
        guard case .head = await upstream.obtainHead(), let head = context.upstream?.head else { return end() }
        if head.status == 304 {
            upstream.release()
            _ = CacheJudging.confirm(head, entry, context, cache, now: now)
            return end()
        }
        let failure = StaleConditions.status(head.status)
        guard StaleRules.afterFailure(failure, entry.head.lifetime, settings: cache.settings, at: now) == nil else {
            upstream.close()
            return end()
        }
        let result = CacheJudging.judge(head, context, cache, key, now: WallTime(milliseconds: loop.wallNow))
        guard let stored = result.stored else {
            // The stale copy stays.
            upstream.close()
            return end()
        }
        let fill = Fill(key: key, place: place)
        let writer = cache.zone.beginStore(
            stored, digest: place.digest(for: stored, key: key), temporaryDirectory: plan.options.tempPath)
        fill.judge(.storable(stored))
        Fetch(upstream, context, fill, cache.zone, writer).start()
    }

    private func end() { cache.zone.endUpdate(place.digest) }
}
