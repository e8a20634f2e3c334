import Bytes
import Caching
import EventLoops
import HTTP
import Observability
import Patterns
import Platform
import TLS
import Upstreams

/// What one event loop serves with: its configuration, its pools, its logs, its idle upstream connections.
public final class ServingLoop: LoopBound {
    /// The configuration for new requests.
    public var site: Site
    public let named: NamedState
    /// Heads of responses are built here, one at a time.
    public let output = ByteBuffer(capacity: 65536)
    /// Blocks that receive requests.
    public let heads = BufferPool(blockSize: 4096, limit: 256)
    /// Blocks that carry bodies.
    public let blocks = BufferPool(blockSize: 65536, limit: 16)
    public let matchData = MatchData()
    /// What TLS needs while it encrypts; made for the first such connection.
    public private(set) lazy var tlsScratch = TLSScratch()
    let resumptions = ResumptionTable()
    private var dates = DateCache()
    public let idleUpstreams = IdleConnections<UpstreamConnection>()
    /// The log of the process: what concerns no location.
    public var errorLog: ErrorLog
    /// Client connections that are open on this loop.
    public var connectionCount = 0
    public var connectionLimit = Int.max
    /// The process is to end: connections close after their request.
    public private(set) var isDraining = false
    private var contexts: [RequestContext] = []
    public let prefix: String
    /// The access logs of this loop.
    public let logs: AccessLogs

    /// Appends a line to a log that this loop may collect lines for (`AccessLogs`).
    @inline(never)
    public func append(_ line: Span<UInt8>, to file: LogFile, bufferSize: Int, flushInterval: Int64?) {
        logs.append(line, to: file, bufferSize: bufferSize, flushInterval: flushInterval)
    }

    /// Appends the present second as common logs write it.
    @inline(never)
    public func appendLocalTime(to output: inout ByteString) { logs.appendLocalTime(to: &output) }

    public init(loop: EventLoop, site: Site, named: NamedState, errorLog: ErrorLog, prefix: String) {
        self.site = site
        self.named = named
        self.errorLog = errorLog
        self.prefix = prefix
        logs = AccessLogs(loop: loop)
        super.init(loop: loop)
    }

    /// A context that holds nothing of another request, for the present configuration. (Those that wait are of no other.)
    func takeContext(_ server: ServerPlan) -> RequestContext {
        guard let context = contexts.popLast() else {
            return RequestContext(serving: self, head: RequestHead(buffer: heads.take()), site: site, server: server)
        }
        // A reference that stays need not be counted.
        if context.server !== server { context.server = server }
        return context
    }

    /// One for a given configuration.
    public func takeContext(_ site: Site, _ server: ServerPlan) -> RequestContext {
        let context = takeContext(server)
        if context.site !== site { context.site = site }
        return context
    }

    /// Takes a context back when its request is over.
    public func give(_ context: RequestContext) {
        context.reset()
        // One of an earlier configuration is let go of, and the configuration with it.
        if contexts.count < 64, context.site === site {
            // A head that needed a large block goes back to a small one.
            if context.head.buffer.capacity != heads.blockSize { context.head.buffer = heads.take() }
            context.head.buffer.clear()
            context.head.start = 0
            contexts.append(context)
        } else {
            context.spareExchange = nil
        }
    }

    /// New requests get this configuration from now on.
    func use(_ new: Site) {
        site = new
        for context in contexts { context.spareExchange = nil }
        contexts.removeAll(keepingCapacity: true)
        lastHosts = nil
    }

    /// The servers of a listening address; nil when a reload has taken it away. Most loops serve one address most of the time:
    /// the last one is remembered.
    func hosts(at address: SocketAddress) -> VirtualHosts? {
        if let lastHosts, lastHosts.address == address { return lastHosts.hosts }
        guard let found = site.hosts[address] else { return nil }
        lastHosts = (address, found)
        return found
    }

    private var lastHosts: (address: SocketAddress, hosts: VirtualHosts)?

    private var responseHeads: [ResponseHead] = []

