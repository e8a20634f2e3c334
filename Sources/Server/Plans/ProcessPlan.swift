import Configuration
import Observability

/// What the main block says about the process.
package struct ProcessPlan: Sendable {
    package var isDaemon = true
    package var hasMaster = true
    package var user: String?
    package var group: String?
    package var pidFile = "logs/zendan.pid"
    package var workerProcesses: Int?  // nil: 1; 0: one loop per processor (`auto`)
    package var workerConnections = 512
    package var descriptorLimit: Int?
    /// Milliseconds; nil: no limit.
    package var shutdownTimeout: Int64?
    /// `env NAME` or `env NAME=value`.
    package var environment: [String] = []
    package var errorLogs: [LogTarget] = []
    package let paths: ConfigurationPaths

    package init(paths: ConfigurationPaths) { self.paths = paths }
}

/// Where an error log goes and from which level on.
package struct LogTarget: Sendable, Hashable {
    package enum Destination: Sendable, Hashable {
        case file(String)
        case stderr
    }

    package let destination: Destination
    package let level: LogLevel

    package init(destination: Destination, level: LogLevel) {
        self.destination = destination
        self.level = level
    }
}
