import Bytes
import HTTP
import Platform

/// Reading files. It may block, unless it is told not to wait.
extension CacheZone {
    /// As `find`, reading from disk what memory does not have: after a restart the file system is the index of record.
    public func findOnDisk(_ key: CacheKey, _ request: RequestHead, now: WallTime) -> Lookup {
        let own = CachePlace(digest: key.digest)
        guard case .entry(let primary, let isUpdating) = fetch(key.digest, key, now: now) else { return .none(own) }
        guard let place = place(ofVariantBeside: primary, key, request) else {
            return CacheZone.classify(primary, own, isUpdating, now)
        }
        return lookUpVariant(fetch(place.digest, key, now: now), place, request, now: now)
    }

    /// What a digest stands for.
    public enum Fetched: Sendable {
        case entry(Entry, isUpdating: Bool)
        case none
        /// The disk would have to be waited for.
        case wouldWait
    }

    /// The entry of `digest`, if it is stored under `key`, from memory or from its file. With `mayWait` false only what the
    /// kernel has in memory is read, which is a matter of microseconds; else it belongs to the BlockingPool.
    public func fetch(_ digest: Digest, _ key: CacheKey, now: WallTime, mayWait: Bool = true) -> Fetched {
        var found = Fetched.none
        switch resident(digest, now: now) {
        case .entry(let entry, let isUpdating): found = .entry(entry, isUpdating: isUpdating)
        case .absent where isWarm: break
        case .absent, .file: found = load(digest, now: now, mayWait: mayWait)
        }
        if case .entry(let entry, _) = found, !entry.head.hasKey(key.bytes.span) { return .none }
        return found
    }

    /// Where the variant that answers `request` belongs, when the response under the key's own digest does not.
    public func place(ofVariantBeside primary: Entry, _ key: CacheKey, _ request: RequestHead) -> CachePlace? {
        if primary.head.selects(request) { return nil }
        let vary = primary.head.vary
        return CachePlace(digest: key.digest(of: vary.variant(of: request)), vary: vary)
    }

    /// What was fetched of the place of a variant, as an answer to `request`.
    public func lookUpVariant(_ fetched: Fetched, _ place: CachePlace, _ request: RequestHead, now: WallTime) -> Lookup {
        guard case .entry(let entry, let isUpdating) = fetched, entry.head.vary == place.vary, entry.head.selects(request)
        else { return .none(place) }
        return CacheZone.classify(entry, place, isUpdating, now)
    }

    private func isBeingUpdated(_ digest: Digest) -> Bool {
        shard(digest).withLock { shard in shard.nodes.find(digest).map { shard.nodes[$0].isUpdating } ?? false }
    }

    /// A body up to this length is read even when it does not stay in memory: one call instead of two.
    private static let readAtOnce = 16 << 10

    /// Reads the file of `digest` and puts it into memory if there is room.
    func load(_ digest: Digest, now: WallTime, mayWait: Bool = true) -> Fetched {
        let stamp = stamp(digest)
        let largest = definition.largestMemoryBody
        let path = directory.zeroTerminatedPath(for: digest)
        let opened = EntryFile.open(path, mayWait: mayWait) { length in
            length <= largest && (length <= CacheZone.readAtOnce || wantsInMemory(length))
        }
        switch opened {
        case .wouldWait: return .wouldWait
        case .entry(let file):
            // Where there is no room for the body there may be some for the file.
            let isWanted =
                !file.isFileBacked && file.body.count > CacheZone.readAtOnce
                || wantsInMemory(Entry.cost(of: file.head, body: file.body))
            let entry = makeEntry(file.head, file.body, digest: digest, fileMark: file.mark, isWanted: isWanted)
            keep(entry, size: DiskAccount.rounded(file.size), stamp: stamp, now: now)
            return .entry(entry, isUpdating: isBeingUpdated(digest))
        case .absent:
            forget(digest, stamp: stamp)
            return .none
        case .damaged:
            removeDamaged(digest, stamp: stamp)
            return .none
        case .foreign:
            forget(digest, stamp: stamp)
            return .none
        case .failed(let error):
            tell(.diskFailed(operation: "open", path: directory.filePath(for: digest), error))
            return .none
        }
    }

    /// Changes with every file that is put in place under this digest.
    private func stamp(_ digest: Digest) -> UInt32 {
        shard(digest).withLock { shard in shard.nodes.find(digest).map { shard.nodes[$0].stamp } ?? 0 }
    }

