import Bytes
import Platform
import Server

/// A file that is open for reading.
final class OpenFile {
    let descriptor: SharedDescriptor
    let size: Int
    let modified: Int64
    let inode: UInt64
    let device: UInt64

    init(_ descriptor: consuming FileDescriptor, _ status: FileStatus) {
        self.descriptor = SharedDescriptor(descriptor)
        size = status.size
        modified = status.modified
        inode = status.inode
        device = status.device
    }
}

/// The files that one loop keeps open (`open_file_cache`), by path.
final class OpenFileCache {
    struct Policy: Sendable, Hashable {
        let capacity: Int
        /// Milliseconds.
        let inactive: Int64
        let valid: Int64
        let minUses: Int
        let keepsErrors: Bool
    }

    enum Result {
        case file(OpenFile)
        case directory
        case failed(SystemError)
    }

    private struct Entry {
        var result: Result
        var uses: Int
        var lastUse: Int64
        var checked: Int64
    }

    private var entries: [[UInt8]: Entry] = [:]
    private var sweptAt: Int64 = 0

    /// Opens the file whose path ends with a zero byte, or finds it open.
    static func open(_ path: [UInt8], _ context: RequestContext, _ policy: Policy?) -> Result {
        guard let policy else { return openNow(path) }
        let serving = context.serving
        let cache: OpenFileCache
        if let existing = serving.fileCache as? OpenFileCache {
            cache = existing
        } else {
            cache = OpenFileCache()
            serving.fileCache = cache
        }
        return cache.find(path, policy, now: serving.loop.now)
    }

    private static func openNow(_ path: [UInt8]) -> Result {
        do throws(SystemError) {
            let file = try File.openForReading(zeroTerminated: path.span)
            let status = try File.status(file.rawValue)
            switch status.kind {
            case .regular: return .file(OpenFile(file, status))
            case .directory: return .directory
            case .other: return .failed(.accessDenied)
            }
        } catch {
            return .failed(error)
        }
    }

    private func find(_ path: [UInt8], _ policy: Policy, now: Int64) -> Result {
        if let index = entries.index(forKey: path) {
            entries.values[index].uses += 1
            entries.values[index].lastUse = now
            if now - entries.values[index].checked < policy.valid { return entries.values[index].result }
            entries.values[index].checked = now
            entries.values[index].result = revalidated(path, entries.values[index].result)
            return entries.values[index].result
        }
        let result = OpenFileCache.openNow(path)
        if case .failed = result, !policy.keepsErrors { return result }
        if now - sweptAt > 1000 || entries.count >= policy.capacity { sweep(policy, now) }
        if entries.count < policy.capacity {
            entries[path] = Entry(result: result, uses: 1, lastUse: now, checked: now)
        }
        return result
    }

    /// The same file as before, or what lies there now.
    private func revalidated(_ path: [UInt8], _ old: Result) -> Result {
        guard case .file(let file) = old, let status = try? File.status(zeroTerminated: path.span) else {
            return OpenFileCache.openNow(path)
        }
        let isSame =
            status.inode == file.inode && status.device == file.device && status.modified == file.modified
            && status.size == file.size
        return isSame ? old : OpenFileCache.openNow(path)
    }

    /// Lets go of what nobody asks for; of a full cache the one that was used longest ago.
    private func sweep(_ policy: Policy, _ now: Int64) {
        sweptAt = now
        entries = entries.filter { now - $0.value.lastUse < policy.inactive && ($0.value.uses >= policy.minUses || now - $0.value.lastUse < 1000) }
        if entries.count >= policy.capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            entries[oldest.key] = nil
        }
    }
}
