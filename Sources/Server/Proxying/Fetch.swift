import Bytes
import Caching
import EventLoops
import HTTP
import Upstreams

/// Reads a response's body into a fill, and stores it. It belongs to no client: none of them leaving stops it.
final class Fetch: Parking {
    private let upstream: UpstreamExchange
    private let context: RequestContext
    private let fill: Fill
    private let zone: CacheZone
    private let writer: EntryWriter?

    /// Takes over an exchange whose head was judged storable.
    init(_ upstream: UpstreamExchange, _ client: RequestContext, _ fill: Fill, _ zone: CacheZone, _ writer: EntryWriter?) {
        self.upstream = upstream
        self.fill = fill
        self.zone = zone
        self.writer = writer
        context = client.serving.takeContext(client.site, client.server)
        super.init(loop: client.serving.loop)
        context.plan = client.plan
        context.connection = client.connection
        // The trace stays the client's: both see the same object.
        context.upstream = client.upstream
        context.upstream?.isShared = true
        client.upstream?.exchange = nil
        upstream.adopt(owner: self, context: context)
        enroll()
    }

    /// Reads to the end.
    func start() {
        loop.start { [self] in
            await run()
            zone.fills.remove(fill)
            context.upstream = nil
            context.serving.give(context)
            resign()
        }
    }

    private func run() async {
        while true {
            switch await upstream.next() {
            case .bytes(let region, let isLast):
                if isLast { upstream.release() }
                // A response that can no longer be stored takes no new readers.
                let isStored = fill.append(region.bytes, isLast: isLast, storingIn: writer, releasing: releaseRemoved)
                if !isStored { zone.fills.remove(fill) }
                if isLast { return commit() }
            case .end:
                upstream.release()
                fill.finish()
                return commit()
            case .failed, .gone:
                upstream.close()
                writer?.abandon()
                zone.endUpdate(fill.place.digest)
                return fill.breakOff()
            }
            while fill.isFull(waker) {
                upstream.pauseReading()
                _ = await park(until: loop.now + 1000)
            }
        }
    }

    private func commit() {
        let now = WallTime(milliseconds: loop.wallNow)
        if writer?.commit(now: now, releasing: releaseRemoved) == nil { zone.endUpdate(fill.place.digest) }
    }

    /// The disk is full: what this loop holds open of entries that are gone is closed now.
    private func releaseRemoved() { context.serving.hotTable(zone).releaseRemoved() }
}
