import Bytes
import EventLoops
import HTTP
import Observability
import Platform

/// One client connection that speaks HTTP/1: a small object with synchronous code.
///
/// `ready` reads, decodes, runs the pipeline, and sends what can be answered at once by one system call. What must wait becomes
/// an `Exchange`, whose outbox this connection drains. An idle connection holds no buffer.
public final class HTTP1Connection: Endpoint, Drain {
    enum Phase: UInt8 {
        /// A balancer's header is awaited, before everything else (`listen … proxy_protocol`).
        case proxyHeader
        /// TLS has not begun, or is not agreed on yet.
        case handshaking
        /// Between requests, nothing read.
        case idle
        /// Part of a head is here.
        case reading
        /// An exchange runs.
        case exchanging
        /// The answer is out; what is left of the request's body is read and thrown away.
        case discarding
        /// Our side is closed; the client's last bytes are read so that it sees our answer.
        case lingering
        case closed
    }

    /// What the one timer means.
    enum Deadline: UInt8 { case none, head, keepAlive, body, send, pace, linger }

    let serving: ServingLoop
    var transport: Transport
    let listenAddress: SocketAddress
    let peer: SocketAddress
    let number: UInt64
    let startedAt: Int64
    /// What a balancer has told of the client (`listen … proxy_protocol`).
    var origin: ConnectionOrigin?
    var requests = 0
    var phase = Phase.idle
    var deadline = Deadline.none
    /// `lingering_timeout` of the location that answered last, in milliseconds: its request is over by then.
    var lingerTimeout: Int32 = 0
    /// When the deadline is reached, on the loop's clock; the timer may be set earlier and is then set anew.
    var deadlineAt: Int64 = 0
    var timerAt = Int64.max
    /// The request that is being read or answered.
    var context: RequestContext?
    var exchange: Exchange?
    /// The head of the answer is settled; its rest is in the exchange's outbox.
    var isWriting = false
    /// The socket has taken less of the answer than there was.
    var isBlocked = false
    /// How many bytes behind the head in its buffer were the body's.
    var bodyBytesInHead = 0
    /// Body bytes that came with another read than the head's, and bytes of the next request behind them.
    var pipelined: ByteBuffer?
    var lingerEnd: Int64 = 0
    var unacknowledged: Int?
    /// The exchange whose answer has just gone out.
    var finishing: Exchange?
    /// `tcp_nodelay off` of the location that is answering.
    var delaysSegments = false
    var isPumping = false
    var pumpAgain = false
    /// The client speaks without TLS where TLS is spoken.
    var isMissingTLS = false
    /// An answer was cut short: the client must not be told that nothing is missing.
    var isCutShort = false

    public init(
        _ descriptor: consuming FileDescriptor, peer: SocketAddress, listenAddress: SocketAddress, number: UInt64,
        serving: ServingLoop
    ) throws(SystemError) {
        transport = Transport(descriptor)
        self.peer = peer
        self.listenAddress = listenAddress
        self.number = number
        self.serving = serving
        startedAt = serving.loop.wallNow
        super.init(loop: serving.loop)
        try watch(transport.rawValue, HTTP1Connection.restInterest)
        serving.connectionCount += 1
        let hosts = hosts
        if hosts?.tls != nil { phase = .handshaking }
        if hosts?.expectsProxyHeader ?? false { phase = .proxyHeader }
        setDeadline(.head, after: hosts?.defaultServer.options.clientHeaderTimeout ?? 0)
    }

    /// What a connection waits for between requests: also what it waits for during most of them, so that the kernel is told once.
    static let restInterest: Readiness = [.readable, .peerClosed]

    /// The servers of the address the client came to; nil when a reload has taken it away. Nobody else's servers may answer
    /// then: they may be meant for other people.
    var hosts: VirtualHosts? { serving.hosts(at: listenAddress) }

    // MARK: Events

