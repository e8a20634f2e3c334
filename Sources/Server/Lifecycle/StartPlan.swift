import Observability
import Platform

/// What a process needs of an accepted configuration before it serves: all that takes rights, and nothing that takes the
/// configuration's text. The supervisor knows no more than this.
public struct StartPlan: Sendable, Hashable {
    public var isDaemon = true
    public var hasMaster = true
    /// Whom the worker becomes; nil: it stays who it is (not started as root).
    public var account: ProcessControl.Account?
    /// Absolute.
    public var pidFile = ""
    /// Event loops of the worker, 1 at least.
    public var loopCount = 1
    public var descriptorLimit: Int?
    /// Milliseconds; nil: no limit.
    public var shutdownTimeout: Int64?
    /// The worker's environment, `NAME=value`.
    public var environment: [String] = []
    public var sockets: [SocketPlan] = []
    /// Absolute paths of logs.
    public var logs: [String] = []
    public var directories: [DirectoryPlan] = []
    /// Where the process's own messages go; empty: where option -e says.
    public var errorLogs: [LogTarget] = []

    public init() {}

    /// Whether a worker that was started with `old` cannot take this plan over while it runs.
    public func needsNewWorker(after old: StartPlan) -> Bool {
        account != old.account || loopCount != old.loopCount || descriptorLimit != old.descriptorLimit
            || environment != old.environment
    }
}

/// A directory that must be there, and belong to the worker's user, before the worker starts.
public struct DirectoryPlan: Sendable, Hashable {
    public let path: String
    /// Whether the configuration names it. One that is only a default may be missing: a warning is enough.
    public let isStated: Bool

    public init(path: String, isStated: Bool) {
        self.path = path
        self.isStated = isStated
    }
}

extension StartPlan: BundleCodable {
    public func encode(to writer: inout BundleWriter) {
        writer.add(isDaemon)
        writer.add(hasMaster)
        writer.add(account) { writer, account in
            writer.add(account.name)
            writer.add(Int(account.user))
            writer.add(Int(account.group))
        }
        writer.add(pidFile)
        writer.add(loopCount)
        writer.add(descriptorLimit) { writer, limit in writer.add(limit) }
        writer.add(shutdownTimeout) { writer, limit in writer.add(Int(limit)) }
        writer.add(environment) { writer, entry in writer.add(entry) }
        writer.add(sockets) { writer, socket in writer.add(socket) }
        writer.add(logs) { writer, path in writer.add(path) }
        writer.add(directories) { writer, directory in
            writer.add(directory.path)
            writer.add(directory.isStated)
        }
        writer.add(errorLogs) { writer, target in writer.add(target) }
    }

    public init(from reader: inout BundleReader) throws(BundleError) {
        isDaemon = try reader.flag()
        hasMaster = try reader.flag()
        account = try reader.optional(StartPlan.account)
        pidFile = try reader.string()
        loopCount = try reader.integer()
        descriptorLimit = try reader.optional { (reader: inout BundleReader) throws(BundleError) in try reader.integer() }
        shutdownTimeout = try reader.optional { (reader: inout BundleReader) throws(BundleError) in
            Int64(try reader.integer())
        }
        environment = try reader.strings()
        sockets = try reader.list(SocketPlan.init(from:))
        logs = try reader.strings()
        directories = try reader.list { (reader: inout BundleReader) throws(BundleError) in
            DirectoryPlan(path: try reader.string(), isStated: try reader.flag())
        }
        errorLogs = try reader.list(LogTarget.init(from:))
        guard loopCount >= 1 else { throw BundleError() }
    }

    private static func account(_ reader: inout BundleReader) throws(BundleError) -> ProcessControl.Account {
        let name = try reader.string()
        guard let user = UInt32(exactly: try reader.integer()), let group = UInt32(exactly: try reader.integer()) else {
            throw BundleError()
        }
        return ProcessControl.Account(name: name, user: user, group: group)
    }
}

extension LogTarget: BundleCodable {
    public func encode(to writer: inout BundleWriter) {
        switch destination {
        case .file(let path): writer.add(path)
        case .stderr: writer.add("")
        }
        writer.add(Int(level.rawValue))
    }

    public init(from reader: inout BundleReader) throws(BundleError) {
        let path = try reader.string()
        guard let number = UInt8(exactly: try reader.integer()), let level = LogLevel(rawValue: number) else {
            throw BundleError()
        }
        self.init(destination: path.isEmpty ? .stderr : .file(path), level: level)
    }
}
