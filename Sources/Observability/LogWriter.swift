import Bytes

/// One loop's way into a log: whole lines, collected when the log asks for it (`access_log … buffer= flush=`).
///
/// The buffer belongs to the loop, so no line waits for a lock. What is in it is written when the next line finds no room,
/// when its oldest line has waited for the flush interval, and when the owner says so (end, reopen).
public final class LogWriter {
    public let file: LogFile
    /// Bytes that may be collected; 0: each line is written at once.
    public let bufferSize: Int
    private let buffer: ByteBuffer?
    /// Milliseconds that a line may wait; nil: until the buffer is full.
    public let flushInterval: Int64?
    /// When the buffer must be written at the latest, in the caller's milliseconds; nil when it is empty or may wait.
    public private(set) var flushDeadline: Int64?

    /// A writer that collects up to `bufferSize` bytes (0: each line is written at once).
    public init(file: LogFile, bufferSize: Int = 0, flushInterval: Int64? = nil) {
        precondition(bufferSize >= 0)
        self.file = file
        self.flushInterval = flushInterval
        self.bufferSize = bufferSize
        buffer = bufferSize > 0 ? ByteBuffer(capacity: bufferSize) : nil
    }

    deinit { flush() }

    /// Adds one line, its end included. `now` is in milliseconds of the clock that `flushIfNeeded` is asked by.
    public func append(_ line: Span<UInt8>, now: Int64) {
        guard let buffer else { return file.write(line) }
        if line.count > buffer.room { flush() }
        if line.count > buffer.room { return file.write(line) }
        if buffer.isEmpty, let flushInterval { flushDeadline = now + flushInterval }
        buffer.append(line)
    }

    /// Writes what has waited long enough. Loops call this when their timer reaches `flushDeadline`.
    public func flushIfNeeded(now: Int64) {
        if let flushDeadline, now >= flushDeadline { flush() }
    }

    /// Writes everything that is in the buffer.
    public func flush() {
        flushDeadline = nil
        guard let buffer, !buffer.isEmpty else { return }
        file.write(buffer.bytes)
        buffer.clear()
    }
}
