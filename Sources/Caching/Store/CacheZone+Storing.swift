import Bytes
import HTTP
import Platform

/// Putting responses in, and confirming them.
extension CacheZone {
    /// Names the temporary files of this process.
    static let processNumber = Int(ProcessControl.identifier)

    /// Under which digest a complete response is put that was meant for `digest`: a variant never takes the place of another
    /// one that has come under the key meanwhile.
    func settled(_ digest: Digest, for head: StoredHead) -> Digest {
        if head.vary.isEmpty { return digest }
        let stored = head.key
        let key = CacheKey(stored.bytes.array)
        guard digest == key.digest else { return digest }
        let generation = generation
        let isTaken = shard(digest).withLock { shard in
            guard let index = shard.nodes.find(digest), let first = shard.nodes[index].entry, first.generation == generation
            else { return false }
            return first.head.hasKey(key.bytes.span) && first.head.vary == head.vary && first.head.variant != head.variant
        }
        return isTaken ? key.digest(of: head.variant) : digest
    }

    /// A writer for a response that was judged storable; nil when it could never fit. `temporaryDirectory` is
    /// `proxy_temp_path` where `use_temp_path` is on.
    public func beginStore(_ head: StoredHead, digest: Digest, temporaryDirectory: String? = nil) -> EntryWriter? {
        if let length = head.declaredLength, !disk.couldFit(length) { return nil }
        let usesIt = definition.usesTemporaryPath
        return EntryWriter(zone: self, head: head, digest: digest, temporaryDirectory: usesIt ? temporaryDirectory : nil)
    }

    /// Reserves bytes of disk, removing what was used longest ago until they fit.
    func reserveDisk(_ count: Int) -> Bool {
        if disk.reserve(count) { return true }
        guard disk.couldFit(count) else { return false }
        for _ in 0..<1000 {
            guard evictOldest() else { return false }
            if disk.reserve(count) { return true }
        }
        return false
    }

    /// Makes a node for what is about to be stored, at the expense of others if need be. It may block.
    func ensureNode(_ digest: Digest, now: WallTime) {
        for _ in 0..<64 {
            if shard(digest).withLock({ $0.findOrInsert(digest, at: now.seconds) != nil }) { return }
            if makeRoomForNode(digest) { continue }
            noteMemoryFull()
            guard evictOldest(in: digest) else { return }
        }
    }

    /// Remembers that memory ran out, so that the manager makes some room ahead.
    private func noteMemoryFull() {
        let count = entryCount
        watermark.store(count - count / 8, ordering: .relaxed)
        tell(.memoryFull(zone: name))
    }

    /// Removes the entry used longest ago in the shard of `digest`.
    private func evictOldest(in digest: Digest) -> Bool {
        let victim: Digest? = shard(digest).withLock { shard in
            let oldest = shard.nodes.oldest
            return oldest == IndexNode.none ? nil : shard.nodes[oldest].digest
        }
        guard let victim else { return evictOldest() }
        remove(victim)
        return true
    }

    /// Makes an entry the one that is found, its file being in place; false without memory for its node. The caller holds the
    /// stripe, and accounts for its own reservation.
    func publish(_ entry: Entry, size: Int, now: WallTime) -> Bool {
        let openFiles = definition.openFiles
        let oldSize: Int? = shard(entry.digest).withLock { shard in
            guard let index = shard.findOrInsert(entry.digest, at: now.seconds) else { return nil }
            let oldSize = shard.nodes[index].hasFile ? shard.nodes[index].size : 0
            shard.nodes[index].hasFile = true
            shard.nodes[index].size = size
            shard.nodes[index].stamp &+= 1
            shard.nodes[index].updatingUntil = 0
            shard.nodes.touch(index, at: now.seconds)
            // What takes the place of an entry in memory has been asked for already.
            let isNew = shard.nodes[index].entry == nil
            admit(entry, at: index, in: &shard, openFiles: openFiles, isNew: isNew)
            return oldSize
        }
        guard let oldSize else { return false }
        disk.release(oldSize)
        raiseEpoch()
        return true
    }

