import Bytes
import EventLoops
import HTTP
import Observability
import Platform
import Upstreams

/// One request to a group of upstream servers: selects a peer, connects or takes a kept connection, sends, reads the head,
/// and tries again where that is safe. Then it reads the body piece by piece.
public final class UpstreamExchange {
    /// A look at the response's body.
    public enum Piece {
        case bytes(ByteRegion, isLast: Bool)
        case end
        /// Cut short, or broken framing, or a time-out.
        case failed
        /// The client has left.
        case gone
    }

    let plan: ProxyPlan
    private(set) var context: RequestContext
    let serving: ServingLoop
    /// The request's trace, whoever goes on with the exchange.
    let trace: UpstreamState
    /// Where this waits.
    private(set) unowned var owner: Parking
    /// The owner is a client's exchange, and its client's leaving ends this.
    private var watchesClient = false
    var group: UpstreamGroup?
    var keepAlive = KeepAlivePolicy(capacity: 0)
    var peer: Peer?
    var connection: UpstreamConnection?
    /// Whom to reach under TLS; nil: the upstream is asked without.
    var identity: UpstreamIdentity?
    var tried = TriedSet()
    /// Peers that were asked; repeats at the same peer do not count.
    var peerAttempts = 0
    /// How many there are to ask, found out at the first failure.
    var triesAvailable: Int?
    /// A connection that was kept may carry the next attempt.
    var mayUseKept = true
    /// A connection carries the request of the attempt that is being made.
    var isUnderWay = false
    /// That connection was kept.
    var isKept = false
    /// Something of a response has come.
    var hasResponse = false
    /// Until when the attempt waits for what comes next.
    var deadline: Int64 = 0
    /// What was found out about the attempt without a task, for `obtainHead`.
    var result: AttemptResult?
    var head: ResponseHead?
    var framing = BodyDecoder.none
    var block: ByteBuffer?
    var offset = 0
    private var readsInARow = 0
    var sender = RequestSender()
    var isTunnel = false
    var isReported = false
    var startedAt: Int64 = 0
    var attemptStart: Int64 = 0
    /// Extra request fields for a revalidation.
    public var validators: CacheValidators?
    public internal(set) var attempts = 0

    /// - Parameter watchesClient: the owner is a client's exchange: it ends when the client leaves, unless
    ///   `proxy_ignore_client_abort`. Else the owner waits until it is over, whatever a client does.
    public init(_ plan: ProxyPlan, _ context: RequestContext, owner: Parking, watchesClient: Bool = false) {
        self.plan = plan
        self.context = context
        serving = context.serving
        trace = context.upstreamState()
        self.owner = owner
        self.watchesClient = watchesClient && !plan.options.ignoresClientAbort
    }

    var loop: EventLoop { serving.loop }

    /// As made anew, for another request of the same plan, context and owner. To be called when the last one is over and was done by
    /// an answer that came whole.
    func begin() {
        watchesClient = !plan.options.ignoresClientAbort
        tried = TriedSet()
        peerAttempts = 0
        triesAvailable = nil
        mayUseKept = true
        isUnderWay = false
        result = nil
        framing = .none
        readsInARow = 0
        isTunnel = false
        validators = nil
        attempts = 0
    }

    /// Goes on for somebody else, from the response's head on: what reads the body is not who asked for it.
    func adopt(owner: Parking, context: RequestContext) {
        self.owner = owner
        self.context = context
        watchesClient = false
        connection?.serve(owner)
    }

    /// From here on it ends when the client leaves, unless `proxy_ignore_client_abort`.
    func watchClient() {
        watchesClient = !plan.options.ignoresClientAbort
    }

    var isAbandoned: Bool { watchesClient && (owner as? Exchange)?.isGone ?? false }

    // MARK: The body

    /// Sets the outbox's bounds.
    public func prepare(_ outbox: Outbox) {
        let options = plan.options
        if options.buffersResponse, trace.isBuffered, !isTunnel {
            outbox.memoryLimit = options.bufferSize + options.bufferCount * options.bufferBlockSize
            outbox.temporaryLimit = options.maxTempFileSize
            outbox.temporaryDirectory = options.tempPath
        } else {
            outbox.memoryLimit = 1
            outbox.temporaryLimit = 0
        }
    }

    /// The next bytes of the body, waiting for them if need be.
    public func next() async -> Piece {
        while true {
            if let piece = buffered() { return piece }
            guard let connection else { return .failed }
            connection.resume([.readable, .peerClosed])
            if connection.readiness.isDisjoint(with: [.readable, .hangUp, .peerClosed, .error]) {
                releaseBlocks()
                let deadline = loop.now + plan.options.readTimeout
                let reasons = await owner.park(until: deadline)
                if isAbandoned { return .gone }
                if connection.readiness.isEmpty {
                    if reasons.contains(.timer) {
                        logFailure("upstream timed out", .timedOut, .reading)
                        return .failed
                    }
                    continue
                }
            }
            connection.readiness = []
            if let end = receive(connection) { return end }
        }
    }

    /// Takes the body, when its length was announced and all of it has come: as a range of the block.
    func takeWhole() -> Range<Int>? {
        guard !isTunnel, case .length(let left) = framing, let block, block.count - offset >= left else { return nil }
        let range = offset..<(offset + left)
        offset = range.upperBound
        framing = .none
        trace.last.responseLength += left
        return range
    }

