import Bytes
import EventLoops

/// A request that could not be answered at once: its context, its outbox, and the place where its task parks.
///
/// It lives until the last byte is drained; its task ends when nothing more has to be waited for. It never waits for the
/// client's socket: it fills the outbox, and the drain empties it.
///
/// The plainest wait has no task: a request that is out on a kept connection awaits its head by itself, and an answer that
/// comes whole is passed on from there. All else begins or goes on in the task.
public final class Exchange: Parking {
    public let context: RequestContext
    private var madeOutbox: Outbox?
    private var drain: (any Drain)?
    /// The client has left.
    public private(set) var isGone = false
    /// The response's head is settled and handed to the drain.
    public private(set) var hasBegun = false
    /// A task runs, or a head is awaited without one.
    private var isWorking = false
    /// Whose head is awaited without a task.
    private var awaited: UpstreamExchange?
    /// Where the task begins.
    private var beginning: Beginning?
    private var isDrained = false
    /// The connection is done with the context; whoever is last gives it back for reuse.
    public var returnsContext = false

    private enum Beginning {
        case step(RequestPipeline.Step)
        /// A head is asked for; how far that has come, the exchange with the upstream knows.
        case asking(UpstreamExchange)
        /// The answer's head is with the drain; the piece of its body that is at hand.
        case passing(UpstreamExchange, UpstreamExchange.Piece?)
    }

    public init(_ context: RequestContext, drain: any Drain) {
        self.context = context
        self.drain = drain
        super.init(loop: context.serving.loop)
        enroll()
    }

    deinit { giveOutbox() }

    /// As made anew, for another request of the same context.
    func begin(_ drain: any Drain) {
        self.drain = drain
        isGone = false
        hasBegun = false
        isDrained = false
        enroll()
    }

    private func giveOutbox() { if let outbox = madeOutbox.take() { context.serving.give(outbox) } }

    /// Stays with the context for its next request, when nobody else needs it any more.
    func rest() {
        giveOutbox()
        context.spareExchange = self
    }

    /// What has not been drained, made when there is any.
    public var outbox: Outbox {
        if let madeOutbox { return madeOutbox }
        let made = context.serving.takeOutbox()
        made.owner = self
        if isGone || isDrained { made.discard() }
        madeOutbox = made
        return made
    }

    // MARK: Without a task

    /// Waits for `need` and whatever the handlers ask for after it, and answers.
    func start(_ need: consuming Need) {
        isWorking = true
        startTask(.step(.wait(need)))
    }

    /// Asks an upstream, and goes on as `start(_:)`.
    func ask(_ plan: ProxyPlan) {
        isWorking = true
        let upstream = takeUpstream(plan)
        upstream.trace.exchange = upstream
        if upstream.askAtOnce(context, self) { awaited = upstream } else { startTask(.asking(upstream)) }
    }

    /// What asked last, where that went the plain way.
    private var spareUpstream: UpstreamExchange?

    private func takeUpstream(_ plan: ProxyPlan) -> UpstreamExchange {
        if let spare = spareUpstream.take(), spare.plan === plan, context.resumes(spare.trace) {
            spare.begin()
            return spare
        }
        return UpstreamExchange(plan, context, owner: self, watchesClient: true)
    }

    /// Something has happened while a head is awaited: it is here, or the task finds out what that means.
    private func awaitedHead(_ upstream: UpstreamExchange, _ reasons: WakeReasons) {
        guard reasons == .upstream, upstream.takeHead() else {
            super.wake(reasons)
            return startTask(.asking(upstream))
        }
        context.outcome = .head
        let step = RequestPipeline.advance(context)
        guard case .respond(.pass) = step else { return startTask(.step(step)) }
        switch beginPassing(upstream) {
        case .refused: startTask(.step(RequestPipeline.refusedByFilter(context)))
        case .done: finish(upstream)
        case .goesOn:
            if passWhole(upstream) { finish(upstream) }
        }
    }

    /// Passes an answer on that has come whole with its head; false: the task goes on with what is at hand.
    private func passWhole(_ upstream: UpstreamExchange) -> Bool {
        if let range = upstream.takeWhole() {
            passWhole(range, upstream)
            return true
        }
        let first = upstream.isTunnel ? nil : upstream.buffered()
        guard case .bytes(let region, isLast: true) = first else {
            startTask(.passing(upstream, first))
            return false
        }
        upstream.release()
        var position = 0
        let body = clipped(region, &position)
        if let sent = drain?.sendWhole(body.bytes, of: self) { finishPassing(body, sent, upstream) }
        upstream.letGo()
        return true
    }

    private func passWhole(_ whole: Range<Int>, _ upstream: UpstreamExchange) {
        upstream.release()
        let range = clipped(whole)
        if let drain, let sent = upstream.send(range, through: drain, of: self), let block = upstream.block {
            finishPassing(ByteRegion(block, range), sent, upstream)
        }
        upstream.letGo()
    }

