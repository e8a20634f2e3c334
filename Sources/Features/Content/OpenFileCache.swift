import Bytes
import HTTP
import Platform

/// A file that is open for reading.
final class OpenFile: PreparedHead {
    let descriptor: SharedDescriptor
    let status: FileStatus
    /// It stays open for other requests.
    private(set) var isKept = false
    /// The whole of a small file that stays open.
    private(set) var mapping: FileMapping?
    private var mappings: MappingBudget?

    init(_ descriptor: SharedDescriptor, _ status: FileStatus) {
        self.descriptor = descriptor
        self.status = status
    }

    deinit { if mapping != nil { mappings?.left += 1 } }

    /// It was asked for again: others will ask for it too.
    fileprivate func keep(_ budget: MappingBudget) {
        if isKept { return }
        isKept = true
        guard budget.left > 0, status.size > 0, status.size <= MappingBudget.largest else { return }
        mapping = FileMapping(descriptor.rawValue, count: status.size)
        guard mapping != nil else { return }
        budget.left -= 1
        mappings = budget
    }
}

/// How many small files a loop may have mapped: their pages count as its memory.
final class MappingBudget {
    /// Files above this many bytes go out by sendfile.
    static let largest = 16384
    var left = 256
}

/// What lies at a path.
enum FoundFile {
    case file(OpenFile)
    /// A file that nobody wanted to be opened.
    case regular
    case directory
    /// A device, a pipe, a socket.
    case other
    case failed(SystemError)

    /// Opens what lies at a path that ends with a zero byte: two system calls, and one to close it.
    static func open(_ path: Span<UInt8>) -> FoundFile {
        do throws(SystemError) {
            let file = try File.openForReading(zeroTerminated: path)
            let status = try File.status(file.rawValue)
            switch status.kind {
            case .regular: return .file(OpenFile(SharedDescriptor(file), status))
            case .directory: return .directory
            case .other: return .other
            }
        } catch {
            return .failed(error)
        }
    }

    /// Looks at it without opening it.
    static func probe(_ path: Span<UInt8>) -> FoundFile {
        do throws(SystemError) {
            switch try File.status(zeroTerminated: path).kind {
            case .regular: return .regular
            case .directory: return .directory
            case .other: return .other
            }
        } catch {
            return .failed(error)
        }
    }
}

/// What one loop remembers of files (`open_file_cache`): descriptors, directories and, if asked for, what is not there.
///
/// Bounded by the number of entries; a full cache forgets what was used longest ago. Times are milliseconds of the loop.
final class OpenFileCache {
    struct Policy: Sendable {
        /// For how long an entry is believed.
        let valid: Int64
        /// How often a file must have been asked for to stay open.
        let minUses: Int
        let keepsErrors: Bool
    }

    private struct Entry {
        var path: [UInt8]
        var hash: Int
        var found: FoundFile
        var uses = 1
        var checked: Int64
        var lastUse: Int64
        /// The next entry of the same bucket, and the neighbours in order of use; -1: none.
        var next: Int32 = -1
        var older: Int32 = -1
        var newer: Int32 = -1
    }

    private let mappings = MappingBudget()
    private var entries: [Entry] = []
    private var free: [Int32] = []
    private var buckets: [Int32]
    private var newest: Int32 = -1
    private var oldest: Int32 = -1
    private let capacity: Int
    private let inactive: Int64

    init(capacity: Int, inactive: Int64) {
        self.capacity = capacity
        self.inactive = inactive
        var size = 16
        while size < min(capacity, 65536) { size *= 2 }
        buckets = [Int32](repeating: -1, count: size)
    }

    /// How many paths are remembered.
    var count: Int { entries.count - free.count }