    /// A head to read an upstream's response into, with a block of its own.
    func takeResponseHead() -> ResponseHead {
        responseHeads.popLast() ?? ResponseHead(buffer: blocks.take())
    }

    /// Takes a head and its block back; what somebody else still refers to is left to them.
    func give(_ head: consuming ResponseHead) {
        var head = head
        guard isKnownUniquelyReferenced(&head) else { return }
        head.reset()
        // Few: each keeps its block.
        if responseHeads.count < 4, head.reclaimsBuffer(ofSize: blocks.blockSize) {
            responseHeads.append(head)
        } else {
            let block = head.buffer
            head.buffer = output
            blocks.give(block)
        }
    }

    /// A connection that idles under this key, taken out.
    @inline(never)
    func takeIdle(_ key: IdleKey) -> UpstreamConnection? { idleUpstreams.take(key, now: loop.now) }

    /// Keeps a connection that has answered, and closes what has to give way to it; false: it was closed itself.
    @inline(never)
    func keepIdle(_ connection: UpstreamConnection, _ policy: KeepAlivePolicy) -> Bool {
        let evicted = idleUpstreams.give(
            connection.key, connection, served: connection.served, age: loop.now - connection.openedAt, policy: policy,
            now: loop.now)
        evicted?.close()
        return evicted !== connection
    }

    private var outboxes: [Outbox] = []

    /// An outbox that holds nothing.
    func takeOutbox() -> Outbox { outboxes.popLast() ?? Outbox() }

    /// Takes the outbox of an exchange that is no more.
    func give(_ outbox: Outbox) {
        guard outboxes.count < 64 else { return }
        outbox.reset()
        outboxes.append(outbox)
    }

    private var nextTidying: Int64 = 0

    /// After a rush, when many blocks went to the allocator: it keeps them, between those that are in use, unless it is told to
    /// return them. At most once a second.
    func tidy() {
        guard blocks.dropped >= 8, loop.now >= nextTidying else { return }
        blocks.dropped = 0
        nextTidying = loop.now + 1000
        StartMemory.returnFree()
    }

    /// Moves a head that is to be kept for a while into memory of its own size, and gives its block back.
    func slim(_ head: ResponseHead) {
        let block = head.buffer
        guard block.capacity == blocks.blockSize, head.end <= block.count else { return }
        let small = ByteBuffer(capacity: max(head.end, 1))
        small.append(block.bytes(0..<head.end))
        head.buffer = small
        blocks.give(block)
    }

    private var literals: [FrozenBytes] = []

    /// A literal as bytes, made once: the few ends of chunks.
    func literal(_ text: StaticString) -> FrozenBytes {
        for known in literals where known.bytes.equals(text) { return known }
        var array: [UInt8] = []
        array.append(literal: text)
        let bytes = FrozenBytes(array)
        literals.append(bytes)
        return bytes
    }

    private var hotTables: [(zone: CacheZone, table: HotTable)] = []

    /// The hot responses of a location's zone. By way of the plan, which is this loop's own: the zone is everybody's, and its
    /// references are not to be counted for each request.
    @inline(never)
    func hotTable(of cache: CachePlan) -> HotTable { hotTable(cache.zone) }

    /// The hot responses of a zone as this loop sees them.
    func hotTable(_ zone: CacheZone) -> HotTable {
        for index in hotTables.indices where hotTables[index].zone === zone { return hotTables[index].table }
        let table = HotTable(zone)
        hotTables.append((zone, table))
        return table
    }

    /// Forgets the hot responses of every other zone.
    func forgetZones(but kept: Set<ObjectIdentifier>) {
        hotTables.removeAll { !kept.contains(ObjectIdentifier($0.zone)) }
    }

    public func startDraining() { isDraining = true }

    private var connectionNumber: UInt64 = 0

    /// Numbers connections of this process: those of different loops never meet.
    public func nextConnectionNumber() -> UInt64 {
        connectionNumber += 1
        return connectionNumber * 512 + UInt64(loop.index & 511)
    }

    /// Appends the Date field's value for this turn.
    public func appendDate(to output: ByteBuffer) { dates.append(at: loop.wallNow / 1000, to: output) }
}
