import Bytes
import Platform

/// A cache file read from disk.
struct EntryFile {
    let head: StoredHead
    let body: EntryBody
    /// Bytes of the whole file.
    let size: Int
    /// The checksum of its head.
    let mark: UInt64

    enum Outcome {
        case entry(EntryFile)
        case absent
        /// Begins with our magic and cannot be used.
        case damaged
        /// Not ours.
        case foreign
        case failed(SystemError)
        /// Not to be had without waiting for the disk, or worth a closer look.
        case wouldWait
    }

    var isFileBacked: Bool { if case .file = body { true } else { false } }

    /// Reads the file at a path that ends with a zero byte; a body whose length `isWanted` comes along and is
    /// checked, another stays in the file, which stays open. With `mayWait` false only what the kernel has in memory is
    /// read.
    static func open(_ path: [UInt8], mayWait: Bool, _ isWanted: (Int) -> Bool) -> Outcome {
        do throws(SystemError) {
            let outcome = try read(
                try File.openForReading(zeroTerminated: path.span, mayWait: mayWait), mayWait, isWanted)
            switch outcome {
            case .damaged, .foreign: return mayWait ? outcome : .wouldWait
            default: return outcome
            }
        } catch {
            if error == .notFound || error == .notDirectory { return .absent }
            return mayWait ? .failed(error) : .wouldWait
        }
    }

    private static func read(_ file: consuming FileDescriptor, _ mayWait: Bool, _ isWanted: (Int) -> Bool) throws(SystemError)
        -> Outcome
    {
        let status = try File.status(file.rawValue)
        guard status.kind == .regular else { return .foreign }
        let first = try bytes(file.rawValue, at: 0, count: min(status.size, EntryFormat.firstRead), mayWait: mayWait)
        guard EntryFormat.isOurs(first.span) else { return .foreign }
        var decoding = EntryFormat.decode(first.span, fileSize: status.size)
        if case .needs(let count) = decoding {
            let whole = try bytes(file.rawValue, at: 0, count: count, mayWait: mayWait)
            decoding = EntryFormat.decode(whole.span, fileSize: status.size)
        }
        guard case .head(let decoded) = decoding else { return .damaged }
        let head = try updated(decoded, file.rawValue, fileSize: status.size, mayWait)
        let mark = decoded.headChecksum
        if !isWanted(decoded.bodyLength) {
            let body = CachedFile(
                descriptor: SharedDescriptor(file), offset: decoded.headLength, count: decoded.bodyLength)
            return .entry(EntryFile(head: head, body: .file(body), size: status.size, mark: mark))
        }
        guard let body = try body(decoded, first, file.rawValue, mayWait) else { return .damaged }
        return .entry(EntryFile(head: head, body: .memory(body), size: status.size, mark: mark))
    }

    /// The head with what later confirmations changed.
    private static func updated(
        _ decoded: EntryFormat.DecodedHead, _ raw: Int32, fileSize: Int, _ mayWait: Bool
    ) throws(SystemError) -> StoredHead {
        let start = decoded.updatesStart
        guard fileSize > start else { return decoded.head }
        let tail = try bytes(raw, at: start, count: min(fileSize - start, EntryFormat.longestHead), mayWait: mayWait)
        let updates = UpdateRecord.decode(tail.span, at: start, file: decoded.headChecksum)
        guard let lifetime = updates.lifetime, let fields = updates.fields else { return decoded.head }
        return decoded.head.confirmed(fields: fields, lifetime: lifetime, reason: decoded.head.reason)
    }

    /// The body, out of `first` when it came along with the head.
    private static func body(
        _ decoded: EntryFormat.DecodedHead, _ first: [UInt8], _ raw: Int32, _ mayWait: Bool
    ) throws(SystemError) -> FrozenBytes? {
        var count = 0
        let offset = decoded.headLength
        if decoded.updatesStart <= first.count {
            let body = FrozenBytes(copying: first.span.extracting(offset..<decoded.updatesStart))
            var sum = Checksum()
            sum.add(body.bytes)
            return sum.value == decoded.bodyChecksum ? body : nil
        }
        let body = try FrozenBytes(count: decoded.bodyLength) { (span: inout MutableSpan<UInt8>) throws(SystemError) in
            count = span.isEmpty ? 0 : try read(raw, into: &span, at: offset, mayWait)
        }
        guard count == decoded.bodyLength else { return nil }
        var sum = Checksum()
        sum.add(body.bytes)
        return sum.value == decoded.bodyChecksum ? body : nil
    }

    /// Without waiting a part is as good as nothing.
    private static func read(_ raw: Int32, into span: inout MutableSpan<UInt8>, at offset: Int, _ mayWait: Bool)
        throws(SystemError) -> Int
    {
        if mayWait { return try File.read(raw, into: &span, at: offset) }
        let wanted = span.count
        let count = try File.readCached(raw, into: &span, at: offset)
        if count < wanted { throw SystemError.wouldBlock }
        return count
    }

    /// At most `count` bytes from `offset`.
    static func bytes(_ raw: Int32, at offset: Int, count: Int, mayWait: Bool = true) throws(SystemError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: max(count, 1))
        var span = result.mutableSpan
        let got = try read(raw, into: &span, at: offset, mayWait)
        result.removeLast(result.count - min(got, count))
        return result
    }
}
