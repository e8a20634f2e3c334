import Bytes
import Platform
import Synchronization

/// One open log, shared by all loops.
///
/// Every write is one system call on a descriptor in append mode, so lines of different loops never mix. Reopening puts
/// another file behind the same descriptor number in one step (`dup3`), so writers need no lock and never see it closed.
public final class LogFile: Sendable {
    /// Nil for a log that has no name to be opened by again, such as standard error.
    public let path: String?
    private let descriptor: FileDescriptor
    private let failures = Atomic<Int>(0)
    private let lastFailure = Atomic<Int32>(0)

    /// A log on a descriptor that was opened elsewhere (by the supervisor, for a worker).
    public init(path: String?, descriptor: consuming FileDescriptor) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Opens (or makes) the log at `path`. Errors: what `open` says.
    public convenience init(path: String) throws(SystemError) {
        self.init(path: path, descriptor: try File.open(path, .append, create: .ifMissing))
    }

    /// Standard error, on a descriptor of its own.
    public static func standardError() throws(SystemError) -> LogFile {
        LogFile(path: nil, descriptor: try FileDescriptor.duplicate(2))
    }

    /// The number of the descriptor, to hand it to a worker.
    public var rawDescriptor: Int32 { descriptor.rawValue }

    /// Writes `lines`, one or more whole lines. A failure is counted and otherwise ignored: a full disk must not stop a
    /// server from serving. What could not be written is lost.
    public func write(_ lines: Span<UInt8>) {
        guard !lines.isEmpty else { return }
        do throws(SystemError) {
            try File.write(descriptor.rawValue, lines)
        } catch {
            failures.wrappingAdd(1, ordering: .relaxed)
            lastFailure.store(error.code, ordering: .relaxed)
        }
    }

    /// Writes that failed, or were cut short and then failed.
    public var failedWrites: Int { failures.load(ordering: .relaxed) }

    /// Why a write has failed since this was last asked; nil: none has. Who logs asks, so that lost lines do not go unsaid.
    public func takeFailure() -> SystemError? {
        if lastFailure.load(ordering: .relaxed) == 0 { return nil }
        let code = lastFailure.exchange(0, ordering: .relaxed)
        return code == 0 ? nil : SystemError(code)
    }

    /// Opens the path again, after a rotation has moved the file away (USR1). On failure the old file stays in use.
    public func reopen() throws(SystemError) {
        guard let path else { return }
        try replace(with: File.open(path, .append, create: .ifMissing))
    }

    /// Goes on in the file behind `other`, which somebody with the right to open it has opened.
    public func replace(with other: consuming FileDescriptor) throws(SystemError) {
        try FileDescriptor.replace(descriptor.rawValue, with: other)
    }
}
