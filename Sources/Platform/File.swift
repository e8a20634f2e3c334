import CLinux
import Glibc

/// What the kernel tells of a file.
public struct FileStatus: Sendable, Hashable {
    public enum Kind: Sendable { case regular, directory, other }

    public let kind: Kind
    /// Bytes.
    public let size: Int
    /// Seconds since 1970.
    public let modified: Int64
    /// With the device, what makes the file itself, under whatever name.
    public let inode: UInt64
    public let device: UInt64
    public let mode: UInt32
    public let owner: UInt32
    /// Bytes of disk the file takes.
    public let allocated: Int

    init(_ form: stat) {
        switch form.st_mode & S_IFMT {
        case S_IFREG: kind = .regular
        case S_IFDIR: kind = .directory
        default: kind = .other
        }
        size = Int(form.st_size)
        modified = Int64(form.st_mtim.tv_sec)
        inode = UInt64(form.st_ino)
        device = UInt64(form.st_dev)
        mode = form.st_mode & 0o7777
        owner = form.st_uid
        allocated = Int(form.st_blocks) * 512
    }
}

/// Plain calls on files, by path or descriptor.
public enum File {
    public enum Access: Sendable {
        case read, write, readWrite, append

        var flags: Int32 {
            switch self {
            case .read: O_RDONLY
            case .write: O_WRONLY
            case .readWrite: O_RDWR
            case .append: O_WRONLY | O_APPEND
            }
        }
    }

    public enum Creation: Sendable {
        case never, ifMissing, mustBeNew, truncated

        var flags: Int32 {
            switch self {
            case .never: 0
            case .ifMissing: O_CREAT
            case .mustBeNew: O_CREAT | O_EXCL
            case .truncated: O_CREAT | O_TRUNC
            }
        }
    }

    /// Opens a file, closed on exec. A FIFO does not block the caller when `nonBlocking`.
    public static func open(
        _ path: String, _ access: Access, create: Creation = .never, mode: UInt32 = 0o644, nonBlocking: Bool = false
    ) throws(SystemError) -> FileDescriptor {
        let flags = access.flags | create.flags | O_CLOEXEC | (nonBlocking ? O_NONBLOCK : 0)
        let raw = uninterrupted { unsafe zl_open(path, flags, mode) }
        if raw < 0 { throw SystemError.current }
        return FileDescriptor(owning: raw)
    }

    /// Opens the file whose path is the zero-terminated `path`: no String on the way of a request. With `mayWait` false the
    /// disk is not asked: `wouldBlock` (or that the kernel knows no such call) when the directories are not in memory.
    public static func openForReading(zeroTerminated path: Span<UInt8>, mayWait: Bool = true) throws(SystemError)
        -> FileDescriptor
    {
        precondition(path.count > 0 && path[path.count - 1] == 0)
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK
        let raw = unsafe path.withUnsafeBufferPointer { buffer in
            // Sound: the buffer ends with a zero byte, checked above.
            unsafe buffer.withMemoryRebound(to: CChar.self) { text in
                uninterrupted {
                    mayWait ? unsafe zl_open(text.baseAddress, flags, 0) : unsafe zl_open_cached(text.baseAddress, flags)
                }
            }
        }
        if raw < 0 { throw SystemError.current }
        return FileDescriptor(owning: raw)
    }

    public static func status(_ raw: Int32) throws(SystemError) -> FileStatus {
        var form = stat()
        if unsafe fstat(raw, &form) != 0 { throw SystemError.current }
        return FileStatus(form)
    }

    public static func status(_ path: String) throws(SystemError) -> FileStatus {
        var form = stat()
        if unsafe stat(path, &form) != 0 { throw SystemError.current }
        return FileStatus(form)
    }

    /// As `status`, of a path that ends with a zero byte.
    public static func status(zeroTerminated path: Span<UInt8>) throws(SystemError) -> FileStatus {
        precondition(path.count > 0 && path[path.count - 1] == 0)
        var form = stat()
        let result = unsafe path.withUnsafeBufferPointer { buffer in
            // Sound: the buffer ends with a zero byte, checked above.
            unsafe buffer.withMemoryRebound(to: CChar.self) { text in
                guard let base = text.baseAddress else { return Int32(-1) }
                return unsafe stat(base, &form)
            }
        }
        if result != 0 { throw SystemError.current }
        return FileStatus(form)
    }

    /// The path with every symbolic link resolved; nil when it does not exist.
    public static func realPath(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        // Sound: realpath returned a string that ends with a zero byte, which is freed here.
        return unsafe String(cString: resolved)
    }

