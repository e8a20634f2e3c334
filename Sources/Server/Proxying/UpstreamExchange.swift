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
    /// Where this waits.
    private(set) unowned var owner: Parking
    var isAbandoned: () -> Bool
    var group: UpstreamGroup?
    var keepAlive = KeepAlivePolicy(capacity: 0)
    var peer: Peer?
    var connection: UpstreamConnection?
    var tried = TriedSet()
    var head: ResponseHead?
    var framing = BodyDecoder.none
    var block: ByteBuffer?
    var offset = 0
    var sender: RequestSender
    private(set) var isTunnel = false
    var isReported = false
    var startedAt: Int64 = 0
    var attemptStart: Int64 = 0
    /// Extra request fields for a revalidation.
    public var validators: CacheValidators?
    public private(set) var attempts = 0

    public init(_ plan: ProxyPlan, _ context: RequestContext, owner: Parking, isAbandoned: @escaping () -> Bool) {
        self.plan = plan
        self.context = context
        serving = context.serving
        self.owner = owner
        self.isAbandoned = isAbandoned
        sender = RequestSender(context, plan)
    }

    /// For a client's exchange: it ends when the client leaves, unless `proxy_ignore_client_abort`.
    public convenience init(_ plan: ProxyPlan, _ context: RequestContext, owner: Exchange) {
        let ignores = plan.options.ignoresClientAbort
        self.init(plan, context, owner: owner) { [unowned owner] in owner.isGone && !ignores }
    }

    var loop: EventLoop { serving.loop }

    /// Goes on for somebody else, from the response's head on: what reads the body is not who asked for it.
    func adopt(owner: Parking, context: RequestContext) {
        self.owner = owner
        self.context = context
        isAbandoned = { false }
        connection?.serve(owner)
    }

    /// From here on it ends when the client leaves.
    func restoreAbandonment(_ exchange: Exchange, ignores: Bool) {
        isAbandoned = { [unowned exchange] in exchange.isGone && !ignores }
    }

    // MARK: The head

    /// Asks one peer after another until one has answered with a head.
    public func obtainHead() async -> Outcome {
        startedAt = loop.now
        let target: ProxyTarget
        do throws(RequestFailure) {
            target = try plan.settledTarget(context)
        } catch {
            return fail(error)
        }
        let group = target.group
        self.group = group
        keepAlive = target.keepAlive
        let available = group.triesAvailable
        var peerAttempts = 0
        while true {
            guard case .peer(let peer) = group.select(&tried, now: loop.now) else { return noLivePeers(group) }
            self.peer = peer
            isReported = false
            peerAttempts += 1
            var usesKept = true
            attempt: while true {
                switch await attemptOnce(peer, group, mayUseKept: usesKept) {
                case .head: return .head
                case .gone:
                    endAttempt(status: nil)
                    report(.abandoned)
                    return .failed(499)
                case .failed(let failure):
                    let situation = RetrySituation(
                        isIdempotent: context.method.isIdempotent, isBodyReplayable: context.body.isReplayable,
                        attempts: peerAttempts, triesAvailable: available, elapsed: loop.now - startedAt)
                    let decision = plan.options.retry.decide(failure, situation)
                    switch decision {
                    case .samePeer:
                        usesKept = false
                        continue attempt
                    case .nextPeer:
                        endAttempt(status: failure.kind.status)
                        report(plan.options.retry.outcome(of: failure, decision))
                        discardHead()
                        break attempt
                    case .fail:
                        report(plan.options.retry.outcome(of: failure, decision))
                        // A head that carries a status to be passed on is an answer after all.
                        if case .status = failure.kind, head != nil { return .head }
                        discardHead()
                        endAttempt(status: failure.kind.status)
                        return .failed(failure.kind.status)
                    }
                }
            }
        }
    }

    enum AttemptResult {
        case head
        case failed(FailedAttempt)
        case gone
    }

    func attemptOnce(_ peer: Peer, _ group: UpstreamGroup, mayUseKept: Bool) async -> AttemptResult {
        beginAttempt(peer)
        let isKept: Bool
        if mayUseKept, let kept = takeKept(peer, group) {
            connection = kept
            isKept = true
        } else {
            isKept = false
            switch await connect(peer, group) {
            case .done: break
            case .gone: return .gone
            case .failed(let kind): return .failed(FailedAttempt(kind, requestSent: false))
            }
        }
        updateAttempt { $0.connectTime = self.loop.now - self.attemptStart }
        return await sendAndReadHead(isKept: isKept)
    }

    func takeKept(_ peer: Peer, _ group: UpstreamGroup) -> UpstreamConnection? {
        guard keepAlive.capacity > 0 else { return nil }
        let policy = plan.options.retry
        guard
            policy.mayUseKeptConnection(isIdempotent: context.method.isIdempotent, isBodyReplayable: context.body.isReplayable)
        else { return nil }
        let key = IdleKey(group: group.id, address: peer.address)
        guard let kept = serving.idleUpstreams.take(key, now: loop.now) else { return nil }
        kept.take(owner)
        return kept
    }

    enum ConnectResult {
        case done
        case failed(FailedAttempt.Kind)
        case gone
    }

    func connect(_ peer: Peer, _ group: UpstreamGroup) async -> ConnectResult {
        do throws(SystemError) {
            let descriptor = try Socket.stream(peer.address.family)
            if case .unix = peer.address {} else { Socket.setNoDelay(descriptor.rawValue) }
            if plan.options.socketKeepalive { Socket.setKeepAlive(descriptor.rawValue) }
            let isConnected = try Socket.connect(descriptor.rawValue, to: peer.address)
            let made = try UpstreamConnection(
                descriptor, key: IdleKey(group: group.id, address: peer.address), loop: loop, idle: serving.idleUpstreams)
            made.take(owner)
            connection = made
            if isConnected { return .done }
            return await finishConnect(made)
        } catch {
            logFailure("connect() failed", error, .connecting)
            return .failed(.error)
        }
    }

    func finishConnect(_ made: UpstreamConnection) async -> ConnectResult {
        let deadline = loop.now + plan.options.connectTimeout
        while true {
            let reasons = await owner.park(until: deadline)
            if isAbandoned() {
                dropConnection()
                return .gone
            }
            if !made.readiness.isEmpty {
                made.readiness.subtract([.writable])
                guard let error = Socket.takeError(made.transport.rawValue) else {
                    made.want([.readable, .peerClosed])
                    return .done
                }
                logFailure("connect() failed", error, .connecting)
                dropConnection()
                return .failed(.error)
            }
            if reasons.contains(.timer) || loop.now >= deadline {
                logFailure("upstream timed out", .timedOut, .connecting)
                dropConnection()
                return .failed(.timeout)
            }
        }
    }

    func sendAndReadHead(isKept: Bool) async -> AttemptResult {
        guard let connection else { return .failed(FailedAttempt(.error, requestSent: false)) }
        sender.begin(validators)
        var deadline = loop.now + plan.options.sendTimeout
        var hasResponse = false
        while true {
            if !sender.isDone, connection.readiness.isDisjoint(with: .readable) {
                switch sender.pump(connection) {
                case .progress(let count):
                    updateAttempt { $0.bytesSent += count }
                    deadline = loop.now + plan.options.sendTimeout
                    if sender.isDone {
                        connection.want([.readable, .peerClosed])
                        deadline = loop.now + plan.options.readTimeout
                    } else if sender.needsBody {
                        (owner as? Exchange)?.wantBody()
                        connection.want([.readable, .peerClosed])
                    } else {
                        connection.want([.readable, .writable, .peerClosed])
                    }
                case .failed(let error):
                    // The answer may be here already: a server may refuse a body early and close.
                    if case .head = readHead(connection) { return headArrived() }
                    logFailure("send() failed", error, .sending)
                    return attemptFailed(.error, isKept, hasResponse)
                case .bodyFailed(let failure):
                    RequestLog.failure(context, failure)
                    dropConnection()
                    return .failed(FailedAttempt(.status(failure.status), requestSent: true, responseStarted: true))
                }
            }
            if connection.readiness.isEmpty {
                let reasons = await owner.park(until: deadline)
                if isAbandoned() {
                    dropConnection()
                    return .gone
                }
                if connection.readiness.isEmpty, loop.now >= deadline {
                    if sender.needsBody, !sender.isDone { continue }
                    _ = reasons
                    logFailure("upstream timed out", .timedOut, sender.isDone ? .readingHead : .sending)
                    return attemptFailed(.timeout, isKept, hasResponse)
                }
            }
            if connection.readiness.isDisjoint(with: [.readable, .peerClosed, .hangUp, .error]) {
                connection.readiness = []
                continue
            }
            connection.readiness = []
            switch readHead(connection) {
            case .head:
                return headArrived()
            case .needsMore:
                hasResponse = hasResponse || (head?.buffer.count ?? 0) > 0
                deadline = loop.now + plan.options.readTimeout
            case .nothing: break
            case .failed(let kind): return attemptFailed(kind, isKept, hasResponse || (head?.buffer.count ?? 0) > 0)
            }
        }
    }

    func headArrived() -> AttemptResult {
        guard let head, let connection else { return .failed(FailedAttempt(.error, requestSent: true)) }
        updateAttempt {
            $0.headerTime = self.loop.now - self.attemptStart
            $0.status = head.status
        }
        if head.status == 101, !sender.asksForUpgrade {
            logFailure("upstream switched protocols without being asked", nil, .readingHead)
        }
        framing = ResponseDecoder().bodyFraming(for: head, requestMethod: sender.method)
        if head.status == 101, sender.asksForUpgrade {
            isTunnel = true
            framing = .untilClose
        }
        block = head.buffer
        offset = head.end
        context.upstreamState().head = head
        connection.readiness = []
        if RetryConditions.forStatus(head.status).map({ plan.options.retry.conditions.contains($0) }) ?? false {
            return .failed(FailedAttempt(.status(head.status), requestSent: true, responseStarted: true))
        }
        report(.success)
        return .head
    }

    func attemptFailed(_ kind: FailedAttempt.Kind, _ isKept: Bool, _ hasResponse: Bool) -> AttemptResult {
        dropConnection()
        return .failed(
            FailedAttempt(kind, requestSent: sender.hasSent, responseStarted: hasResponse, connectionWasKept: isKept))
    }

    enum HeadRead {
        case head
        case needsMore
        case nothing
        case failed(FailedAttempt.Kind)
    }

    /// Reads once and decodes what is there; 1xx answers are passed over.
    func readHead(_ connection: UpstreamConnection) -> HeadRead {
        let head = self.head ?? serving.takeResponseHead()
        self.head = head
        switch connection.transport.receive(into: head.buffer) {
        case .done(let count): updateAttempt { $0.bytesReceived += count }
        case .wouldBlock: return .nothing
        case .closed:
            if head.buffer.count > head.start { return finishHeadless(head) }
            logFailure("upstream prematurely closed connection", nil, .readingHead)
            return .failed(.error)
        case .failed(let error):
            logFailure("recv() failed", error, .readingHead)
            return .failed(.error)
        }
        return decodeHead(head)
    }

    func decodeHead(_ head: ResponseHead) -> HeadRead {
        while true {
            do throws(RequestFailure) {
                switch try ResponseDecoder().decode(head) {
                case .complete:
                    if head.isHeadless { logFailure("upstream sent no valid HTTP/1.0 header", nil, .readingHead) }
                case .incomplete, .needsLargerBuffer:
                    if head.buffer.count - head.start >= plan.options.bufferSize || head.buffer.room == 0 {
                        logFailure("upstream sent too big header, larger than proxy_buffer_size", nil, .readingHead)
                        return .failed(.invalidHeader)
                    }
                    return .needsMore
                }
            } catch {
                logFailure(error.reason, nil, .readingHead)
                return .failed(.invalidHeader)
            }
            if head.end - head.start > plan.options.bufferSize {
                logFailure("upstream sent too big header, larger than proxy_buffer_size", nil, .readingHead)
                return .failed(.invalidHeader)
            }
            guard (100..<200).contains(head.status), head.status != 101 else { return .head }
            // An interim response: the final one follows in the same buffer.
            let next = head.end
            head.reset()
            head.start = next
        }
    }

    /// The upstream closed before its head was whole: HTTP/0.9, or cut off.
    func finishHeadless(_ head: ResponseHead) -> HeadRead {
        logFailure("upstream prematurely closed connection", nil, .readingHead)
        return .failed(.error)
    }

    func discardHead() {
        let old = head
        head = nil
        block = nil
        context.upstream?.head = nil
        if let old { serving.give(old) }
        close()
    }

    // MARK: The body

    /// Sets the outbox's bounds.
    public func prepare(_ outbox: Outbox) {
        let options = plan.options
        if options.buffersResponse, context.upstream?.isBuffered ?? true, !isTunnel {
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
                if isAbandoned() { return .gone }
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

    /// A piece that has been read already.
    func buffered() -> Piece? {
        if framing.isComplete { return .end }
        guard let block, offset < block.count else { return nil }
        do throws(RequestFailure) {
            switch try framing.next(block.bytes, at: &offset) {
            case .data(let range):
                updateAttempt { $0.responseLength += range.count }
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

    /// Reads once into a fresh block; nil: look again.
    func receive(_ connection: UpstreamConnection) -> Piece? {
        if let block, block.room < 4096 || offset > 0 { releaseBlock() }
        let block = self.block ?? serving.blocks.take()
        self.block = block
        switch connection.transport.receive(into: block) {
        case .done(let count):
            updateAttempt { $0.bytesReceived += count }
            return nil
        case .wouldBlock: return nil
        case .closed:
            if framing.connectionClosed() { return .end }
            logFailure("upstream prematurely closed connection", nil, .reading)
            return .failed
        case .failed(let error):
            logFailure("recv() failed", error, .reading)
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
            && connection.readiness.isDisjoint(with: [.hangUp, .error, .peerClosed])
        guard mayKeep else { return connection.close() }
        keep(connection)
    }

    func keep(_ connection: UpstreamConnection) {
        connection.rest()
        connection.resume([.readable, .peerClosed])
        let evicted = serving.idleUpstreams.give(
            connection.key, connection, served: connection.served, age: loop.now - connection.openedAt,
            policy: keepAlive, now: loop.now)
        evicted?.close()
        if evicted !== connection { connection.setTimer(loop.now + keepAlive.timeout) }
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
        var attempt = UpstreamState.Attempt()
        attempt.address = peer.addressText
        context.upstreamState().attempts.append(attempt)
    }

    func updateAttempt(_ change: (inout UpstreamState.Attempt) -> Void) {
        guard let upstream = context.upstream, !upstream.attempts.isEmpty else { return }
        change(&upstream.attempts[upstream.attempts.count - 1])
    }

    /// The client has left: what was known by now is what the log shows.
    func noteTime() { endAttempt(status: nil) }

    func endAttempt(status: Int?) {
        updateAttempt {
            if $0.responseTime == nil { $0.responseTime = self.loop.now - self.attemptStart }
            if let status, $0.status == 0 { $0.status = status }
        }
    }

    func noLivePeers(_ group: UpstreamGroup) -> Outcome {
        var attempt = UpstreamState.Attempt()
        attempt.address = group.name
        attempt.status = 502
        attempt.responseTime = 0
        context.upstreamState().attempts.append(attempt)
        logFailure("no live upstreams", nil, .connecting)
        return .failed(502)
    }

    func fail(_ failure: RequestFailure) -> Outcome {
        logFailure(failure.reason, nil, .connecting)
        return .failed(failure.status)
    }
}