    /// What did not go out at once goes through the outbox.
    private func finishPassing(_ body: ByteRegion, _ sent: Int, _ upstream: UpstreamExchange) {
        upstream.prepare(outbox)
        outbox.append(
            ByteRegion.narrowed(body, (body.range.lowerBound + sent)..<body.range.upperBound), isLast: true)
    }

    /// Nothing more has to be waited for.
    private func finish() {
        isWorking = false
        // The exchange with the upstream knows the context, and the context it: the circle ends here.
        context.upstream?.exchange = nil
        settle()
    }

    private func finish(_ upstream: UpstreamExchange) {
        isWorking = false
        upstream.trace.exchange = nil
        spareUpstream = upstream
        settle()
    }

    // MARK: With a task

    private func startTask(_ beginning: Beginning) {
        self.beginning = beginning
        loop.start(self)
    }

    public override func main() async {
        switch beginning.take() {
        case .step(let step): await run(step)
        case .asking(let upstream): if let step = goOn(after: await upstream.obtainHead()) { await run(step) }
        case .passing(let upstream, let piece): await pass(upstream, piece)
        case nil: break
        }
        finish()
    }

    /// The only straight line there is: what is needed is waited for, the handlers decide, the answer is delivered.
    private func run(_ first: RequestPipeline.Step) async {
        var step = first
        while true {
            switch step {
            case .wait(let need):
                guard let next = goOn(after: await fulfil(need)) else { return }
                step = next
            case .respond(let response):
                guard await deliver(response) else {
                    step = RequestPipeline.refusedByFilter(context)
                    continue
                }
                return
            case .close:
                closeUpstream()
                drain?.abort(self)
                return
            }
        }
    }

    /// nil: the client has left meanwhile.
    private func goOn(after outcome: Outcome) -> RequestPipeline.Step? {
        context.outcome = outcome
        if isGone {
            closeUpstream()
            return nil
        }
        return RequestPipeline.advance(context)
    }

    private func fulfil(_ need: Need) async -> Outcome {
        switch need {
        case .body: return await waitForBody()
        case .delay(let milliseconds):
            let end = loop.now + milliseconds
            while loop.now < end, !isGone { _ = await park(until: end) }
            return .done
        case .upstream(let plan):
            let upstream = UpstreamExchange(plan, context, owner: self, watchesClient: true)
            context.upstreamState().exchange = upstream
            return await upstream.obtainHead()
        case .cached(let plan):
            guard let cached = CachedExchange(plan, context, self) else { return .failed(500) }
            return await cached.run()
        }
    }

    /// The connection feeds the body and bounds its time; here one only waits to be woken.
    private func waitForBody() async -> Outcome {
        drain?.bodyWanted()
        while !context.body.isWhole, context.body.failure == nil, !isGone {
            _ = await park(until: .max)
        }
        if let failure = context.body.failure {
            RequestLog.failure(context, failure)
            return .failed(failure.status)
        }
        return .done
    }

    /// Tells the connection that body bytes are wanted (streaming).
    public func wantBody() { drain?.bodyWanted() }

    /// - Returns: false when a header filter has refused the response: something else is due.
    private func deliver(_ response: Response) async -> Bool {
        switch response {
        case .composed:
            closeUpstream()
            guard begin() else { return false }
            outbox.end(with: context.response.content)
            return true
        case .follow(let follower):
            return follow(follower)
        case .pass:
            return await pass()
        case .status:
            preconditionFailure("the pipeline composes statuses")
        }
    }

    /// Whether nothing is sent behind the head, whatever body there is.
    private var isHeadAlone: Bool {
        context.head.method == .head || context.response.status == 204 || context.response.status == 304
    }

    private func follow(_ follower: any BodyFollower) -> Bool {
        closeUpstream()
        outbox.followerWaker = waker
        guard begin() else {
            follower.leave()
            return false
        }
        if context.response.isReplaced {
            follower.leave()
            outbox.end(with: context.response.content)
            return true
        }
        if isHeadAlone {
            // The connection's next request need not wait for the end of a body that this one does not get.
            follower.leave()
            outbox.end()
            return true
        }
        let range = context.response.streamRange
        outbox.append(follower, from: range?.lowerBound ?? 0, to: range?.upperBound ?? .max)
        outbox.end()
        return true
    }

    private enum PassStart {
        /// A header filter has refused the response.
        case refused
        case done
        case goesOn
    }

    /// Hands the head of what the upstream sends to the drain.
    private func beginPassing(_ upstream: UpstreamExchange) -> PassStart {
        guard begin() else {
            closeUpstream()
            return .refused
        }
        if context.response.isReplaced {
            closeUpstream()
            outbox.end(with: context.response.content)
            return .done
        }
        if isHeadAlone, !upstream.isTunnel {
            // Whole if the upstream was asked by HEAD too; what it still sends to a GET is for nobody.
            upstream.release()
            outbox.end()
            upstream.letGo()
            return .done
        }
        return .goesOn
    }

