import Glibc

extension FileDescriptor {
    /// Puts the file behind `other` behind the number `raw` too, in one step: whoever writes to `raw` in another thread
    /// writes to the one file or the other, and never finds it closed. What was behind `raw` is let go.
    package static func replace(_ raw: Int32, with other: consuming FileDescriptor) throws(SystemError) {
        if uninterrupted({ dup2(other.rawValue, raw) }) < 0 { throw SystemError.current }
        setInheritable(raw, false)
    }
}
