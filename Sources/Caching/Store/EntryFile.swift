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
    }

    /// Reads the file at a path that ends with a zero byte; a body of at most `largestMemoryBody` bytes comes along and is
    /// checked, a larger one stays in the file, which stays open.
    static func open(_ path: [UInt8], largestMemoryBody: Int) -> Outcome {
        do throws(SystemError) {
            return try read(try File.openForReading(zeroTerminated: path.span), largestMemoryBody)
        } catch {
            return error == .notFound || error == .notDirectory ? .absent : .failed(error)
        }
    }

    private static func read(_ file: consuming FileDescriptor, _ largestMemoryBody: Int) throws(SystemError) -> Outcome {
        let status = try File.status(file.rawValue)
        guard status.kind == .regular else { return .foreign }
        let first = try bytes(file.rawValue, at: 0, count: min(status.size, EntryFormat.firstRead))
        guard EntryFormat.isOurs(first.span) else { return .foreign }
        var decoding = EntryFormat.decode(first.span, fileSize: status.size)
        if case .needs(let count) = decoding {
            let whole = try bytes(file.rawValue, at: 0, count: count)
            decoding = EntryFormat.decode(whole.span, fileSize: status.size)
        }
        guard case .head(let decoded) = decoding else { return .damaged }
        let head = try updated(decoded, file.rawValue, fileSize: status.size)
        let mark = decoded.headChecksum
        if decoded.bodyLength > largestMemoryBody {
            let body = CachedFile(
                descriptor: SharedDescriptor(file), offset: decoded.headLength, count: decoded.bodyLength)
            return .entry(EntryFile(head: head, body: .file(body), size: status.size, mark: mark))
        }
        guard let body = try body(decoded, file.rawValue) else { return .damaged }
        return .entry(EntryFile(head: head, body: .memory(body), size: status.size, mark: mark))
    }

    /// The head with what later confirmations changed.
    private static func updated(_ decoded: EntryFormat.DecodedHead, _ raw: Int32, fileSize: Int) throws(SystemError)
        -> StoredHead
    {
        let start = decoded.updatesStart
        guard fileSize > start else { return decoded.head }
        let tail = try bytes(raw, at: start, count: min(fileSize - start, EntryFormat.longestHead))
        let updates = UpdateRecord.decode(tail.span, at: start, file: decoded.headChecksum)
        guard let lifetime = updates.lifetime, let fields = updates.fields else { return decoded.head }
        return decoded.head.confirmed(fields: fields, lifetime: lifetime, reason: decoded.head.reason)
    }

    private static func body(_ decoded: EntryFormat.DecodedHead, _ raw: Int32) throws(SystemError) -> FrozenBytes? {
        var count = 0
        let offset = decoded.headLength
        let body = try FrozenBytes(count: decoded.bodyLength) { (span: inout MutableSpan<UInt8>) throws(SystemError) in
            count = span.isEmpty ? 0 : try File.read(raw, into: &span, at: offset)
        }
        guard count == decoded.bodyLength else { return nil }
        var sum = Checksum()
        sum.add(body.bytes)
        return sum.value == decoded.bodyChecksum ? body : nil
    }

    /// At most `count` bytes from `offset`.
    static func bytes(_ raw: Int32, at offset: Int, count: Int) throws(SystemError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: max(count, 1))
        var span = result.mutableSpan
        let got = try File.read(raw, into: &span, at: offset)
        result.removeLast(result.count - min(got, count))
        return result
    }
}
