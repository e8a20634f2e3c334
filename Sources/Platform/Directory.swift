import CLinux
import Glibc

/// Plain calls on directories.
public enum Directory {
    /// Makes one directory; one that is there already is fine, something else in its place is ENOTDIR.
    public static func create(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        if unsafe mkdir(path, mode) != 0 {
            let error = SystemError.current
            if error != .exists { throw error }
            if try File.status(path).kind != .directory { throw .notDirectory }
        }
    }

    /// Makes a directory and what is missing above it; most often nothing is, and one call is enough.
    public static func createAll(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        do throws(SystemError) {
            try create(path, mode: mode)
        } catch {
            guard error == .notFound, let parent = parent(of: path) else { throw error }
            try createAll(parent, mode: mode)
            try create(path, mode: mode)
        }
    }

    /// nil: there is none by name.
    private static func parent(of path: String) -> String? {
        var rest = path[...]
        while rest.last == "/" { rest = rest.dropLast() }
        guard let slash = rest.lastIndex(of: "/"), slash > path.startIndex else { return nil }
        return String(rest[..<slash])
    }

    public static func remove(_ path: String) throws(SystemError) {
        if unsafe rmdir(path) != 0 { throw SystemError.current }
    }

    /// The names in a directory without `.` and `..`, in no order.
    public static func names(_ path: String) throws(SystemError) -> [String] {
        guard let stream = unsafe opendir(path) else { throw SystemError.current }
        defer { _ = unsafe closedir(stream) }
        var names: [String] = []
        // Sound: readdir's entry is used before the next call, and its name ends with a zero byte.
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// The working directory.
    public static var current: String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        // Sound: the buffer has the size that the call is told.
        guard unsafe getcwd(&buffer, buffer.count) != nil else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
