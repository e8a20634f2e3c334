import Bytes
import EventLoops
import Platform
import Upstreams

/// Upgraded connections: bytes in both directions until one side ends (RFC 9110 §7.8).
extension UpstreamExchange {
    /// Both directions at once, until one ends (an upgraded connection).
    public func tunnel(_ exchange: Exchange, _ outbox: Outbox) async {
        guard let connection else { return outbox.fail() }
        context.body.beginTunnel()
        exchange.wantBody()
        while true {
            if exchange.isGone { return close() }
            if !sender.pumpTunnel(connection, context) { return endTunnel(outbox) }
            while !outbox.isFull, let piece = buffered() {
                guard case .bytes(let region, _) = piece else { return endTunnel(outbox) }
                outbox.append(region)
            }
            let wantsRead = !outbox.isFull
            connection.noteUnread()
            if wantsRead, !connection.readiness.isDisjoint(with: [.readable, .hangUp, .peerClosed, .error]) {
                connection.readiness = []
                if receive(connection) != nil { return endTunnel(outbox) }
                continue
            }
            if !wantsRead { outbox.requestRoom() }
            var interest: Readiness = wantsRead ? [.readable, .peerClosed] : []
            if sender.isTunnelBlocked { interest.insert(.writable) }
            if interest.isEmpty { connection.pause() } else { connection.resume(interest) }
            connection.readiness = []
            exchange.wantBody()
            releaseBlocks()
            let reasons = await owner.park(until: loop.now + plan.options.readTimeout)
            if reasons == .timer {
                logFailure("upstream timed out", .timedOut, .tunnelling)
                return endTunnel(outbox)
            }
        }
    }

    func endTunnel(_ outbox: Outbox) {
        endAttempt(status: nil)
        close()
        outbox.end()
    }
}
