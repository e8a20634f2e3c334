import Bytes
import Platform

/// Writes one response to disk: to a temporary file at first, which takes its place once it is complete and checked.
///
/// One writer feeds it; any thread may commit. A small body is kept back and goes out with its head in one call. Every byte is
/// reserved in the zone's account before it is written. What goes wrong ends the storing and nothing else: the reader of the
/// response never notices.
public final class EntryWriter: Sendable {
    private enum Phase { case open, committed, failed }

    private struct State {
        var phase = Phase.open
        var head: [UInt8]
        var pending: [UInt8] = []
        var file: SharedDescriptor?
        var path = ""
        /// Body bytes taken, and those of them that are in the file.
        var taken = 0
        var written = 0
        var sum = Checksum()
        var reserved = 0
    }

    public let head: StoredHead
    public let digest: Digest
    private let zone: CacheZone
    private let temporaryDirectory: String?
    private let keptBack: Int
    private let state: Lock<State>

    init(zone: CacheZone, head: StoredHead, digest: Digest, temporaryDirectory: String?) {
        self.zone = zone
        self.head = head
        self.digest = digest
        self.temporaryDirectory = temporaryDirectory
        keptBack = max(64 << 10, zone.definition.largestMemoryBody)
        state = Lock(State(head: EntryFormat.encodeHead(head)))
    }

    deinit { abandon() }

    private var headLength: Int { state.withLock { $0.head.count } }

    /// Takes the next bytes of the body; false when the response can no longer be stored. `releasing` is called when entries
    /// were removed for them: what the caller holds of those keeps its place on the disk.
    public func write(_ span: Span<UInt8>, releasing: () -> Void = {}) -> Bool {
        guard reserve(span.count) else { return fail() }
        do throws(SystemError) {
            // Opened outside of the lock's error path, so that a failure finds the state as it was.
            let mustFlush = state.withLock { $0.phase == .open && $0.pending.count + span.count > keptBack }
            if mustFlush { try makingRoom(releasing) { () throws(SystemError) in try flush() } }
            return try makingRoom(for: span.count, releasing) { () throws(SystemError) in try take(span) }
        } catch {
            zone.tell(.diskFailed(operation: "write", path: currentPath, error))
            return fail()
        }
    }

    /// A failure leaves the state as it was.
    private func take(_ span: Span<UInt8>) throws(SystemError) -> Bool {
        try state.withLock { (state: inout State) throws(SystemError) in
            guard state.phase == .open else { return false }
            if let file = state.file, state.pending.isEmpty {
                try File.write(file.rawValue, span, at: state.head.count + state.written)
                state.written += span.count
            } else {
                state.pending.append(span)
            }
            state.sum.add(span)
            state.taken += span.count
            return true
        }
    }

    /// Does what writes to disk, making room on a disk that is full, by default for all that is kept back; removing files of
    /// the cache helps it alone, not a temporary directory elsewhere.
    private func makingRoom<Result>(
        for count: Int? = nil, _ releasing: () -> Void, _ body: () throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        if let temporaryDirectory, !zone.directory.sharesDevice(with: temporaryDirectory) { return try body() }
        let count = count ?? state.withLock { $0.head.count + $0.pending.count }
        return try zone.makingRoom(for: count, releasing: releasing, body)
    }

    /// The part of the body that can be read from the file by now.
    public var readablePart: CachedFile? {
        state.withLock { state in
            guard state.phase != .failed, let file = state.file, state.written > 0 else { return nil }
            return CachedFile(descriptor: file, offset: state.head.count, count: state.written)
        }
    }

    /// Puts the complete response into its place; nil when that failed or the body is not as long as was declared. `releasing`:
    /// as in `write`.
    public func commit(now: WallTime, releasing: () -> Void = {}) -> Entry? {
        let taken = state.withLock { $0.phase == .open ? $0.taken : -1 }
        guard taken >= 0, head.declaredLength.map({ $0 == taken }) ?? true, reserve(0) else {
            abandon()
            return nil
        }
        do throws(SystemError) {
            let finished = try makingRoom(releasing) { () throws(SystemError) in try finish() }
            // Elsewhere it is renamed, which takes a block of a directory at most.
            let copied = temporaryDirectory == nil ? 0 : finished.size
            return try zone.makingRoom(for: copied + 1, releasing: releasing) { () throws(SystemError) in
                try place(finished, now: now)
            }
        } catch {
            zone.tell(.diskFailed(operation: "store", path: currentPath, error))
            _ = fail()
            return nil
        }
    }

    /// Ends the writing without a result; harmless after `commit`.
    public func abandon() {
        let left: (path: String, reserved: Int)? = state.withLock { state in
            guard state.phase == .open else { return nil }
            state.phase = .failed
            let left = (state.path, state.reserved)
            state.reserved = 0
            state.pending = []
            return left
        }
        guard let left else { return }
        zone.disk.release(left.reserved)
        if !left.path.isEmpty { try? File.remove(left.path) }
    }

    private func fail() -> Bool {
        abandon()
        return false
    }

