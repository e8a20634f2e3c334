import Caching
import EventLoops
import Observability
import Platform
import Upstreams

/// State that has a name and outlives configurations: cache zones, upstream groups, logs by path. A reload finds it again by
/// name and kind; what a changed definition does is each kind's own business.
public final class NamedState: Sendable {
    private struct State {
        var zones: [String: CacheZone] = [:]
        var groups: [String: UpstreamGroup] = [:]
        var logs: [String: LogFile] = [:]
        var defaultErrorLog = ErrorLog([])
    }

    private let state = Lock(State())
    /// Threads for what would stall a loop.
    public let pool: BlockingPool

    public init(pool: BlockingPool) { self.pool = pool }

    /// The cache zone with this name, made by `make` when there is none.
    public func zone(_ name: String, orMake make: () -> CacheZone) -> CacheZone {
        state.withLock { state in
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
        if let log = log(path) { return log }
        let new = try LogFile(path: path)
        return state.withLock { state in
            if let log = state.logs[path] { return log }
            state.logs[path] = new
            return new
        }
    }

    /// Standard error as a log.
    public func openStandardError() throws(SystemError) -> LogFile {
        if let log = log("stderr") { return log }
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

    public func addLog(_ path: String, _ log: LogFile) { state.withLock { $0.logs[path] = log } }

    public var logs: [LogFile] { state.withLock { Array($0.logs.values) } }
}