    /// Has the drain send a part of the block: how much it sent.
    func send(_ range: Range<Int>, through drain: any Drain, of client: Exchange) -> Int? {
        guard let block else { return nil }
        return drain.sendWhole(block.bytes(range), of: client)
    }

    /// A piece that has been read already.
    func buffered() -> Piece? {
        if framing.isComplete { return .end }
        guard let block, offset < block.count else { return nil }
        do throws(RequestFailure) {
            switch try framing.next(block.bytes, at: &offset) {
            case .data(let range):
                trace.last.responseLength += range.count
                return .bytes(ByteRegion(block, range), isLast: endsNow(block))
            case .needMore: return nil
            case .end: return .end
            }
        } catch {
            logFailure(error.reason, nil, .reading)
            return .failed
        }
    }

    /// Whether the body ends right behind what was just taken; takes the last chunk along.
    func endsNow(_ block: ByteBuffer) -> Bool {
        if framing.isComplete { return true }
        guard case .chunked = framing, offset < block.count else { return false }
        var ahead = framing
        var position = offset
        guard let piece = try? ahead.next(block.bytes, at: &position), piece == .end else { return false }
        framing = ahead
        offset = position
        return true
    }

    /// Who sends as much as this at once has sent more by the time that this is put away. To read it in the same turn, instead
    /// of going from one connection to the next, spares that the kernel wakes the sender for every piece.
    private static let muchAtOnce = 16384
    private static let mostInARow = 16

    /// Reads once into a fresh block; nil: look again.
    func receive(_ connection: UpstreamConnection) -> Piece? {
        if let block, block.room < 4096 || offset > 0 { releaseBlock() }
        let block = self.block ?? serving.blocks.take()
        self.block = block
        switch connection.transport.receive(into: block) {
        case .done(let count):
            trace.last.bytesReceived += count
            connection.noteUnread()
            if count >= UpstreamExchange.muchAtOnce, readsInARow < UpstreamExchange.mostInARow {
                readsInARow += 1
                connection.readiness.insert(.readable)
            } else {
                readsInARow = 0
            }
            return nil
        case .wouldBlock:
            readsInARow = 0
            return nil
        case .closed:
            if framing.connectionClosed() { return .end }
            logFailure("upstream prematurely closed connection", nil, .reading)
            return .failed
        case .failed(let error):
            logReceiveFailure(connection, error, .reading)
            return .failed
        }
    }

    /// Lets go of the block: the outbox may still refer to it, and then it is not reused.
    func releaseBlock() {
        guard let old = block else { return }
        block = nil
        offset = 0
        if old === head?.buffer { return }
        serving.blocks.give(old)
    }

    /// Before a wait: what has been read is let go of, block and head. The block that was used last serves the next connection
    /// while the processor still has it, and a stream that is quiet, or waits for its reader, holds none.
    public func releaseBlocks() {
        if let block, offset < block.count { return }
        releaseBlock()
        if let head { serving.slim(head) }
    }

    /// Nobody looks at what was read any more: head and block serve the next answer.
    func letGo() {
        releaseBlock()
        block = nil
        head = nil
    }

    public func pauseReading() {
        connection?.pause()
        releaseBlocks()
    }

    /// The whole response is here: the connection is kept for another request, or closed.
    public func release() {
        endAttempt(status: nil)
        guard let connection else { return }
        self.connection = nil
        let hasSurplus = (block.map { offset < $0.count }) ?? false
        let mayKeep =
            sender.isDone && !isTunnel && head?.status != 101
            && framing.isComplete && !hasSurplus && (head?.keepsAlive ?? false)
            && keepAlive.capacity > 0 && !serving.isDraining
            && connection.readiness.isDisjoint(with: [.hangUp, .error, .peerClosed]) && !connection.transport.hasUnread
        guard mayKeep else { return connection.close() }
        keep(connection)
    }

    func keep(_ connection: UpstreamConnection) {
        connection.rest()
        connection.resume([.readable, .peerClosed])
        if serving.keepIdle(connection, keepAlive) { connection.expect(by: loop.now + keepAlive.timeout) }
    }

    /// Ends the connection, whatever its state; nothing was learnt of the peer.
    public func close() {
        dropConnection()
        report(.abandoned)
    }

    /// Ends the connection of an attempt that has failed: what that says of the peer is for `obtainHead` to report.
    func dropConnection() {
        connection?.close()
        connection = nil
    }

    // MARK: Accounts

    func report(_ outcome: PeerOutcome) {
        guard !isReported, let peer, let group else { return }
        isReported = true
        if group.report(peer, outcome, now: loop.now) {
            logFailure("upstream server temporarily disabled", nil, .connecting, level: .warn)
        }
    }

    func beginAttempt(_ peer: Peer) {
        attempts += 1
        attemptStart = loop.now
        head = nil
        offset = 0
        trace.begin(peer.addressText)
    }

    /// The client has left: what was known by now is what the log shows.
    func noteTime() { endAttempt(status: nil) }

    func endAttempt(status: Int?) {
        if trace.last.responseTime == nil { trace.last.responseTime = loop.now - attemptStart }
        if let status, trace.last.status == 0 { trace.last.status = status }
    }

    func noLivePeers(_ group: UpstreamGroup) -> Outcome {
        trace.begin(group.name)
        trace.last.status = 502
        trace.last.responseTime = 0
        logFailure("no live upstreams", nil, .connecting)
        return .failed(502)
    }

    func fail(_ failure: RequestFailure) -> Outcome {
        logFailure(failure.reason, nil, .connecting)
        return .failed(failure.status)
    }
}