    public override func ready(_ readiness: Readiness) {
        let useful = filter(readiness)
        switch phase {
        case .idle, .reading: if !useful.isEmpty { readHead() }
        case .proxyHeader: if !useful.isEmpty { readProxyHeader() }
        case .exchanging: exchangeReady(useful)
        case .discarding, .lingering: if !useful.isEmpty { throwAway() }
        case .handshaking: if !useful.isEmpty { shakeHands() }
        case .closed: break
        }
    }

    func exchangeReady(_ useful: Readiness) {
        if useful.contains(.readable) { readBody() }
        if phase == .exchanging, useful.contains(.writable) {
            isBlocked = false
            listen(for: interest)
            pump()
        }
        guard phase == .exchanging, !useful.isDisjoint(with: [.hangUp, .error, .peerClosed]) else { return }
        if useful.isDisjoint(with: [.hangUp, .error]), useful.contains(.readable) { return }
        peerEnded(hard: !useful.isDisjoint(with: [.hangUp, .error]))
    }

    /// The client has ended its direction, or the whole connection.
    func peerEnded(hard: Bool) {
        guard let exchange, let context else { return }
        if !hard, context.upstream?.exchange == nil || context.plan.core.toleratesHalfClose {
            // A client may end its direction and still wait for an answer that is on its way.
            watchesPeer = false
            listen(for: interest)
            return
        }
        if !hard, !context.body.isWhole { context.body.breakOff() }
        leave(exchange, context)
    }

    var watchesPeer = true

    /// The client is gone before its answer was: 499 when nothing of it was sent.
    func leave(_ exchange: Exchange, _ context: RequestContext) {
        if context.bytesSent == 0 {
            context.response.status = 499
            if context.upstream?.exchange != nil { RequestLog.write(context, .info, "client prematurely closed connection") }
        }
        // Before the log is written: the task finds out only at its next look.
        context.upstream?.exchange?.noteTime()
        exchange.abandon()
        finishLog(context)
        self.exchange = nil
        self.context = nil
        isWriting = false
        close()
    }

    // MARK: Reading heads

    func readHead() {
        guard let hosts else { return close() }
        if let context { readHead(context, hosts) } else { readHead(makeContext(hosts), hosts) }
    }

    private func readHead(_ context: RequestContext, _ hosts: VirtualHosts) {
        switch transport.receive(into: context.head.buffer) {
        case .done: decode(context, hosts)
        case .wouldBlock:
            if phase == .idle { giveBack(context) } else { self.context = context }
        case .closed, .failed:
            if phase == .reading, !context.head.buffer.isEmpty {
                prepare(context)
                RequestLog.write(context, .info, "client prematurely closed connection while its request was read")
                context.response.status = 400
                finishLog(context)
            }
            giveBack(context)
            close()
        }
    }

    func makeContext(_ hosts: VirtualHosts) -> RequestContext {
        serving.takeContext(hosts.defaultServer)
    }

    /// For reuse; while the task that answered still runs, it does so when it ends.
    func giveBack(_ context: RequestContext) {
        self.context = nil
        if let finishing {
            if !finishing.isOver {
                finishing.returnsContext = true
                return
            }
            finishing.rest()
        }
        serving.give(context)
    }

    func decode(_ context: RequestContext, _ hosts: VirtualHosts) {
        do throws(RequestFailure) {
            switch try hosts.decoder.decode(context.head) {
            case .complete: begin(context, hosts)
            case .incomplete: waitForHead(context, hosts)
            case .needsLargerBuffer:
                let limits = hosts.defaultServer.options.limits
                context.head.move(to: ByteBuffer(capacity: limits.capacity(after: context.head.buffer.capacity)))
                // There may be more in the socket; if not, this only waits.
                waitForHead(context, hosts)
            }
        } catch {
            prepare(context)
            // Whatever answers: where the next request would begin is not known.
            context.head.keepsAlive = false
            proceed(context, RequestPipeline.refuse(context, hosts, error))
        }
    }

