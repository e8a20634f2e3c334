import CLinux
import Glibc

/// An open descriptor with one owner, closed when its owner lets go of it.
public struct FileDescriptor: ~Copyable, Sendable {
    public let rawValue: Int32

    /// Takes over `rawValue`, which must be open and nobody else's.
    public init(owning rawValue: Int32) { self.rawValue = rawValue }

    deinit {
        // EINTR after close() leaves the descriptor closed on Linux: never repeat it.
        if rawValue >= 0 { _ = Glibc.close(rawValue) }
    }

    /// Gives the number away without closing it.
    public consuming func release() -> Int32 {
        let value = rawValue
        discard self
        return value
    }

    /// A second descriptor for the same open file, closed on exec.
    public borrowing func duplicate() throws(SystemError) -> FileDescriptor {
        try FileDescriptor.duplicate(rawValue)
    }

    public static func duplicate(_ raw: Int32) throws(SystemError) -> FileDescriptor {
        let copy = fcntl(raw, F_DUPFD_CLOEXEC, 3)
        if copy < 0 { throw SystemError.current }
        return FileDescriptor(owning: copy)
    }

    /// Puts the file behind `other` behind the number `raw` too, in one step: whoever writes to `raw` in another thread
    /// writes to the one file or the other, and never finds it closed. What was behind `raw` is let go.
    public static func replace(_ raw: Int32, with other: consuming FileDescriptor) throws(SystemError) {
        if uninterrupted({ dup2(other.rawValue, raw) }) < 0 { throw SystemError.current }
        setInheritable(raw, false)
    }

    /// Lets a program that is executed keep the descriptor, or not.
    public static func setInheritable(_ raw: Int32, _ inheritable: Bool) {
        _ = zl_set_inheritable(raw, inheritable ? 1 : 0)
    }
}

/// An open file that several holders share: closed when the last one lets go.
public final class SharedDescriptor: Sendable {
    private let descriptor: FileDescriptor

    public init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    public var rawValue: Int32 { descriptor.rawValue }
}
