// A fuzzer for everything that reads a cache file: head, field section, records, names of files.
import Bytes
import Caching

enum CacheFileFuzz {
    /// The input as it came, and with a checksum that fits, so that what lies behind the checksum is reached as well.
    static func check(_ input: [UInt8]) -> String? {
        read(input) ?? read(sound(input, 1)) ?? read(sound(input, 2))
    }

    /// The input as a whole head of this version.
    private static func sound(_ input: [UInt8], _ version: UInt8) -> [UInt8] {
        guard input.count >= EntryFormat.fixedLength else { return input }
        var head = input
        for (offset, byte) in EntryFormat.magic.enumerated() { head[offset] = byte }
        head[8] = version
        head[9] = 0
        let length = head.count
        head[12] = UInt8(truncatingIfNeeded: length)
        head[13] = UInt8(truncatingIfNeeded: length >> 8)
        head[14] = UInt8(truncatingIfNeeded: length >> 16)
        head[15] = 0
        EntryFormat.finish(&head, headLength: length, bodyLength: 0, bodyChecksum: 0)
        return head
    }

    private static func read(_ file: [UInt8]) -> String? {
        let span = file.span
        switch EntryFormat.decode(span, fileSize: file.count) {
        case .head(let decoded):
            let start = decoded.updatesStart
            if start > file.count { return "a body beyond the end of the file" }
            _ = UpdateRecord.decode(span.extracting(start..<file.count), at: start, file: decoded.headChecksum)
            _ = EntryFormat.encodeHead(decoded.head)
        case .needs(let count): if count <= file.count { return "asks for what it has" }
        case .damaged: break
        }
        _ = UpdateRecord.decode(span, at: 0, file: 0)
        _ = EntryFormat.updatesStart(span)
        _ = CacheDirectory.classify(String(decoding: file, as: UTF8.self))
        return nil
    }
}