    func waitForHead(_ context: RequestContext, _ hosts: VirtualHosts) {
        self.context = context
        if phase != .reading {
            phase = .reading
            setDeadline(.head, after: hosts.defaultServer.options.clientHeaderTimeout)
        }
        listen(for: HTTP1Connection.restInterest)
    }

    /// Sets what the context knows of the connection.
    func prepare(_ context: RequestContext) {
        requests += 1
        context.connection.number = number
        context.connection.requests = requests
        context.connection.begin(peer, origin)
        context.connection.local = listenAddress
        context.connection.startedAt = startedAt
        context.connection.descriptor = transport.rawValue
        if transport.isEncrypted || isMissingTLS || context.connection.security != .plain { prepareSecurity(context) }
        context.startedAt = loop.wallNow
        context.startedTick = loop.now
    }

    func begin(_ context: RequestContext, _ hosts: VirtualHosts) {
        prepare(context)
        context.body.begin(context.head)
        bodyBytesInHead = 0
        self.context = context
        go(context, RequestPipeline.begin(context, hosts))
    }

    func proceed(_ context: RequestContext, _ step: consuming RequestPipeline.Step) {
        self.context = context
        go(context, step)
    }

    private func go(_ context: RequestContext, _ step: consuming RequestPipeline.Step) {
        switch consume step {
        case .respond(.composed):
            if context.body.isWhole || discardsBody(context) { answerNow(context) }
        case .respond: abortRequest(context)
        case .wait(.upstream(let plan)): startExchange(context).ask(plan)
        case .wait(let need): startExchange(context).start(need)
        case .close: abortRequest(context)
        }
    }

    func abortRequest(_ context: RequestContext) {
        if context.response.status == 0 { context.response.status = 444 }
        finishLog(context)
        giveBack(context)
        close()
    }

    private func startExchange(_ context: RequestContext) -> Exchange {
        let exchange = takeExchange(context)
        self.exchange = exchange
        phase = .exchanging
        clearDeadline()
        watchesPeer = true
        // What came with the head goes out with the upstream's.
        if context.body.mode == .streaming, context.body.wantsBytes { feedFromHead(context) }
        // A client that announced an empty body waits as well; nginx does not keep it waiting either.
        if context.head.expectsContinue, context.body.isWhole { sendContinue(context) }
        listen(for: interest)
        return exchange
    }

    private func takeExchange(_ context: RequestContext) -> Exchange {
        guard let spare = context.spareExchange.take() else { return Exchange(context, drain: self) }
        spare.begin(self)
        return spare
    }

    /// What the kernel is asked for while an exchange runs.
    var interest: Readiness {
        var interest: Readiness = watchesPeer ? .peerClosed : []
        if let context, context.body.wantsBytes, pipelined == nil { interest.insert(.readable) }
        if isWriting, isBlocked { interest.insert(.writable) }
        return interest
    }

    // MARK: Answering

    /// Takes what came of a body that nobody asked for, before it is answered; false: its framing is broken, which has been
    /// answered instead.
    private func discardsBody(_ context: RequestContext) -> Bool {
        guard context.body.failure == nil else { return true }
        context.body.discard()
        feedFromHead(context)
        guard let failure = context.body.failure else { return true }
        context.head.keepsAlive = false
        // A status that is an error already stays what it is, as in nginx.
        if context.response.status >= 300 {
            RequestLog.failure(context, failure)
            return true
        }
        proceed(context, RequestPipeline.reject(context, failure))
        return false
    }

    /// Sends an answer that is ready; whatever the first system call does not take goes into an exchange.
    func answerNow(_ context: RequestContext) {
        guard settleHead(context) else { return proceed(context, RequestPipeline.refusedByFilter(context)) }
        if context.writer.mustStream(context) { return drainLater(context, from: context.response.content) }
        let rest = context.writer.sendAtOnce(self, context)
        if rest.failure != nil { return abortSending(context) }
        if rest.isComplete { return finishRequest(context) }
        drainLater(context, from: rest.content)
    }