    /// What lies at a path that ends with a zero byte. `opens`: a file is wanted open.
    func find(_ path: Span<UInt8>, opens: Bool, _ policy: Policy, now: Int64) -> FoundFile {
        let hash = Int(truncatingIfNeeded: path.fnv1a() >> 1)
        forgetInactive(now)
        guard let place = place(path, hash) else {
            let found = opens ? FoundFile.open(path) : .probe(path)
            if case .failed = found, !policy.keepsErrors { return found }
            insert(path, hash, kept(found, uses: 1, policy), now)
            return found
        }
        let index = Int(place)
        entries[index].uses += 1
        entries[index].lastUse = now
        moveToFront(place)
        if now - entries[index].checked < policy.valid {
            switch entries[index].found {
            case .regular where opens: break
            case .file(let file):
                file.keep(mappings)
                return .file(file)
            case let found: return found
            }
        }
        let found = renewed(path, entries[index].found, opens: opens)
        if case .failed = found, !policy.keepsErrors {
            remove(place)
            return found
        }
        entries[index].found = kept(found, uses: entries[index].uses, policy)
        entries[index].checked = now
        return found
    }

    /// A file that has not been asked for often enough is not kept open.
    private func kept(_ found: FoundFile, uses: Int, _ policy: Policy) -> FoundFile {
        if case .file = found, uses < policy.minUses { return .regular }
        return found
    }

    /// The same file as before, with what its status is now, or what lies there instead.
    private func renewed(_ path: Span<UInt8>, _ old: FoundFile, opens: Bool) -> FoundFile {
        guard case .file(let file) = old else { return opens ? .open(path) : .probe(path) }
        guard let status = try? File.status(zeroTerminated: path), status.kind == .regular,
            status.inode == file.status.inode, status.device == file.status.device
        else { return opens ? .open(path) : .probe(path) }
        if status.size == file.status.size, status.modified == file.status.modified { return .file(file) }
        return .file(OpenFile(file.descriptor, status))
    }

    // MARK: The table

    private func place(_ path: Span<UInt8>, _ hash: Int) -> Int32? {
        var place = buckets[hash & (buckets.count - 1)]
        while place >= 0 {
            let index = Int(place)
            if entries[index].hash == hash {
                let known = entries[index].path
                if known.span.equals(path) { return place }
            }
            place = entries[index].next
        }
        return nil
    }

    private func insert(_ path: Span<UInt8>, _ hash: Int, _ found: FoundFile, _ now: Int64) {
        if count >= capacity, oldest >= 0 { remove(oldest) }
        let bucket = hash & (buckets.count - 1)
        var entry = Entry(path: path.array, hash: hash, found: found, checked: now, lastUse: now)
        entry.next = buckets[bucket]
        let place: Int32
        if let reused = free.popLast() {
            place = reused
            entries[Int(place)] = entry
        } else {
            place = Int32(entries.count)
            entries.append(entry)
        }
        buckets[bucket] = place
        linkInFront(place)
    }

    private func remove(_ place: Int32) {
        let index = Int(place)
        let bucket = entries[index].hash & (buckets.count - 1)
        if buckets[bucket] == place {
            buckets[bucket] = entries[index].next
        } else {
            var before = Int(buckets[bucket])
            while entries[before].next != place { before = Int(entries[before].next) }
            entries[before].next = entries[index].next
        }
        unlink(place)
        entries[index].found = .other
        entries[index].path = []
        free.append(place)
    }

    /// At most two at a time, as nginx.
    private func forgetInactive(_ now: Int64) {
        for _ in 0..<2 {
            guard oldest >= 0, now - entries[Int(oldest)].lastUse > inactive else { return }
            remove(oldest)
        }
    }

    private func moveToFront(_ place: Int32) {
        if newest == place { return }
        unlink(place)
        linkInFront(place)
    }

    private func linkInFront(_ place: Int32) {
        entries[Int(place)].older = newest
        entries[Int(place)].newer = -1
        if newest >= 0 { entries[Int(newest)].newer = place }
        newest = place
        if oldest < 0 { oldest = place }
    }

    private func unlink(_ place: Int32) {
        let older = entries[Int(place)].older
        let newer = entries[Int(place)].newer
        if older >= 0 { entries[Int(older)].newer = newer } else { oldest = newer }
        if newer >= 0 { entries[Int(newer)].older = older } else { newest = older }
    }
}