    /// Puts the head that a 304 confirmed in place of the stored one (RFC 9111 §4.3.4); the body stays. The file gets a record,
    /// or is written anew once its records have grown long. It may block.
    public func confirm(_ entry: Entry, with head: StoredHead, now: WallTime) -> Entry {
        if isDueForCompaction(entry, head), let rewritten = rewrite(entry, head, now: now) { return rewritten }
        let fresh = makeEntry(head, entry.body, digest: entry.digest, fileMark: entry.fileMark)
        let openFiles = definition.openFiles
        var failure: SystemError?
        let room = DiskAccount.rounded(UpdateRecord.compactionLength) + DiskAccount.blockSize
        let mayWrite = reserveDisk(room)
        var attempts = 0
        var growth = 0
        repeat {
            failure = nil
            attempts += 1
            growth = stripe(entry.digest).withLock { _ in
                var size: Int?
                do throws(SystemError) {
                    if mayWrite { size = try appendRecord(entry, head) }
                } catch {
                    failure = error
                }
                return shard(entry.digest).withLock { shard in
                    guard let index = shard.nodes.find(entry.digest) else { return 0 }
                    var growth = 0
                    if let size, shard.nodes[index].hasFile {
                        growth = size - shard.nodes[index].size
                        shard.nodes[index].size = size
                    }
                    shard.nodes[index].stamp &+= 1
                    shard.nodes[index].updatingUntil = 0
                    shard.nodes.touch(index, at: now.seconds)
                    admit(fresh, at: index, in: &shard, openFiles: openFiles)
                    return growth
                }
            }
        } while failure.map { attempts <= CacheZone.attemptsOnFullDisk && makeRoom(after: $0, for: head.cost) } ?? false
        disk.release((mayWrite ? room : 0) - growth)
        raiseEpoch()
        if let failure, failure != .notFound {
            tell(.diskFailed(operation: "update", path: directory.filePath(for: entry.digest), failure))
        }
        return fresh
    }

    /// The file of `entry` and where its next record goes; nil when another file has its name by now.
    private func recordPlace(_ raw: Int32, _ entry: Entry) throws(SystemError) -> Int? {
        let status = try File.status(raw)
        let fixed = try EntryFile.bytes(raw, at: 0, count: EntryFormat.fixedLength)
        guard EntryFormat.isOurs(fixed.span), EntryFormat.mark(of: fixed.span) == entry.fileMark else { return nil }
        guard let start = EntryFormat.updatesStart(fixed.span), start <= status.size else { return nil }
        let tail = try EntryFile.bytes(raw, at: start, count: min(status.size - start, EntryFormat.longestHead))
        return start + UpdateRecord.decode(tail.span, at: start, file: entry.fileMark).end
    }

    /// Appends a record; returns the disk that the file takes then, or nil when it is another's by now.
    private func appendRecord(_ entry: Entry, _ head: StoredHead) throws(SystemError) -> Int? {
        let file = try File.open(directory.filePath(for: entry.digest), .readWrite)
        guard let offset = try recordPlace(file.rawValue, entry) else { return nil }
        let record = UpdateRecord.encode(head, at: offset, file: entry.fileMark)
        try File.write(file.rawValue, record.span, at: offset)
        return DiskAccount.rounded(offset + record.count)
    }

    private func isDueForCompaction(_ entry: Entry, _ head: StoredHead) -> Bool {
        guard let file = try? File.open(directory.filePath(for: entry.digest), .read),
            let fixed = try? EntryFile.bytes(file.rawValue, at: 0, count: EntryFormat.fixedLength),
            let start = EntryFormat.updatesStart(fixed.span), let status = try? File.status(file.rawValue)
        else { return false }
        return status.size - start + head.cost > UpdateRecord.compactionLength
    }

    private func rewrite(_ entry: Entry, _ head: StoredHead, now: WallTime) -> Entry? {
        guard let writer = beginStore(head, digest: entry.digest) else { return nil }
        switch entry.body {
        case .memory(let bytes):
            guard writer.write(bytes.bytes) else { return nil }
        case .file(let file):
            var done = 0
            while done < file.count {
                let wanted = min(256 << 10, file.count - done)
                guard let piece = try? EntryFile.bytes(file.descriptor.rawValue, at: file.offset + done, count: wanted),
                    !piece.isEmpty, writer.write(piece.span)
                else { return nil }
                done += piece.count
            }
        }
        return writer.commit(now: now)
    }
}