    func drainLater(_ context: RequestContext, from content: Content) {
        let exchange = takeExchange(context)
        self.exchange = exchange
        phase = .exchanging
        watchesPeer = false
        clearDeadline()
        context.writer.attachFilters(to: exchange)
        exchange.startDraining()
        exchange.outbox.end(with: content)
    }

    func abortSending(_ context: RequestContext) {
        finishLog(context)
        giveBack(context)
        close()
    }

    // MARK: Drain

    public func begin(_ exchange: Exchange) {
        if settleHead(exchange.context) { exchange.context.writer.attachFilters(to: exchange) }
    }

    private func settleHead(_ context: RequestContext) -> Bool {
        isWriting = context.writer.settleHead(self, context)
        isBlocked = false
        return isWriting
    }

    public func abort(_ exchange: Exchange) {
        guard let context else { return }
        exchange.abandon()
        self.exchange = nil
        self.context = nil
        isWriting = false
        if context.response.status == 0 { context.response.status = 444 }
        finishLog(context)
        close()
    }

    public func sendWhole(_ body: Span<UInt8>, of exchange: Exchange) -> Int? {
        guard phase == .exchanging, !isPumping, isWriting, !isBlocked,
            exchange.context.writer.takesWhole(body.count, exchange.context)
        else { return 0 }
        guard let sent = exchange.context.writer.sendAtOnce(body, self, exchange.context) else {
            breakOff(exchange)
            return nil
        }
        if sent < body.count { return sent }
        complete(exchange)
        return nil
    }

    public func pump() {
        // What is added while the socket takes nothing waits for the socket, and does not renew the reader's deadline.
        if isWriting, isBlocked { return }
        if isPumping {
            pumpAgain = true
            return
        }
        isPumping = true
        defer { isPumping = false }
        repeat {
            pumpAgain = false
            guard phase == .exchanging, isWriting, let exchange, exchange.hasBegun else { return }
            switch exchange.context.writer.drain(exchange.outbox, self, exchange.context) {
            case .waiting: settleDeadline()
            case .blocked:
                isBlocked = true
                listen(for: interest)
                return armSendDeadline()
            case .paced(let milliseconds):
                setDeadline(.pace, after: milliseconds)
            case .complete: return complete(exchange)
            case .broken: return breakOff(exchange)
            }
        } while pumpAgain
    }

    func settleDeadline() {
        if deadline == .send || deadline == .pace { clearDeadline() }
    }

    func armSendDeadline() {
        guard let context else { return }
        unacknowledged = nil
        setDeadline(.send, after: context.plan.core.sendTimeout)
    }

    func complete(_ exchange: Exchange) {
        exchange.drained()
        finishing = self.exchange.take()
        if !isWriting || exchange.context.writer.closesConnection { exchange.context.response.closesConnection = true }
        finishRequest(exchange.context)
        finishing = nil
    }

    /// The answer cannot be finished: the client must not take it for whole.
    func breakOff(_ exchange: Exchange) {
        let context = exchange.context
        exchange.drained()
        exchange.abandon()
        self.exchange = nil
        self.context = nil
        // Where the framing tells that something is missing, what has been sent may still arrive.
        if !isWriting || context.writer.endsByClosing { transport.resetOnClose() }
        isCutShort = true
        isWriting = false
        finishLog(context)
        close()
    }

    // MARK: After the answer

    func finishLog(_ context: RequestContext) {
        context.plan.log(context)
    }

    func finishRequest(_ context: RequestContext) { finishRequest(context, context.plan) }

    private func finishRequest(_ context: RequestContext, _ plan: LocationPlan) {
        context.isComplete = true
        isWriting = false
        plan.log(context)
        let mayPersist =
            !context.response.closesConnection && context.head.keepsAlive && !serving.isDraining
            && plan.core.keepaliveTimeout > 0
        if !context.body.isWhole, context.body.failure == nil {
            context.body.discard()
            feedFromHead(context)
        }
        let isBodyLeft = !context.body.isWhole
        if !mayPersist || context.body.failure != nil {
            return endConnection(context, plan, isUnread: isBodyLeft || hasInput(context))
        }
        if isBodyLeft {
            phase = .discarding
            beginLinger(plan)
            listen(for: HTTP1Connection.restInterest)
            self.context = context
            return
        }
        nextRequest(context, plan)
    }