    private func pass() async -> Bool {
        guard let upstream = context.upstream?.exchange else {
            outbox.fail()
            return true
        }
        switch beginPassing(upstream) {
        case .refused: return false
        case .done: return true
        case .goesOn:
            await pass(upstream, upstream.isTunnel ? nil : upstream.buffered())
            return true
        }
    }

    private func pass(_ upstream: UpstreamExchange, _ first: UpstreamExchange.Piece?) async {
        upstream.prepare(outbox)
        await passBody(upstream, first)
        // A slow reader that is still being served needs neither the last block nor the head's.
        if isDrained || isGone { upstream.letGo() } else { upstream.releaseBlocks() }
    }

    /// Passes on what the upstream sends, at the upstream's pace.
    private func passBody(_ upstream: UpstreamExchange, _ first: UpstreamExchange.Piece?) async {
        // The head goes out with the first bytes of the body, unless those are still on their way.
        var pending = first
        if pending == nil { drain?.pump() }
        if upstream.isTunnel { return await upstream.tunnel(self, outbox) }
        var position = 0
        while true {
            // What is at hand needs no look at the task's executor, which `await` takes twice.
            let piece: UpstreamExchange.Piece
            if let pending { piece = pending } else { piece = await upstream.next() }
            pending = nil
            switch piece {
            case .bytes(var region, var isLast):
                if !isLast, region.count < Exchange.smallPiece { pending = gather(&region, &isLast, upstream) }
                // The app is free before the client has anything.
                if isLast { upstream.release() }
                outbox.append(clipped(region, &position), isLast: isLast)
                if isLast { return }
            case .end:
                upstream.release()
                return outbox.end()
            case .failed:
                upstream.close()
                return outbox.fail()
            case .gone:
                return upstream.close()
            }
            while outbox.isFull, !isGone {
                upstream.pauseReading()
                outbox.requestRoom()
                _ = await park(until: .max)
            }
        }
    }

    /// Pieces below this many bytes are worth a copy that spares a call for each.
    private static let smallPiece = 2048

    /// Small chunks that have come together go on together. What came behind them is returned.
    private func gather(_ region: inout ByteRegion, _ isLast: inout Bool, _ upstream: UpstreamExchange) -> UpstreamExchange
        .Piece?
    {
        guard var next = upstream.buffered() else { return nil }
        let block = ByteBuffer(capacity: 16384)
        block.append(region.bytes)
        while case .bytes(let more, let ends) = next, more.count <= block.room {
            block.append(more.bytes)
            isLast = ends
            guard !ends, let following = upstream.buffered() else {
                region = ByteRegion(block, 0..<block.count)
                return nil
            }
            next = following
        }
        region = ByteRegion(block, 0..<block.count)
        return next
    }

    /// The part of a piece that lies within the range that was asked for (`proxy_force_ranges`).
    private func clipped(_ region: ByteRegion, _ position: inout Int) -> ByteRegion {
        let start = position
        position += region.count
        if context.response.streamRange == nil { return region }
        return ByteRegion.narrowed(region, clipped(region.range, from: start))
    }

    /// Of bytes that stand at `bytes` and are the body's from position `start` on.
    private func clipped(_ bytes: Range<Int>, from start: Int = 0) -> Range<Int> {
        guard let range = context.response.streamRange else { return bytes }
        let low = min(max(range.lowerBound - start, 0), bytes.count)
        let high = max(low, min(range.upperBound - start, bytes.count))
        return (bytes.lowerBound + low)..<(bytes.lowerBound + high)
    }

    /// Hands the head to the drain; false: a header filter refuses it.
    private func begin() -> Bool {
        drain?.begin(self)
        hasBegun = context.filterRefusal == 0
        return hasBegun
    }

    /// An answer that needs no task: what the first system call could not send.
    public func startDraining() { hasBegun = true }

    private func closeUpstream() {
        context.upstream?.exchange?.close()
        context.upstream?.exchange = nil
    }

    // MARK: What the drain says

    /// Something was appended.
    func pumpDrain() { drain?.pump() }

    /// The client has left: the task finds out at its next look.
    public func abandon() {
        guard !isGone else { return }
        isGone = true
        drain = nil
        madeOutbox?.discard()
        if isWorking { wake(.clientGone) } else { settle() }
    }

    /// Everything is out, or never will be.
    public func drained() {
        isDrained = true
        drain = nil
        madeOutbox?.discard()
        settle()
    }

    /// Leaves the loop's table once neither the task nor the drain needs it.
    private func settle() {
        guard !isWorking, isGone || isDrained else { return }
        resign()
        guard returnsContext else { return }
        returnsContext = false
        rest()
        context.serving.give(context)
    }

    public override func wake(_ reasons: WakeReasons) {
        if let upstream = awaited.take() {
            awaitedHead(upstream, reasons)
        } else if isWorking {
            super.wake(reasons)
        } else {
            // The only news are a fill's, and they are the drain's business.
            drain?.pump()
        }
    }

    /// Whether the context may be used again by the connection: nobody else refers to it.
    public var isOver: Bool { !isWorking }
}
