import Bytes
import EventLoops
import HTTP
import Observability
import Platform
import Upstreams

extension UpstreamExchange {
    // MARK: The head

    /// Asks the first peer on a connection that is kept for it, as far as that goes without waiting.
    ///
    /// Whatever this comes to, `obtainHead` goes on from here.
    ///
    /// - Returns: true when the whole request is out: its answer may be awaited without a task, until `deadline`.
    func askAtOnce(_ context: RequestContext, _ client: Exchange) -> Bool {
        if let fixed = plan.fixedTarget { return askAtOnce(fixed, context, client) }
        guard let target = trace.target else { return false }
        return askAtOnce(target, context, client)
    }

    private func askAtOnce(_ target: ProxyTarget, _ context: RequestContext, _ client: Exchange) -> Bool {
        begin(target)
        guard let peer = choosePeer(target.group), let kept = takeKept(peer, target.group, context, for: client) else {
            return false
        }
        beginAttempt(peer)
        beginSending(context, onKept: true)
        result = send(kept, context)
        guard result == nil, sender.isDone else { return false }
        kept.expect(by: deadline)
        return true
    }

    /// Reads the head that has been awaited without a task; false: `obtainHead` goes on, there is more to wait for or to do.
    func takeHead() -> Bool {
        guard sender.isDone, let connection, connection.readiness.contains(.readable) else { return false }
        connection.readiness = []
        switch readAttempt(connection) {
        case .head: return true
        case .waiting: return false
        case let settled:
            result = settled
            return false
        }
    }