    func hasInput(_ context: RequestContext) -> Bool {
        pipelined != nil || context.head.end + bodyBytesInHead < context.head.buffer.count
    }

    /// Goes on with pipelined bytes at the end of the turn, or rests.
    func nextRequest(_ context: RequestContext, _ plan: LocationPlan) {
        let keepalive = plan.core.keepaliveTimeout
        let start = context.head.end + bodyBytesInHead
        var rest: ByteBuffer?
        if let held = pipelined {
            pipelined = nil
            rest = held
        } else if start < context.head.buffer.count {
            let buffer = context.head.buffer
            let copy = ByteBuffer(capacity: max(serving.heads.blockSize, buffer.count - start))
            copy.append(buffer.bytes(start..<buffer.count))
            rest = copy
        }
        giveBack(context)
        bodyBytesInHead = 0
        phase = .idle
        listen(for: HTTP1Connection.restInterest)
        setDeadline(.keepAlive, after: keepalive)
        guard let rest else { return }
        guard let hosts else { return close() }
        let next = makeContext(hosts)
        next.head.buffer = rest
        next.isPipelined = true
        self.context = next
        loop.atEndOfTurn(self)
    }

    /// Pipelined bytes are looked at when the turn ends, never on the stack of the last answer.
    public override func turnEnded() {
        guard phase == .idle, let context else {
            if transport.hasUnread { readUnread() }
            return
        }
        guard let hosts else { return close() }
        phase = .reading
        setDeadline(.head, after: hosts.defaultServer.options.clientHeaderTimeout)
        decode(context, hosts)
    }

    func endConnection(_ context: RequestContext, _ plan: LocationPlan, isUnread: Bool) {
        let lingers: Bool
        switch plan.core.lingeringClose {
        case .off: lingers = false
        case .always: lingers = true
        case .on: lingers = isUnread
        }
        giveBack(context)
        if !lingers { return close() }
        transport.shutdownWrite()
        phase = .lingering
        beginLinger(plan)
        listen(for: HTTP1Connection.restInterest)
    }

    // MARK: Deadlines

    public override func timerFired() {
        timerAt = .max
        if deadline == .none || phase == .closed { return }
        if loop.now < deadlineAt {
            timerAt = deadlineAt
            return setTimer(deadlineAt)
        }
        let kind = deadline
        deadline = .none
        switch kind {
        case .none: break
        case .keepAlive, .linger: close()
        case .head: headTimedOut()
        case .body: bodyTimedOut()
        case .pace: pump()
        case .send: sendTimedOut()
        }
    }

    // MARK: Closing

    /// The process ends: an idle connection goes at once, others after their request.
    public func drainConnection() {
        let isNew = phase == .proxyHeader || phase == .handshaking && !transport.isEncrypted
        if phase == .idle || isNew, context == nil { close() }
    }

    /// A reload's grace is over: a connection that still answers by this generation of the configuration ends.
    public func close(ifOf generation: Int) {
        guard let context, context.site.generation == generation else { return }
        if let exchange { leave(exchange, context) } else { close() }
    }

    public func close() {
        if phase == .closed { return }
        if transport.isEncrypted { endEncryption() }
        phase = .closed
        if let context {
            self.context = nil
            if exchange == nil { serving.give(context) }
        }
        let isHeld = exchange != nil || finishing != nil
        exchange?.abandon()
        exchange = nil
        isWriting = false
        pipelined = nil
        serving.connectionCount -= 1
        // The descriptor closes with this object and leaves the set by that, at once unless somebody else still holds it.
        if isHeld { unwatch() }
        detach()
    }
}
