import Configuration
import EventLoops
import Observability
import Platform

/// The loops of a worker, or of a single process, as the control thread sees them.
final class ServingProcess: Sendable {
    let named: NamedState
    private let mailboxes = Lock<[Mailbox]>([])
    private let running = Lock(0)
    private let maintained = Lock<Set<ObjectIdentifier>>([])
    /// The configurations of the loops as they are now.
    private let current = Lock<[Site]>([])

    init(named: NamedState) { self.named = named }

    /// Starts a thread for each site. Errors: the system refuses descriptors.
    func start(_ sites: [Site], _ sockets: OpenSockets, _ errorLog: ErrorLog, prefix: String) throws(SystemError) {
        let count = sites.count
        running.withLock { $0 = count }
        current.withLock { $0 = sites }
        for index in 0..<count {
            let site = sites[index]
            let named = named
            // By mail: what a loop is started with is kept as long as its thread, and a configuration is not.
            let mailbox = try EventLoop.start(index: index) { _ in }
            mailbox.call { loop in
                let serving = ServingLoop(loop: loop, site: site, named: named, errorLog: errorLog, prefix: prefix)
                serving.connectionLimit = site.workerConnections
                let server = LoopServer(serving, loopIndex: index, loopCount: count)
                loop.local = server
                server.listen(on: sockets)
            }
            mailboxes.withLock { $0.append(mailbox) }
        }
        maintainZones(errorLog)
    }

    /// Gives every loop its part of a new configuration. Returns those that were in use, which requests in flight keep.
    func reload(_ sites: [Site], _ sockets: OpenSockets, _ errorLog: ErrorLog) -> [Site] {
        let old = current.withLock { current in
            let old = current
            current = sites
            return old
        }
        for (index, mailbox) in mailboxes.withLock({ $0 }).enumerated() where index < sites.count {
            let site = sites[index]
            mailbox.call { loop in
                guard let server = loop.local as? LoopServer else { return }
                server.use(site, errorLog)
                server.listen(on: sockets)
            }
        }
        maintainZones(errorLog)
        return old
    }

    /// Lets every loop finish; `done` is called on some thread when the last has.
    func drain(_ done: @escaping @Sendable () -> Void) {
        let running = running
        for mailbox in mailboxes.withLock({ $0 }) {
            mailbox.call { loop in
                guard let server = loop.local as? LoopServer else { return }
                server.drain {
                    let left = running.withLock { count in
                        count -= 1
                        return count
                    }
                    if left == 0 { done() }
                }
            }
        }
    }

    /// Ends connections that still answer by this generation of the configuration.
    func close(_ generation: Int) { each { $0.close(generation) } }

    /// Lets go of what only configurations have named that nothing uses any more.
    func prune() {
        let zones = named.prune()
        let identities = Set(zones.map { ObjectIdentifier($0) })
        maintained.withLock { $0.formIntersection(identities) }
        each { $0.prune(keeping: identities) }
    }

    /// Writes what logs have buffered (before they are reopened, at the end).
    func flushLogs() { each { $0.flush() } }

    private func each(_ body: @escaping @Sendable (LoopServer) -> Void) {
        for mailbox in mailboxes.withLock({ $0 }) {
            mailbox.call { loop in
                if let server = loop.local as? LoopServer { body(server) }
            }
        }
    }

    /// Each cache zone has a thread of its own that loads its index and keeps its bounds.
    private func maintainZones(_ errorLog: ErrorLog) {
        for zone in named.zones {
            let identity = ObjectIdentifier(zone)
            let isNew = maintained.withLock { $0.insert(identity).inserted }
            if !isNew { continue }
            do throws(SystemError) {
                try Threads.start { CacheMaintenance.run(zone) }
            } catch {
                maintained.withLock { _ = $0.remove(identity) }
                errorLog.write(
                    .alert,
                    "the cache \"\(zone.name)\" is not maintained: no thread for it (\(error)); a reload tries again",
                    now: Clock.wallMilliseconds() / 1000)
            }
        }
    }
}