    /// Asks one peer after another until one has answered with a head.
    public func obtainHead() async -> Outcome {
        if group == nil {
            do throws(RequestFailure) {
                begin(try plan.settledTarget(context))
            } catch {
                return fail(error)
            }
        }
        guard let group else { return .failed(502) }
        while true {
            guard let peer = peer ?? choosePeer(group) else { return noLivePeers(group) }
            attempt: while true {
                switch await goOn(peer, group) {
                case .head: return .head
                case .waiting: continue attempt
                case .gone:
                    endAttempt(status: nil)
                    report(.abandoned)
                    return .failed(499)
                case .failed(let failure):
                    switch settle(failure, group) {
                    case .samePeer:
                        mayUseKept = false
                        continue attempt
                    case .nextPeer:
                        self.peer = nil
                        break attempt
                    case .fail:
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

    private func begin(_ target: ProxyTarget) {
        startedAt = loop.now
        if group !== target.group { group = target.group }
        keepAlive = target.keepAlive
        if target.isEncrypted || identity != nil {
            identity = target.isEncrypted ? plan.options.security?.identity(context, target) : nil
        }
    }

    /// `peer`, chosen anew; nil: none can be asked.
    private func choosePeer(_ group: UpstreamGroup) -> Peer? {
        guard case .peer(let chosen) = group.select(&tried, now: loop.now) else { return nil }
        peer = chosen
        isReported = false
        peerAttempts += 1
        mayUseKept = true
        return chosen
    }

    /// What is to be done about a failure; what has been done about it already.
    private func settle(_ failure: FailedAttempt, _ group: UpstreamGroup) -> RetryDecision {
        let available = triesAvailable ?? group.triesAvailable
        triesAvailable = available
        let situation = RetrySituation(
            isIdempotent: context.method.isIdempotent, isBodyReplayable: context.body.isReplayable, attempts: peerAttempts,
            triesAvailable: available, elapsed: loop.now - startedAt)
        let decision = plan.options.retry.decide(failure, situation)
        if decision == .samePeer { return decision }
        if decision == .nextPeer { endAttempt(status: failure.kind.status) }
        report(plan.options.retry.outcome(of: failure, decision))
        if decision == .nextPeer { discardHead() }
        return decision
    }

    enum AttemptResult {
        case head
        /// Nothing is settled yet.
        case waiting
        case failed(FailedAttempt)
        case gone
    }

    /// Goes on with the attempt that is under way, or makes another.
    private func goOn(_ peer: Peer, _ group: UpstreamGroup) async -> AttemptResult {
        if !isUnderWay {
            beginAttempt(peer)
            let isKept = mayUseKept && takeKept(peer, group, context, for: owner) != nil
            if !isKept {
                var opened = await connect(peer, group)
                if let identity, case .done = opened { opened = await shakeHands(identity) }
                switch opened {
                case .done: break
                case .gone: return .gone
                case .failed(let kind): return .failed(FailedAttempt(kind, requestSent: false))
                }
            }
            beginSending(context, onKept: isKept)
        }
        let settled = await sendAndReadHead()
        isUnderWay = false
        return settled
    }

    /// The connection that was kept for the request, if it may go out on one: `connection` from now on.
    private func takeKept(
        _ peer: Peer, _ group: UpstreamGroup, _ context: RequestContext, for user: Parking
    ) -> UpstreamConnection? {
        guard keepAlive.capacity > 0 else { return nil }
        let policy = plan.options.retry
        guard
            policy.mayUseKeptConnection(isIdempotent: context.method.isIdempotent, isBodyReplayable: context.body.isReplayable)
        else { return nil }
        let key = IdleKey(group: group.id, address: peer.address, scope: identity?.scope ?? 0)
        guard let kept = serving.takeIdle(key) else { return nil }
        if let identity, !kept.isFor(identity) {
            kept.close()
            return nil
        }
        kept.take(user)
        connection = kept
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
                descriptor, key: IdleKey(group: group.id, address: peer.address, scope: identity?.scope ?? 0), loop: loop,
                idle: serving.idleUpstreams)
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
            if isAbandoned {
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

    private func beginSending(_ context: RequestContext, onKept isKept: Bool) {
        trace.last.connectTime = loop.now - attemptStart
        isUnderWay = true
        self.isKept = isKept
        hasResponse = false
        sender.begin(context, plan, validators)
        deadline = loop.now + plan.options.sendTimeout
    }

    /// Sends what can be sent now; nil: go on waiting.
    private func send(_ connection: UpstreamConnection, _ context: RequestContext) -> AttemptResult? {
        switch sender.pump(connection, context) {
        case .progress(let count):
            trace.last.bytesSent += count
            let now = connection.loop.now
            deadline = now + plan.options.sendTimeout
            if sender.isDone {
                connection.want([.readable, .peerClosed])
                deadline = now + plan.options.readTimeout
            } else if sender.needsBody {
                (owner as? Exchange)?.wantBody()
                connection.want([.readable, .peerClosed])
            } else {
                connection.want([.readable, .writable, .peerClosed])
            }
            return nil
        case .failed(let error):
            // The answer may be here already: a server may refuse a body early and close.
            if case .head = readHead(connection) { return headArrived(connection) }
            logFailure("send() failed", error, .sending)
            return attemptFailed(.error)
        case .bodyFailed(let failure):
            RequestLog.failure(context, failure)
            dropConnection()
            return .failed(FailedAttempt(.status(failure.status), requestSent: true, responseStarted: true))
        }
    }

    private func sendAndReadHead() async -> AttemptResult {
        if let settled = result.take() { return settled }
        guard let connection else { return .failed(FailedAttempt(.error, requestSent: false)) }
        let context = context
        while true {
            if !sender.isDone, connection.readiness.isDisjoint(with: .readable), let settled = send(connection, context) {
                return settled
            }
            if connection.readiness.isEmpty {
                _ = await owner.park(until: deadline)
                if isAbandoned {
                    dropConnection()
                    return .gone
                }
                if connection.readiness.isEmpty, loop.now >= deadline {
                    if sender.needsBody, !sender.isDone { continue }
                    logFailure("upstream timed out", .timedOut, sender.isDone ? .readingHead : .sending)
                    return attemptFailed(.timeout)
                }
            }
            if connection.readiness.isDisjoint(with: [.readable, .peerClosed, .hangUp, .error]) {
                connection.readiness = []
                continue
            }
            connection.readiness = []
            switch readAttempt(connection) {
            case .waiting: break
            case let settled: return settled
            }
        }
    }

    /// Reads once, and says what that means for the attempt.
    private func readAttempt(_ connection: UpstreamConnection) -> AttemptResult {
        if head == nil { head = serving.takeResponseHead() }
        guard let head else { return .waiting }
        switch readHead(head, connection) {
        case .head: return headArrived(head, connection)
        case .needsMore:
            hasResponse = hasResponse || head.buffer.count > 0
            deadline = loop.now + plan.options.readTimeout
            return .waiting
        case .nothing: return .waiting
        case .failed(let kind):
            hasResponse = hasResponse || head.buffer.count > 0
            return attemptFailed(kind)
        }
    }

    private func headArrived(_ connection: UpstreamConnection) -> AttemptResult {
        guard let head else { return .failed(FailedAttempt(.error, requestSent: true)) }
        return headArrived(head, connection)
    }

    private func headArrived(_ head: ResponseHead, _ connection: UpstreamConnection) -> AttemptResult {
        trace.last.headerTime = loop.now - attemptStart
        trace.last.status = head.status
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
        trace.head = head
        connection.readiness = []
        connection.noteUnread()
        if RetryConditions.forStatus(head.status).map({ plan.options.retry.conditions.contains($0) }) ?? false {
            return .failed(FailedAttempt(.status(head.status), requestSent: true, responseStarted: true))
        }
        report(.success)
        return .head
    }

    private func attemptFailed(_ kind: FailedAttempt.Kind) -> AttemptResult {
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
        if head == nil { head = serving.takeResponseHead() }
        guard let head else { return .nothing }
        return readHead(head, connection)
    }

    private func readHead(_ head: ResponseHead, _ connection: UpstreamConnection) -> HeadRead {
        switch connection.transport.receive(into: head.buffer) {
        case .done(let count):
            trace.last.bytesReceived += count
            connection.noteUnread()
        case .wouldBlock: return .nothing
        case .closed:
            if head.buffer.count > head.start { return finishHeadless(head) }
            logFailure("upstream prematurely closed connection", nil, .readingHead)
            return .failed(.error)
        case .failed(let error):
            logReceiveFailure(connection, error, .readingHead)
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
        trace.head = nil
        if let old { serving.give(old) }
        close()
    }
}
