import CLinux
import Glibc

/// An error of the kernel: `errno` as a type.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    public let code: Int32

    public init(_ code: Int32) { self.code = code }

    /// What `errno` says now.
    public static var current: SystemError { SystemError(errno) }

    public static let notFound = SystemError(ENOENT)
    public static let exists = SystemError(EEXIST)
    public static let accessDenied = SystemError(EACCES)
    public static let notPermitted = SystemError(EPERM)
    public static let notDirectory = SystemError(ENOTDIR)
    public static let isDirectory = SystemError(EISDIR)
    public static let nameTooLong = SystemError(ENAMETOOLONG)
    public static let tooManyLinks = SystemError(ELOOP)
    public static let noSpace = SystemError(ENOSPC)
    public static let readOnlyFileSystem = SystemError(EROFS)
    public static let quotaExceeded = SystemError(EDQUOT)
    public static let fileTooLarge = SystemError(EFBIG)
    public static let inputOutput = SystemError(EIO)
    public static let tooManyOpenFiles = SystemError(EMFILE)
    public static let systemTooManyOpenFiles = SystemError(ENFILE)
    public static let connectionRefused = SystemError(ECONNREFUSED)
    public static let connectionReset = SystemError(ECONNRESET)
    public static let brokenPipe = SystemError(EPIPE)
    public static let timedOut = SystemError(ETIMEDOUT)
    public static let invalidArgument = SystemError(EINVAL)
    public static let addressInUse = SystemError(EADDRINUSE)
    public static let connectionAborted = SystemError(ECONNABORTED)
    public static let noSuchProcess = SystemError(ESRCH)
    public static let wouldBlock = SystemError(EAGAIN)
    public static let protocolError = SystemError(EPROTO)
    public static let inProgress = SystemError(EINPROGRESS)

    /// As the operator knows it: "Connection refused".
    public var message: String {
        var text = [CChar](repeating: 0, count: 128)
        let found = unsafe text.withUnsafeMutableBufferPointer { buffer -> String in
            guard let base = buffer.baseAddress else { return "" }
            // Sound: the buffer is ours, and strerror_r ends what it writes with a zero byte.
            let status = unsafe strerror_r(code, base, buffer.count)
            return status == 0 ? unsafe String(cString: base) : ""
        }
        return found.isEmpty ? "error \(code)" : found
    }

    /// As nginx writes it into its log: "111: Connection refused".
    public var description: String { "\(code): \(message)" }
}

/// Calls `body` again while a signal interrupts it: the only such loop in the program.
@inline(__always)
public func uninterrupted<R: FixedWidthInteger>(_ body: () -> R) -> R {
    while true {
        let result = body()
        if result != -1 || errno != EINTR { return result }
    }
}

/// What a read or write without waiting came to.
public enum IOResult: Sendable {
    /// This many bytes were moved (never 0 for a read: that is `closed`).
    case done(Int)
    /// Nothing can be moved now.
    case wouldBlock
    /// The peer has ended its direction.
    case closed
    case failed(SystemError)

    /// Turns a system call's result into an `IOResult`; `zeroMeans` is what 0 says.
    @inline(__always)
    static func of(_ count: Int, zeroIsEnd: Bool) -> IOResult {
        if count > 0 { return .done(count) }
        if count == 0 { return zeroIsEnd ? .closed : .done(0) }
        let code = errno
        if code == EAGAIN || code == EWOULDBLOCK { return .wouldBlock }
        return .failed(SystemError(code))
    }
}
