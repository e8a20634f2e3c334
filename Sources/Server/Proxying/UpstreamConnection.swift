import Bytes
import EventLoops
import Platform
import Upstreams

/// One connection to an upstream server: used by one exchange at a time, idle in between.
public final class UpstreamConnection: Endpoint {
    public var transport: Transport
    public let key: IdleKey
    /// Who is woken when the descriptor is ready, by its place in the loop's table: one that is gone is not found. nil while
    /// idle.
    private var user: Ticket?
    /// Who keeps it while idle.
    private let idle: IdleConnections<UpstreamConnection>
    /// Whom it is for, where TLS is spoken; nil: it is plain.
    var identity: UpstreamIdentity?
    /// Who remembers what the upstream offers for the next connection.
    var resumptions: ResumptionTable?
    public private(set) var served = 0
    public let openedAt: Int64
    /// The last readiness that nobody has acted on.
    public var readiness: Readiness = []
    private var isPaused = false
    private var isClosed = false

    /// A connection that is being made; ready when it is writable.
    public init(
        _ descriptor: consuming FileDescriptor, key: IdleKey, loop: EventLoop, idle: IdleConnections<UpstreamConnection>
    ) throws(SystemError) {
        transport = Transport(descriptor)
        self.key = key
        self.idle = idle
        openedAt = loop.now
        super.init(loop: loop)
        try watch(transport.rawValue, [.readable, .writable, .peerClosed])
    }

    public override func ready(_ readiness: Readiness) {
        let useful = filter(readiness)
        if useful.isEmpty { return }
        guard let user, let parked = loop.object(user) else {
            if transport.isEncrypted, goesOnIdling(useful) { return }
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
        deadline = .max
        parked.wake(.upstream)
    }

    // MARK: Deadlines

    /// When it has idled long enough, or its user has waited long enough; on the loop's clock.
    private var deadline = Int64.max
    /// The timer may be set to an earlier time, and is then set anew: a connection that is busy need not move it at each
    /// request.
    private var timerAt = Int64.max

    /// When nothing has happened by then, its user is woken; one that idles is closed.
    public func expect(by time: Int64) {
        deadline = time
        guard time < timerAt else { return }
        timerAt = time
        setTimer(time)
    }

    public override func timerFired() {
        timerAt = .max
        if loop.now < deadline {
            if deadline < .max { expect(by: deadline) }
            return
        }
        deadline = .max
        if let user {
            loop.object(user)?.wake(.timer)
        } else {
            idle.remove(self, key)
            close()
        }
    }

    /// Nobody reads for now: the outbox is full.
    public func pause() {
        isPaused = true
        want([])
    }

    public func resume(_ interest: Readiness) {
        isPaused = false
        if !isWatched, !isClosed { try? watch(transport.rawValue, interest) }
        want(interest)
    }

    /// Begins to serve another request.
    public func take(_ user: Parking) {
        serve(user)
        served += 1
        readiness = []
        isPaused = false
        deadline = .max
    }

    /// `user` is woken from now on.
    public func serve(_ user: Parking) {
        user.enroll()
        self.user = user.ticket
    }

    /// Nobody uses it for now.
    public func rest() { user = nil }

    public func close() {
        if isClosed { return }
        isClosed = true
        if transport.isEncrypted { endEncryption() }
        user = nil
        unwatch()
        detach()
        // The descriptor closes with the object, which nobody keeps any more.
    }
}
