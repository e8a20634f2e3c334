import Bytes
import HTTP

/// What a 304 appends to a cache file behind the body: the new lifetime and the fields that now hold. The last whole record
/// counts. A record's checksum is bound to its place and its file, so that what an earlier, longer record left behind is never
/// taken for one.
public enum UpdateRecord {
    private static let magic: UInt32 = 0x5544_5A8F
    /// Bytes before the fields: magic, length, lifetime, count of lines, length of lines, checksum.
    private static let fixedLength = 4 + 4 + LifetimeRecord.length + 4 + 4 + 8
    private static let checksumOffset = fixedLength - 8
    /// Once the records of a file are longer than this together, the file is written anew.
    public static let compactionLength = 4096
    /// A record that claims to be longer is damage.
    private static let longest = 1 << 20

    /// The record to be written at `offset` of the file whose head has the checksum `file`.
    public static func encode(_ head: StoredHead, at offset: Int, file: UInt64) -> [UInt8] {
        var section: [UInt8] = []
        FieldSection.append(head.fields, to: &section)
        var output: [UInt8] = []
        output.reserveCapacity(fixedLength + section.count)
        output.appendNumber(magic)
        output.appendNumber(UInt32(truncatingIfNeeded: fixedLength + section.count))
        LifetimeRecord.append(head.lifetime, to: &output)
        output.appendNumber(UInt32(truncatingIfNeeded: head.fields.count))
        output.appendNumber(UInt32(truncatingIfNeeded: section.count))
        output.appendNumber(UInt64(0))
        output.append(contentsOf: section)
        output.replaceNumber(checksum(output.span, at: offset, file: file), at: checksumOffset)
        return output
    }

    public struct Updates: Sendable {
        public var lifetime: Lifetime?
        public var fields: Fields?
        /// Where the next record goes, counted from the start of the records.
        public var end = 0
    }

    /// Reads the records that stand in `bytes`, which begin at `offset` of the file.
    public static func decode(_ bytes: Span<UInt8>, at offset: Int, file: UInt64) -> Updates {
        var updates = Updates()
        while let length = recordLength(bytes, updates.end) {
            let record = bytes.extracting(updates.end..<(updates.end + length))
            guard record.number(UInt64.self, at: checksumOffset) == checksum(record, at: offset + updates.end, file: file),
                let lifetime = LifetimeRecord.decode(record, at: 8),
                let count = record.number(UInt32.self, at: 8 + LifetimeRecord.length),
                let sectionLength = record.number(UInt32.self, at: 12 + LifetimeRecord.length),
                Int(sectionLength) == length - fixedLength, Int(count) <= Int(sectionLength) / 6,
                let fields = FieldSection.decode(record.extracting(fixedLength..<length), count: Int(count))
            else { break }
            updates.lifetime = lifetime
            updates.fields = fields
            updates.end += length
        }
        return updates
    }

    private static func recordLength(_ bytes: Span<UInt8>, _ start: Int) -> Int? {
        guard bytes.count - start >= fixedLength, bytes.number(UInt32.self, at: start) == magic,
            let length = bytes.number(UInt32.self, at: start + 4).map(Int.init),
            length >= fixedLength, length <= longest, length <= bytes.count - start
        else { return nil }
        return length
    }

    private static func checksum(_ record: Span<UInt8>, at offset: Int, file: UInt64) -> UInt64 {
        let zeros: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
        var sum = Checksum(seed: file ^ UInt64(truncatingIfNeeded: offset))
        sum.add(record.extracting(0..<checksumOffset))
        sum.add(zeros.span)
        sum.add(record.extracting((checksumOffset + 8)..<record.count))
        return sum.value
    }
}
