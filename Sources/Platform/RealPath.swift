import Glibc

extension File {
    /// The path without symbolic links, `.` and `..`, of a path that ends with a zero byte. Errors: what `realpath` says.
    package static func realPath(zeroTerminated path: Span<UInt8>) throws(SystemError) -> [UInt8] {
        precondition(path.count > 0 && path[path.count - 1] == 0)
        let resolved = unsafe path.withUnsafeBufferPointer { buffer -> [UInt8]? in
            // Sound: the buffer ends with a zero byte, checked above; the library's answer is copied and freed.
            unsafe buffer.withMemoryRebound(to: CChar.self) { text in
                guard let base = text.baseAddress, let answer = unsafe realpath(base, nil) else { return nil }
                defer { unsafe free(answer) }
                return Array(unsafe String(cString: answer).utf8)
            }
        }
        guard let resolved else { throw SystemError.current }
        return resolved
    }
}
