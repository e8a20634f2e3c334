import Bytes
import Platform

/// Where messages of one `error_log` setting go: one or several files, each from a level on.
///
/// Every line is one write, so it may be used from all threads. A location whose block has its own `error_log` has its own
/// object; the files behind are shared.
public final class ErrorLog: Sendable {
    /// A file, and the least grave level that is written to it.
    public struct Target: Sendable {
        public let file: LogFile
        public let level: LogLevel

        public init(file: LogFile, level: LogLevel) {
            self.file = file
            self.level = level
        }
    }

    public let targets: [Target]
    /// The least grave level that any target takes; nil when there is no target.
    public let level: LogLevel?
    private let clock = Lock(LogClock())
    private let limit = Lock(RateLimit())
    private let process: Int

    /// An empty list of targets is a log that keeps nothing.
    public init(_ targets: [Target]) {
        self.targets = targets
        level = targets.map(\.level).max()
        process = Int(ProcessControl.identifier)
    }

    /// Whether a message of `level` would be written: ask before building an expensive one.
    public func takes(_ level: LogLevel) -> Bool {
        guard let least = self.level else { return false }
        return level <= least
    }

    /// The beginning of a line: `2026/11/24 07:51:27 [error] 12#34: *5 `. `now` is in seconds since the epoch; `connection`
    /// is the number of the client's connection, if the message concerns one.
    public func record(_ level: LogLevel, now: Int64, connection: UInt64? = nil) -> Record {
        var record = Record(level: level)
        let time = clock.withLock { clock in
            clock.set(now)
            return clock.errorLogForm
        }
        record.appendRaw(time.span)
        record.appendRaw(" [")
        record.appendRaw(level.name)
        record.appendRaw("] ")
        record.append(number: process)
        record.appendRaw("#")
        record.append(number: Int(ProcessControl.threadIdentifier))
        record.appendRaw(": ")
        if let connection {
            record.appendRaw("*")
            record.append(number: Int(truncatingIfNeeded: connection))
            record.appendRaw(" ")
        }
        return record
    }

    /// Ends the line and writes it to every target that takes its level.
    public func write(_ record: consuming Record) {
        let level = record.level
        let line = record.finish()
        for target in targets where level <= target.level { target.file.write(line.bytes) }
    }

    /// Writes a message that needs no client data.
    public func write(_ level: LogLevel, _ message: StaticString, now: Int64) {
        guard takes(level) else { return }
        var record = record(level, now: now)
        record.append(message)
        write(record)
    }

    /// Writes `message` (from the configuration or the system; control bytes are escaped).
    public func write(_ level: LogLevel, _ message: String, now: Int64) {
        guard takes(level) else { return }
        var record = record(level, now: now)
        record.append(message)
        write(record)
    }

    /// For messages that a fault repeats with every request: nil when one with the same key was written in the last
    /// `period` seconds, else how many were kept back since (which `Record.append(keptBack:)` words).
    public func once(per period: Int64 = 60, _ key: RateLimit.Key, now: Int64) -> Int? {
        limit.withLock { $0.admit(key, oncePer: period, now: now) }
    }

    /// Tells how many writes to the targets have failed.
    public var failedWrites: Int { targets.reduce(0) { $0 + $1.file.failedWrites } }
}
