import Caching
import EventLoops
import Observability
import Platform
import TLS
import Upstreams

/// State that has a name and outlives configurations: cache zones, upstream groups, logs by path. A reload finds it again by
/// name and kind; what a changed definition does is each kind's own business. What a configuration no longer names stays until
/// `prune`: requests may still use it.
public final class NamedState: Sendable {
    /// What a configuration names.
    private struct Names {
        var zones: Set<String> = []
        var groups: Set<String> = []
        var logs: Set<String> = []
        var sessionCaches: Set<String> = []
    }

    private struct State {
        /// Of the configuration that is being built, and of the last that was.
        var names = Names()
        var current: Names?
        var zones: [String: CacheZone] = [:]
        var groups: [String: UpstreamGroup] = [:]
        var logs: [String: LogFile] = [:]
        var defaultErrorLog = ErrorLog([])
        var sessionCaches: [String: TLSSessionCache] = [:]
        var ticketKeys: TLSTicketKeys?
        /// By the place of the server in the configuration that is being built: one for all loops.
        var tlsContexts: [String: TLSServerContext] = [:]
        /// By what they are made of, likewise.
        var upstreamTLSContexts: [String: UpstreamTLSContext] = [:]
    }

    private let state = Lock(State())
    /// Threads for what would stall a loop.
    public let pool: BlockingPool

    public init(pool: BlockingPool) { self.pool = pool }

    /// The cache zone with this name, made by `make` when there is none.
    public func zone(_ name: String, orMake make: () -> CacheZone) -> CacheZone {
        state.withLock { state in
            state.names.zones.insert(name)
            if let zone = state.zones[name] { return zone }
            let zone = make()
            state.zones[name] = zone
            return zone
        }
    }

    public var zones: [CacheZone] { state.withLock { Array($0.zones.values) } }

    /// The upstream group with this name, made by `make` when there is none.
    public func group(_ name: String, orMake make: () -> UpstreamGroup) -> UpstreamGroup {
        state.withLock { state in
            state.names.groups.insert(name)
            if let group = state.groups[name] { return group }
            let group = make()
            state.groups[name] = group
            return group
        }
    }

    /// The open log at `path`, if there is one.
    public func log(_ path: String) -> LogFile? { state.withLock { $0.logs[path] } }

    /// The log at `path`, opened when nobody has opened it yet. A worker without rights finds those that the supervisor
    /// opened for it. Errors: what `open` says.
    public func openLog(_ path: String) throws(SystemError) -> LogFile {
        if let log = use(path) { return log }
        let new = try LogFile(path: path)
        return state.withLock { state in
            if let log = state.logs[path] { return log }
            state.logs[path] = new
            return new
        }
    }

    /// Standard error as a log.
    public func openStandardError() throws(SystemError) -> LogFile {
        if let log = use("stderr") { return log }
        let new = try LogFile.standardError()
        return state.withLock { state in
            if let log = state.logs["stderr"] { return log }
            state.logs["stderr"] = new
            return new
        }
    }

    /// The error log where the configuration names none: option -e, else standard error.
    public var defaultErrorLog: ErrorLog {
        get { state.withLock { $0.defaultErrorLog } }
        set { state.withLock { $0.defaultErrorLog = newValue } }
    }

    /// Gives the log at `path` to the configuration that is being built. One that is open stays; where no configuration has
    /// named it lately, nobody has opened it again after a rotation either, so it goes on in the file of `log`.
    public func addLog(_ path: String, _ log: LogFile) {
        let forgotten = state.withLock { state -> LogFile? in
            state.names.logs.insert(path)
            guard let known = state.logs[path] else {
                state.logs[path] = log
                return nil
            }
            return known === log || state.current?.logs.contains(path) ?? true ? nil : known
        }
        guard let forgotten, let copy = try? FileDescriptor.duplicate(log.rawDescriptor) else { return }
        try? forgotten.replace(with: copy)
    }

    private func use(_ path: String) -> LogFile? {
        state.withLock { state in
            state.names.logs.insert(path)
            return state.logs[path]
        }
    }

    public var logs: [LogFile] { state.withLock { Array($0.logs.values) } }

    // MARK: TLS

    /// The cache of TLS sessions with this name, made where there is none, or none of this size in bytes.
    public func sessionCache(_ name: String, size: Int) -> TLSSessionCache {
        state.withLock { state in
            state.names.sessionCaches.insert(name)
            if let cache = state.sessionCaches[name], cache.capacity == max(size, 4096) { return cache }
            let cache = TLSSessionCache(capacity: size)
            state.sessionCaches[name] = cache
            return cache
        }
    }

    /// The keys of session tickets for servers that name none; made here where nobody has handed any over.
    public func ticketKeys() throws(TLSError) -> TLSTicketKeys {
        if let keys = state.withLock({ $0.ticketKeys }) { return keys }
        let made = try TLSTicketKeys(lifetime: 3600)
        state.withLock { $0.ticketKeys = made }
        return made
    }

    /// Uses the keys that whoever supervises this process has made. Those that are in use already stay, with all that they
    /// have come to.
    func useTickets(_ secret: [UInt8]) {
        guard let keys = TLSTicketKeys(exported: secret) else { return }
        state.withLock { state in
            if let current = state.ticketKeys, current.exported() == keys.exported() { return }
            state.ticketKeys = keys
        }
    }

    /// What the first loop's site keeps for those of the others: a server's context.
    public func keepTLSContext(_ context: TLSServerContext, for server: String) {
        state.withLock { $0.tlsContexts[server] = context }
    }

    public func tlsContext(for server: String) -> TLSServerContext? { state.withLock { $0.tlsContexts[server] } }

    /// What one location keeps for others, of all loops, that state the same of TLS to upstreams.
    public func keepUpstreamTLSContext(_ context: UpstreamTLSContext, for settings: String) {
        state.withLock { $0.upstreamTLSContexts[settings] = context }
    }

    public func upstreamTLSContext(for settings: String) -> UpstreamTLSContext? {
        state.withLock { $0.upstreamTLSContexts[settings] }
    }

    // MARK: What is no longer named

    /// Runs `build`, which asks for all that a configuration names. If it fails, the configuration before it stays the one
    /// that counts.
    public func naming<Result, Failure>(_ build: () throws(Failure) -> Result) throws(Failure) -> Result {
        state.withLock { $0.names = Names() }
        defer {
            state.withLock { state in
                state.tlsContexts = [:]
                state.upstreamTLSContexts = [:]
            }
        }
        let result = try build()
        state.withLock { $0.current = $0.names }
        return result
    }

    /// Lets go of all that the configuration in use does not name, once nothing else uses it: logs are closed, cache zones end.
    /// What is named stays as it is. Returns the zones that are left.
    @discardableResult
    public func prune() -> [CacheZone] {
        let (gone, left) = state.withLock { state -> ([CacheZone], [CacheZone]) in
            guard let names = state.current else { return ([], Array(state.zones.values)) }
            let gone = state.zones.filter { !names.zones.contains($0.key) }
            for name in gone.keys { state.zones[name] = nil }
            state.groups = state.groups.filter { names.groups.contains($0.key) }
            state.logs = state.logs.filter { names.logs.contains($0.key) }
            state.sessionCaches = state.sessionCaches.filter { names.sessionCaches.contains($0.key) }
            return (Array(gone.values), Array(state.zones.values))
        }
        for zone in gone { zone.retire() }
        return left
    }
}
