import Configuration
import Observability

/// What the main block says about the process.
public struct ProcessPlan: Sendable {
    public var isDaemon = true
    public var hasMaster = true
    public var user: String?
    public var group: String?
    public var pidFile = "logs/zendan.pid"
    public var workerProcesses: Int?  // nil: 1; 0: one loop per processor (`auto`)
    public var workerConnections = 512
    public var descriptorLimit: Int?
    /// Milliseconds; nil: no limit.
    public var shutdownTimeout: Int64?
    /// `env NAME` or `env NAME=value`.
    public var environment: [String] = []
    public var errorLogs: [LogTarget] = []
    public let paths: ConfigurationPaths

    public init(paths: ConfigurationPaths) { self.paths = paths }
}

/// Where an error log goes and from which level on.
public struct LogTarget: Sendable, Hashable {
    public enum Destination: Sendable, Hashable {
        case file(String)
        case stderr
    }

    public let destination: Destination
    public let level: LogLevel

    public init(destination: Destination, level: LogLevel) {
        self.destination = destination
        self.level = level
    }
}