    /// The path without symbolic links, `.` and `..`, of a path that ends with a zero byte. Errors: what `realpath` says.
    public static func realPath(zeroTerminated path: Span<UInt8>) throws(SystemError) -> [UInt8] {
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

    /// Whether the path is a symbolic link, and its owner.
    public static func linkStatus(_ path: String) throws(SystemError) -> (isLink: Bool, owner: UInt32) {
        var form = stat()
        if unsafe lstat(path, &form) != 0 { throw SystemError.current }
        return (form.st_mode & S_IFMT == S_IFLNK, form.st_uid)
    }

    /// Reads at most the span's length from `offset`; 0 is the end of the file.
    public static func read(_ raw: Int32, into span: inout MutableSpan<UInt8>, at offset: Int) throws(SystemError) -> Int {
        let count = unsafe span.withUnsafeMutableBufferPointer { buffer in
            // Sound: the buffer is as long as the kernel is told.
            uninterrupted { unsafe pread(raw, buffer.baseAddress, buffer.count, off_t(offset)) }
        }
        if count < 0 { throw SystemError.current }
        return count
    }

    /// As `read`, of what is in the page cache alone: `wouldBlock` for what is not, or that the file system cannot say.
    public static func readCached(_ raw: Int32, into span: inout MutableSpan<UInt8>, at offset: Int) throws(SystemError) -> Int
    {
        let count = unsafe span.withUnsafeMutableBufferPointer { buffer in
            // Sound: the buffer is as long as the kernel is told.
            uninterrupted { unsafe zl_read_cached(raw, buffer.baseAddress, buffer.count, off_t(offset)) }
        }
        if count < 0 { throw SystemError.current }
        return count
    }

    /// Reads from where the descriptor stands (pipes, /proc); 0 is the end.
    public static func read(_ raw: Int32, into span: inout MutableSpan<UInt8>) -> IOResult {
        let count = unsafe span.withUnsafeMutableBufferPointer { buffer in
            uninterrupted { unsafe Glibc.read(raw, buffer.baseAddress, buffer.count) }
        }
        return IOResult.of(count, zeroIsEnd: true)
    }

    /// The whole file, up to `limit` bytes; a longer file is an error (`EFBIG`).
    public static func contents(_ path: String, limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        let file = try open(path, .read)
        return try contents(of: file.rawValue, limit: limit)
    }

    public static func contents(of raw: Int32, limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            var span = chunk.mutableSpan
            switch read(raw, into: &span) {
            case .done(let count):
                if result.count + count > limit { throw SystemError(EFBIG) }
                result.append(contentsOf: chunk[..<count])
            case .closed: return result
            case .wouldBlock: return result
            case .failed(let error): throw error
            }
        }
    }

    /// Writes everything at `offset`.
    public static func write(_ raw: Int32, _ span: Span<UInt8>, at offset: Int) throws(SystemError) {
        var done = 0
        while done < span.count {
            let rest = span.extracting(done..<span.count)
            let count = unsafe rest.withUnsafeBufferPointer { buffer in
                // Sound: the buffer is as long as the kernel is told.
                uninterrupted { unsafe pwrite(raw, buffer.baseAddress, buffer.count, off_t(offset + done)) }
            }
            if count < 0 { throw SystemError.current }
            if count == 0 { throw SystemError.noSpace }
            done += count
        }
    }

    /// Writes everything where the descriptor stands (logs, pipes).
    public static func write(_ raw: Int32, _ span: Span<UInt8>) throws(SystemError) {
        var done = 0
        while done < span.count {
            let rest = span.extracting(done..<span.count)
            let count = unsafe rest.withUnsafeBufferPointer { buffer in
                uninterrupted { unsafe Glibc.write(raw, buffer.baseAddress, buffer.count) }
            }
            if count < 0 { throw SystemError.current }
            done += count
        }
    }

    public static func truncate(_ raw: Int32, to size: Int) throws(SystemError) {
        if ftruncate(raw, off_t(size)) != 0 { throw SystemError.current }
    }

    public static func rename(_ from: String, to: String) throws(SystemError) {
        if unsafe Glibc.rename(from, to) != 0 { throw SystemError.current }
    }

    public static func remove(_ path: String) throws(SystemError) {
        if unsafe unlink(path) != 0 { throw SystemError.current }
    }

    public static func changeOwner(_ path: String, user: UInt32, group: UInt32) throws(SystemError) {
        if unsafe chown(path, user, group) != 0 { throw SystemError.current }
    }

    public static func changeMode(_ path: String, _ mode: UInt32) throws(SystemError) {
        if unsafe chmod(path, mode) != 0 { throw SystemError.current }
    }

    /// A file in memory that has no name on any disk.
    public static func inMemory(_ name: String) throws(SystemError) -> FileDescriptor {
        let raw = unsafe zl_memfd_create(name, 1)
        if raw < 0 { throw SystemError.current }
        return FileDescriptor(owning: raw)
    }

    public static func seek(_ raw: Int32, to offset: Int) { _ = lseek(raw, off_t(offset), SEEK_SET) }

    /// Free bytes of the file system that holds `path`, for ordinary users.
    public static func freeSpace(_ path: String) throws(SystemError) -> Int {
        let bytes = unsafe zl_free_space(path)
        if bytes < 0 { throw SystemError.current }
        return Int(bytes)
    }
}
