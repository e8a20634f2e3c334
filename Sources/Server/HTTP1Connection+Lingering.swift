import Bytes
import EventLoops
import Platform

/// What is read only to be thrown away: the rest of a request's body, a client's last bytes.
extension HTTP1Connection {
    /// Reads what nobody needs: the rest of a body, or a client's last words.
    func throwAway() {
        let block = serving.blocks.take()
        defer { serving.blocks.give(block) }
        switch transport.receive(into: block) {
        case .done(let count):
            if phase == .discarding, let context { return discarded(context, block, count) }
            if loop.now >= lingerEnd { return close() }
            extendLinger()
            listen(for: HTTP1Connection.restInterest)
        case .wouldBlock: break
        case .closed, .failed: close()
        }
    }

    func discarded(_ context: RequestContext, _ block: ByteBuffer, _ count: Int) {
        let used = context.body.feed(block, from: 0)
        if context.body.failure != nil { return close() }
        if context.body.isWhole {
            if used < count { keepPipelined(block, from: used) }
            return nextRequest(context, context.plan)
        }
        if loop.now >= lingerEnd { return close() }
        extendLinger()
        listen(for: HTTP1Connection.restInterest)
    }

    func beginLinger(_ plan: LocationPlan) {
        lingerEnd = loop.now + plan.core.lingeringTime
        lingerTimeout = Int32(clamping: plan.core.lingeringTimeout)
        extendLinger()
    }

    func extendLinger() {
        setDeadline(.linger, after: min(Int64(lingerTimeout), max(lingerEnd - loop.now, 1)))
    }
}