    private func keep(_ entry: Entry, size: Int, stamp: UInt32, now: WallTime) {
        let digest = entry.digest
        let openFiles = definition.openFiles
        for attempt in 0..<2 {
            let isDone = shard(digest).withLock { shard in
                guard let index = shard.findOrInsert(digest, at: now.seconds) else { return false }
                guard shard.nodes[index].stamp == stamp else { return true }
                if !shard.nodes[index].hasFile {
                    shard.nodes[index].hasFile = true
                    shard.nodes[index].size = size
                    disk.add(size)
                }
                admit(entry, at: index, in: &shard, openFiles: openFiles)
                return true
            }
            if isDone { return }
            if attempt == 0, !makeRoomForNode(digest), !evictOldest() { return }
        }
    }

    /// The file is not there (any more): so neither is the node.
    private func forget(_ digest: Digest, stamp: UInt32) {
        let size: Int = shard(digest).withLock { shard in
            guard let index = shard.nodes.find(digest), shard.nodes[index].stamp == stamp, shard.nodes[index].hasFile else {
                return 0
            }
            let size = shard.nodes[index].size
            shard.remove(index)
            return size
        }
        disk.release(size)
    }

    private func removeDamaged(_ digest: Digest, stamp: UInt32) {
        let path = directory.filePath(for: digest)
        let wasRemoved = stripe(digest).withLock { _ in
            guard self.stamp(digest) == stamp else { return false }
            return (try? CacheDirectory.removeOurs(path)) == .removed
        }
        forget(digest, stamp: stamp)
        if wasRemoved { tell(.damaged(path: path)) }
    }

    /// Removes an entry with its file. Returns the bytes of disk that it took.
    @discardableResult
    public func remove(_ digest: Digest) -> Int {
        let path = directory.filePath(for: digest)
        var failure: SystemError?
        let size: Int = stripe(digest).withLock { _ in
            guard shard(digest).withLock({ $0.nodes.find(digest) != nil }) else { return 0 }
            do throws(SystemError) {
                _ = try CacheDirectory.removeOurs(path)
            } catch {
                failure = error
            }
            return shard(digest).withLock { shard in
                guard let index = shard.nodes.find(digest) else { return 0 }
                let size = shard.nodes[index].size
                shard.remove(index)
                return size
            }
        }
        disk.release(size)
        raiseEpoch()
        if let failure { tell(.diskFailed(operation: "remove", path: path, failure)) }
        return size
    }

    /// Removes the entry that was used longest ago, in whatever shard; false when there is none.
    func evictOldest() -> Bool {
        guard let victim = oldest() else { return false }
        remove(victim.digest)
        return true
    }

    /// How often one write makes room and tries again. Files that are open somewhere keep their place on the disk for up to a
    /// second after they were removed: more would cost the whole cache for nothing.
    static let attemptsOnFullDisk = 4
    /// What one of these attempts may remove: a bound for the time it takes.
    private static let mostRemovals = 250

    /// After a write of `count` bytes has failed: removes what was used longest ago, if the disk is full, so that the write is
    /// worth another try; false when there is no use in one. Not called under a stripe.
    ///
    /// Twice the bytes go, lest every write that follows should fail first. Whoever else fills the disk, the cache gives way
    /// to; `max_size` and `min_free` keep it from coming that far.
    func makeRoom(after error: SystemError, for count: Int) -> Bool {
        guard error == .noSpace || error == .quotaExceeded else { return false }
        var freed = 0
        var removals = 0
        while freed < 2 * DiskAccount.rounded(count), removals < CacheZone.mostRemovals, let victim = oldest() {
            freed += remove(victim.digest)
            removals += 1
        }
        guard freed > 0 else { return false }
        tell(.diskFull(path: directory.path, error))
        return true
    }

    /// Does what writes to the zone's directory, and again while the disk is full and something can go for it. `releasing`
    /// lets go of what the caller holds of removed entries.
    func makingRoom<Result>(
        for count: Int, releasing: () -> Void, _ body: () throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        var attempts = 0
        while true {
            do throws(SystemError) {
                return try body()
            } catch {
                attempts += 1
                guard attempts <= CacheZone.attemptsOnFullDisk, makeRoom(after: error, for: count) else { throw error }
                releasing()
            }
        }
    }
}

extension CacheZone {
    /// Reads the entry under the key's own digest from its file, whatever request it answers; for tests and tools.
    public func load(for key: CacheKey, now: WallTime) -> Entry? {
        guard case .entry(let entry, _) = load(key.digest, now: now), entry.head.hasKey(key.bytes.span) else { return nil }
        return entry
    }
}