    private var currentPath: String {
        let path = state.withLock { $0.path }
        return path.isEmpty ? zone.directory.filePath(for: digest) : path
    }

    /// Reserves room for `count` more bytes of body, removing what was used longest ago if need be.
    private func reserve(_ count: Int) -> Bool {
        let missing: Int = state.withLock { DiskAccount.rounded($0.head.count + $0.taken + count) - $0.reserved }
        if missing <= 0 { return true }
        guard zone.reserveDisk(missing) else { return false }
        let isOpen: Bool = state.withLock { state in
            guard state.phase == .open else { return false }
            state.reserved += missing
            return true
        }
        if !isOpen { zone.disk.release(missing) }
        return isOpen
    }

    /// Writes what was kept back, behind a head that says it is incomplete.
    private func flush() throws(SystemError) {
        try openFile()
        try state.withLock { (state: inout State) throws(SystemError) in
            guard let file = state.file else { return }
            if state.written == 0 { try File.write(file.rawValue, state.head.span, at: 0) }
            try File.write(file.rawValue, state.pending.span, at: state.head.count + state.written)
            state.written += state.pending.count
            state.pending = []
        }
    }

    private func openFile() throws(SystemError) {
        if state.withLock({ $0.file != nil }) { return }
        let path = zone.directory.temporaryPath(
            for: digest, in: temporaryDirectory, process: CacheZone.processNumber, serial: zone.nextSerial())
        let descriptor: FileDescriptor
        do throws(SystemError) {
            descriptor = try File.open(path, .readWrite, create: .mustBeNew, mode: 0o600)
        } catch {
            guard error == .notFound else { throw error }
            try zone.directory.createLevels(for: digest)
            if let temporaryDirectory { try Directory.createAll(temporaryDirectory, mode: 0o700) }
            descriptor = try File.open(path, .readWrite, create: .mustBeNew, mode: 0o600)
        }
        let shared = SharedDescriptor(descriptor)
        state.withLock { state in
            state.file = shared
            state.path = path
        }
    }

    private struct Finished {
        let path: String
        let size: Int
        let mark: UInt64
        let body: EntryBody
    }

    /// Completes the temporary file.
    private func finish() throws(SystemError) -> Finished {
        try openFile()
        return try state.withLock { (state: inout State) throws(SystemError) in
            guard let file = state.file else { throw SystemError.invalidArgument }
            let headLength = state.head.count
            EntryFormat.finish(&state.head, headLength: headLength, bodyLength: state.taken, bodyChecksum: state.sum.value)
            let body: EntryBody
            if state.written == 0 {
                body = .memory(FrozenBytes(state.pending))
                let whole = state.head + state.pending
                try File.write(file.rawValue, whole.span, at: 0)
            } else {
                try File.write(file.rawValue, state.pending.span, at: headLength + state.written)
                try File.write(file.rawValue, state.head.span, at: 0)
                body = .file(CachedFile(descriptor: file, offset: headLength, count: state.taken))
            }
            state.written = state.taken
            state.pending = []
            return Finished(
                path: state.path, size: headLength + state.taken, mark: EntryFormat.mark(of: state.head.span), body: body)
        }
    }

    /// Renames the file and makes it known, both under the stripe of its name.
    private func place(_ finished: Finished, now: WallTime) throws(SystemError) -> Entry? {
        let digest = zone.settled(digest, for: head)
        zone.ensureNode(digest, now: now)
        let entry = zone.makeEntry(head, finished.body, digest: digest, fileMark: finished.mark)
        let size = DiskAccount.rounded(finished.size)
        let target = zone.directory.filePath(for: digest)
        let isKnown = try zone.stripe(digest).withLock { (_: inout Bool) throws(SystemError) in
            try move(finished.path, to: target, digest)
            let isKnown = zone.publish(entry, size: size, now: now)
            if !isKnown { try? File.remove(target) }
            return isKnown
        }
        let reserved = state.withLock { state in
            state.phase = isKnown ? .committed : .failed
            let reserved = state.reserved
            state.reserved = 0
            return reserved
        }
        zone.disk.release(isKnown ? reserved - size : reserved)
        return isKnown ? entry : nil
    }

    private func move(_ path: String, to target: String, _ digest: Digest) throws(SystemError) {
        do throws(SystemError) {
            try moveOrCopy(path, to: target, digest)
        } catch {
            guard error == .notFound else { throw error }
            // The levels are made when the temporary file lies elsewhere, or the directory was emptied under us.
            try zone.directory.createLevels(for: digest)
            try moveOrCopy(path, to: target, digest)
        }
    }

    /// A temporary file on another file system is copied beside its place first.
    private func moveOrCopy(_ path: String, to target: String, _ digest: Digest) throws(SystemError) {
        do throws(SystemError) {
            try File.rename(path, to: target)
        } catch {
            guard error == .crossDevice else { throw error }
            try FileCopy.move(
                path, to: target,
                over: zone.directory.temporaryPath(
                    for: digest, in: nil, process: CacheZone.processNumber, serial: zone.nextSerial()))
        }
    }
}
