import EventLoops
import Observability
import Platform

/// The deadlines of a connection: what each means when it is reached.
extension HTTP1Connection {
    /// The timer itself is only set when it would come too late: a busy connection moves its deadline without touching the wheel.
    func setDeadline(_ kind: Deadline, after milliseconds: Int64) {
        deadline = kind
        deadlineAt = loop.now &+ milliseconds
        if timerAt > deadlineAt {
            timerAt = deadlineAt
            setTimer(deadlineAt)
        }
    }

    func clearDeadline() { deadline = .none }

    /// Closes silently; the log shows 408 when a head had been begun.
    func headTimedOut() {
        if phase == .handshaking { logHandshake(.info, "client timed out") }
        if phase == .proxyHeader { proxyHeaderTimedOut() }
        if phase == .reading, let context {
            prepare(context)
            context.response.status = 408
            RequestLog.write(context, .info, "client timed out (client_header_timeout)", .timedOut)
            finishLog(context)
            giveBack(context)
        }
        close()
    }

    func bodyTimedOut() {
        guard let exchange, let context else { return close() }
        context.response.status = 408
        RequestLog.write(context, .info, "client timed out (client_body_timeout)", .timedOut)
        exchange.abandon()
        self.exchange = nil
        self.context = nil
        isWriting = false
        finishLog(context)
        close()
    }

    /// The kernel holds megabytes, and the socket becomes writable only when a third is free: a slow reader shows by fewer
    /// unacknowledged bytes.
    func sendTimedOut() {
        guard let exchange, let context else { return }
        let left = transport.unacknowledged()
        let before = unacknowledged
        unacknowledged = left
        if let left, before.map({ left < $0 }) ?? true {
            return setDeadline(.send, after: context.plan.core.sendTimeout)
        }
        RequestLog.write(context, .info, "client timed out (send_timeout)", .timedOut)
        breakOff(exchange)
    }
}
