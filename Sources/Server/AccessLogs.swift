import Bytes
import EventLoops
import Observability
import Platform

/// The access logs of one loop: a writer for each file, written in time, and the files whose names depend on requests.
public final class AccessLogs: LoopObject {
    /// What `open_log_file_cache` says. Times are milliseconds.
    public struct CachePolicy: Sendable, Hashable {
        public var maximum: Int
        public var inactive: Int64 = 10_000
        public var valid: Int64 = 60_000
        public var leastUses = 1

        public init(maximum: Int) { self.maximum = maximum }
    }

    private struct OpenFile {
        /// nil while it has not been used often enough to stay open.
        var file: LogFile?
        var identity: FileIdentity?
        var uses = 0
        var lastUse: Int64
        var checked: Int64
    }

    private struct FileIdentity: Equatable {
        let device: UInt64
        let inode: UInt64
    }

    private var writers: [LogWriter] = []
    private var files: [[UInt8]: OpenFile] = [:]
    private var isTimerSet = false
    private let clock = LogClock()

    /// The three forms of the present second in which logs write it.
    public var time: LogClock {
        clock.set(loop.wallNow / 1000)
        return clock
    }

    /// Appends the present second as common logs write it.
    public func appendLocalTime(to output: inout ByteString) {
        clock.set(loop.wallNow / 1000)
        clock.appendLocalForm(to: &output)
    }

    /// Appends a line, its end included, to a log that this loop may collect lines for. Milliseconds in `flushInterval`; nil:
    /// until the buffer is full.
    public func append(_ line: Span<UInt8>, to file: LogFile, bufferSize: Int, flushInterval: Int64?) {
        if bufferSize == 0 { return file.write(line) }
        let writer = writer(file, bufferSize, flushInterval)
        writer.append(line, now: loop.now)
        if !isTimerSet, let deadline = writer.flushDeadline {
            enroll()
            isTimerSet = true
            setTimer(deadline)
        }
    }

    private func writer(_ file: LogFile, _ bufferSize: Int, _ flushInterval: Int64?) -> LogWriter {
        for index in writers.indices where writers[index].file === file {
            let writer = writers[index]
            if writer.bufferSize == bufferSize, writer.flushInterval == flushInterval { return writer }
            // A reload has changed the parameters.
            writer.flush()
            writers.remove(at: index)
            break
        }
        let writer = LogWriter(file: file, bufferSize: bufferSize, flushInterval: flushInterval)
        writers.append(writer)
        return writer
    }

    public override func timerFired() {
        isTimerSet = false
        var earliest: Int64?
        for writer in writers {
            writer.flushIfNeeded(now: loop.now)
            guard let deadline = writer.flushDeadline else { continue }
            earliest = min(earliest ?? deadline, deadline)
        }
        guard let earliest else { return }
        isTimerSet = true
        setTimer(earliest)
    }

    /// Writes every line that waits, and closes the files whose names depend on requests: before files are opened again, and
    /// at the end.
    public func flush() {
        for writer in writers { writer.flush() }
        files = [:]
    }

    /// Writes every line that waits, and lets go of all files; those that are in use come back with their next line.
    public func release() {
        flush()
        writers = []
    }

    // MARK: Names that depend on requests

    /// Appends a line to the file at `path`. Without a policy the file is opened and closed for this line. Errors: what `open`
    /// says; the line is lost.
    public func append(_ line: Span<UInt8>, toFileAt path: [UInt8], cache policy: CachePolicy?) throws(SystemError) {
        guard let policy else {
            return try LogFile(path: String(decoding: path, as: UTF8.self)).write(line)
        }
        try file(at: path, policy).write(line)
    }

    private func file(at path: [UInt8], _ policy: CachePolicy) throws(SystemError) -> LogFile {
        let now = loop.now
        let name = String(decoding: path, as: UTF8.self)
        var entry = files[path] ?? OpenFile(lastUse: now, checked: now)
        if entry.file != nil, now - entry.checked >= policy.valid {
            entry.checked = now
            if entry.identity != AccessLogs.identity(of: name) { entry.file = nil }
        }
        if now - entry.lastUse >= policy.inactive { entry.uses = 0 }
        entry.uses += 1
        entry.lastUse = now
        let file: LogFile
        if let open = entry.file {
            file = open
        } else {
            file = try LogFile(path: name)
            if entry.uses >= policy.leastUses {
                entry.file = file
                entry.identity = AccessLogs.identity(of: name)
                entry.checked = now
            }
        }
        makeRoom(for: path, policy, now)
        files[path] = entry
        return file
    }

    private func makeRoom(for path: [UInt8], _ policy: CachePolicy, _ now: Int64) {
        if files[path] != nil || files.count < policy.maximum { return }
        files = files.filter { now - $0.value.lastUse < policy.inactive }
        while files.count >= policy.maximum, let oldest = files.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            files[oldest.key] = nil
        }
    }

    private static func identity(of path: String) -> FileIdentity? {
        do throws(SystemError) {
            let status = try File.status(path)
            return FileIdentity(device: status.device, inode: status.inode)
        } catch {
            return nil
        }
    }
}
