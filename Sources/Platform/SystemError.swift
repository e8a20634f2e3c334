import CLinux
import Glibc

/// An error of the kernel: `errno` as a type.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: Int32

    package init(_ code: Int32) { self.code = code }

    /// What `errno` says now.
    package static var current: SystemError { SystemError(errno) }

    package static let notFound = SystemError(ENOENT)
    package static let exists = SystemError(EEXIST)
    package static let accessDenied = SystemError(EACCES)
    package static let notPermitted = SystemError(EPERM)
    package static let notDirectory = SystemError(ENOTDIR)
    package static let isDirectory = SystemError(EISDIR)
    package static let nameTooLong = SystemError(ENAMETOOLONG)
    package static let tooManyLinks = SystemError(ELOOP)
    package static let noSpace = SystemError(ENOSPC)
    package static let readOnlyFileSystem = SystemError(EROFS)
    package static let quotaExceeded = SystemError(EDQUOT)
    package static let fileTooLarge = SystemError(EFBIG)
    package static let inputOutput = SystemError(EIO)
    package static let tooManyOpenFiles = SystemError(EMFILE)
    package static let systemTooManyOpenFiles = SystemError(ENFILE)
    package static let connectionRefused = SystemError(ECONNREFUSED)
    package static let connectionReset = SystemError(ECONNRESET)
    package static let brokenPipe = SystemError(EPIPE)
    package static let timedOut = SystemError(ETIMEDOUT)
    package static let invalidArgument = SystemError(EINVAL)
    package static let addressInUse = SystemError(EADDRINUSE)
    package static let connectionAborted = SystemError(ECONNABORTED)
    package static let noSuchProcess = SystemError(ESRCH)
    package static let wouldBlock = SystemError(EAGAIN)
    package static let inProgress = SystemError(EINPROGRESS)

    /// As the operator knows it: "Connection refused".
    package var message: String {
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
    package var description: String { "\(code): \(message)" }
}

/// Calls `body` again while a signal interrupts it: the only such loop in the program.
@inline(__always)
package func uninterrupted<R: FixedWidthInteger>(_ body: () -> R) -> R {
    while true {
        let result = body()
        if result != -1 || errno != EINTR { return result }
    }
}

/// What a read or write without waiting came to.
package enum IOResult: Sendable {
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
