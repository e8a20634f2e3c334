import Bytes
import Platform

/// Walks a zone's directory once after the start, in steps that a background thread takes, and tells the index what is there.
/// Lookups do not wait for it: until it has ended, what the index does not know is looked for on disk.
///
/// What is not ours is counted and left alone. Temporary files of writers that no longer run are removed.
public final class IndexLoader {
    public enum Step: Sendable, Equatable {
        /// The next step is due after so many milliseconds.
        case again(afterMilliseconds: Int)
        case finished
    }

    /// A directory whose files are listed, with the characters of the digest that its path stands for, outermost first.
    private struct Place {
        var path: String
        var depth: Int
        var suffixes: [String]
        /// Nothing in it can be ours.
        var isForeign: Bool
    }

    /// The walk through foreign directories is broken off here.
    private static let mostForeign = 10_000

    private let zone: CacheZone
    private var places: [Place] = []
    private var names: [String] = []
    private var current: Place
    private var files = 0
    private var bytes = 0
    private var foreignFiles = 0
    private var foreignBytes = 0
    private var hasStarted = false

    public init(_ zone: CacheZone) {
        self.zone = zone
        current = Place(path: zone.directory.path, depth: 0, suffixes: [], isForeign: false)
    }

    /// Looks at up to `loader_files` files, for about `loader_threshold` milliseconds.
    public func step(now: WallTime) -> Step {
        let definition = zone.definition
        let started = Clock.monotonicMilliseconds()
        if !hasStarted {
            hasStarted = true
            list(current)
        }
        var seen = 0
        while true {
            guard let name = names.popLast() else {
                guard let next = places.popLast() else { return finish() }
                current = next
                list(next)
                continue
            }
            examine(name, now: now)
            seen += 1
            if seen >= max(1, definition.loaderFiles)
                || Clock.monotonicMilliseconds() - started >= Int64(max(1, definition.loaderThreshold))
            {
                return .again(afterMilliseconds: max(1, definition.loaderSleep))
            }
        }
    }

    private func list(_ place: Place) {
        do throws(SystemError) {
            names = try Directory.names(place.path)
        } catch {
            names = []
            if error != .notFound { zone.tell(.diskFailed(operation: "list", path: place.path, error)) }
        }
    }

    private func finish() -> Step {
        zone.setWarm()
        zone.tell(.loaded(files: files, bytes: bytes))
        if foreignFiles > 0 {
            zone.tell(
                .foreign(
                    path: zone.directory.path, files: foreignFiles, bytes: foreignBytes,
                    isAtLeast: foreignFiles >= IndexLoader.mostForeign))
        }
        return .finished
    }

    private func examine(_ name: String, now: WallTime) {
        let path = current.path == "/" ? "/" + name : current.path + "/" + name
        guard let status = try? File.status(path) else { return }
        switch status.kind {
        case .directory: enter(name, path)
        case .other: countForeign(0)
        case .regular:
            switch current.isForeign ? .foreign : CacheDirectory.classify(name) {
            case .entry(let digest) where isInPlace(digest): note(digest, path, status, now: now)
            case .temporary(let process): examineTemporary(path, process: process, status)
            default: countForeign(status.size)
            }
        }
    }

    /// A directory is ours when it is called like the level that belongs there.
    private func enter(_ name: String, _ path: String) {
        let levels = zone.directory.levels
        let isLevel =
            !current.isForeign && current.depth < levels.count && name.utf8.count == levels[current.depth]
            && name.utf8.allSatisfy { ASCII.hexValue($0) != nil && !($0 >= 65 && $0 <= 70) }
        // A link could lead anywhere, and in a circle.
        if !isLevel, (try? File.linkStatus(path))?.isLink ?? true { return countForeign(0) }
        if !isLevel, foreignFiles >= IndexLoader.mostForeign { return }
        places.append(
            Place(
                path: path, depth: current.depth + 1, suffixes: isLevel ? current.suffixes + [name] : [], isForeign: !isLevel))
    }

    private func isInPlace(_ digest: Digest) -> Bool {
        guard current.depth == zone.directory.levels.count else { return false }
        return zone.directory.filePath(for: digest).hasPrefix(current.path + "/")
    }

    private func note(_ digest: Digest, _ path: String, _ status: FileStatus, now: WallTime) {
        if zone.noteLoaded(digest, size: DiskAccount.rounded(status.size), now: now) {
            files += 1
            bytes += status.size
            return
        }
        // An index that is full does not know the file, and what it does not know must not take up disk.
        if (try? CacheDirectory.removeOurs(path)) == .notOurs { countForeign(status.size) }
    }

    private func examineTemporary(_ path: String, process: Int, _ status: FileStatus) {
        if let number = Int32(exactly: process), ProcessControl.exists(number) { return }
        if (try? CacheDirectory.removeOurs(path)) == .notOurs { countForeign(status.size) }
    }

    private func countForeign(_ size: Int) {
        foreignFiles += 1
        foreignBytes += size
    }
}

extension CacheZone {
    /// Takes note of a file that the walk found; false when there is no memory to remember it.
    func noteLoaded(_ digest: Digest, size: Int, now: WallTime) -> Bool {
        shard(digest).withLock { shard in
            guard let index = shard.findOrInsert(digest, at: now.seconds) else { return false }
            if !shard.nodes[index].hasFile {
                shard.nodes[index].hasFile = true
                shard.nodes[index].size = size
                disk.add(size)
            }
            return true
        }
    }
}
