import Configuration
import EventLoops
import Observability
import Platform

/// What one loop of a serving process runs: its acceptors, its connections, its housekeeping.
final class LoopServer: LoopBound {
    let serving: ServingLoop
    private var acceptors: [SocketAddress: Acceptor] = [:]
    private let loopIndex: Int
    private let loopCount: Int
    private var onDrained: (() -> Void)?

    init(_ serving: ServingLoop, loopIndex: Int, loopCount: Int) {
        self.serving = serving
        self.loopIndex = loopIndex
        self.loopCount = loopCount
        super.init(loop: serving.loop)
        serving.loop.afterTurn = { serving.tidy() }
    }

    /// Listens on exactly these sockets from now on.
    func listen(on sockets: OpenSockets) {
        for (address, acceptor) in acceptors where sockets.find(address) == nil {
            acceptor.close()
            acceptors[address] = nil
        }
        for entry in sockets.entries where acceptors[entry.address] == nil {
            let isShared = entry.descriptors.count < loopCount
            guard let socket = isShared ? entry.descriptors.first : entry.descriptors[loopIndex] else { continue }
            acceptors[entry.address] = makeAcceptor(entry.address, socket, isShared: isShared && loopCount > 1)
        }
    }

    private func makeAcceptor(_ address: SocketAddress, _ socket: SharedDescriptor, isShared: Bool) -> Acceptor? {
        let serving = self.serving
        // Connections inherit it from the socket that accepts them.
        if case .unix = address {} else { Socket.setNoDelay(socket.rawValue) }
        do throws(SystemError) {
            return try Acceptor(
                loop: loop, socket: socket, isShared: isShared,
                onAccept: { descriptor, peer in LoopServer.accept(descriptor, peer, address, serving) },
                onFailure: { error in LoopServer.acceptFailed(address, error, serving) })
        } catch {
            serving.errorLog.write(
                .alert, "no connection to \(address) can be accepted (\(error))", now: serving.loop.wallNow / 1000)
            return nil
        }
    }

    private static func acceptFailed(_ address: SocketAddress, _ error: SystemError, _ serving: ServingLoop) {
        let now = serving.loop.wallNow / 1000
        guard serving.errorLog.once(RateLimit.Key("accept"), now: now) != nil else { return }
        let remedy = error == .tooManyOpenFiles ? "; raise worker_rlimit_nofile or lower worker_connections" : ""
        serving.errorLog.write(.crit, "accept() on \(address) failed (\(error))\(remedy)", now: now)
    }

    private static func accept(
        _ descriptor: consuming FileDescriptor, _ peer: SocketAddress, _ address: SocketAddress, _ serving: ServingLoop
    ) {
        if serving.connectionCount >= serving.connectionLimit {
            let now = serving.loop.wallNow / 1000
            if serving.errorLog.once(RateLimit.Key("worker_connections"), now: now) != nil {
                serving.errorLog.write(
                    .error, "worker_connections are not enough: a connection was closed; raise worker_connections", now: now)
            }
            return
        }
        let target = serving.site.address(of: descriptor.rawValue, listener: address)
        _ = try? HTTP1Connection(
            descriptor, peer: peer, listenAddress: target, number: serving.nextConnectionNumber(), serving: serving)
    }

    /// New requests get this site from now on.
    func use(_ site: Site, _ errorLog: ErrorLog) {
        serving.use(site)
        serving.connectionLimit = site.workerConnections
        serving.errorLog = errorLog
    }

    /// Accepts no more; calls `done` when the last connection is gone.
    func drain(_ done: @escaping () -> Void) {
        onDrained = done
        serving.startDraining()
        loop.afterTurn = { [unowned self] in
            checkDrained()
            serving.tidy()
        }
        for acceptor in acceptors.values { acceptor.close() }
        acceptors = [:]
        for object in loop.objects { (object as? HTTP1Connection)?.drainConnection() }
        for connection in serving.idleUpstreams.removeAll() { connection.close() }
        checkDrained()
    }

    private func checkDrained() {
        guard let done = onDrained, serving.connectionCount == 0 else { return }
        onDrained = nil
        serving.logs.flush()
        done()
    }

    /// Ends every connection that still answers by this generation of the configuration.
    func close(_ generation: Int) {
        for object in loop.objects { (object as? HTTP1Connection)?.close(ifOf: generation) }
    }

    /// Lets go of logs that nobody may write to any more, and of what it remembers of zones that are gone.
    func prune(keeping zones: Set<ObjectIdentifier>) {
        serving.logs.release()
        serving.forgetZones(but: zones)
    }

    func flush() { serving.logs.flush() }
}
