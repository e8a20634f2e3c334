import Bytes
import EventLoops
import Platform
import Upstreams

/// One connection to an upstream server: used by one exchange at a time, idle in between.
package final class UpstreamConnection: Endpoint {
    package let transport: Transport
    package let key: IdleKey
    /// Who is woken when the descriptor is ready, by its place in the loop's table: one that is gone is not found. nil while
    /// idle.
    private var user: Ticket?
    /// Who keeps it while idle.
    private let idle: IdleConnections<UpstreamConnection>
    package private(set) var served = 0
    package let openedAt: Int64
    /// The last readiness that nobody has acted on.
    package var readiness: Readiness = []
    private var isPaused = false
    private var isClosed = false

    /// A connection that is being made; ready when it is writable.
    package init(
        _ descriptor: consuming FileDescriptor, key: IdleKey, loop: EventLoop, idle: IdleConnections<UpstreamConnection>
    ) throws(SystemError) {
        transport = Transport(descriptor)
        self.key = key
        self.idle = idle
        openedAt = loop.now
        super.init(loop: loop)
        try watch(transport.rawValue, [.readable, .writable, .peerClosed])
    }

    package override func ready(_ readiness: Readiness) {
        let useful = filter(readiness)
        if useful.isEmpty { return }
        guard let user, let parked = loop.object(user) else {
            // Idle: whatever comes, nobody has asked for it.
            idle.remove(self, key)
            return close()
        }
        if isPaused {
            // A hang-up cannot be masked: leave the set until somebody wants to read.
            unwatch()
            return
        }
        self.readiness.formUnion(useful)
        parked.wake(.upstream)
    }

    /// The idle time-out, set by whoever keeps it.
    package override func timerFired() {
        if user == nil {
            idle.remove(self, key)
            close()
        }
    }

    /// Nobody reads for now: the outbox is full.
    package func pause() {
        isPaused = true
        want([])
    }

    package func resume(_ interest: Readiness) {
        isPaused = false
        if !isWatched, !isClosed { try? watch(transport.rawValue, interest) }
        want(interest)
    }

    /// Begins to serve another request.
    package func take(_ user: Parking) {
        serve(user)
        served += 1
        readiness = []
        isPaused = false
        clearTimer()
    }

    /// `user` is woken from now on.
    package func serve(_ user: Parking) {
        user.enroll()
        self.user = user.ticket
    }

    /// Nobody uses it for now.
    package func rest() { user = nil }

    package func close() {
        if isClosed { return }
        isClosed = true
        user = nil
        unwatch()
        detach()
        // The descriptor closes with the object, which nobody keeps any more.
    }
}
