import Bytes
import HTTP

/// The file of one stored response (docs/decisions/0005-cache-file-format.md): a head of fixed and variable parts under one
/// checksum, the body, then records that confirmations append. Encoding and decoding are pure; a file that is odd in any way
/// decodes to nil, which is a miss.
public enum EntryFormat {
    /// What every file of ours begins with; nothing that lacks it is ever removed.
    public static let magic: [UInt8] = [0x8F, 0x5A, 0x44, 0x43, 0x0D, 0x0A, 0x1A, 0x00]
    /// What a head has that stores no reason phrase: the first version, which older programs read too.
    public static let version: UInt16 = 1
    /// What a head has that stores one; a program that does not know it takes the file for damaged, which is a miss.
    public static let versionWithPhrase: UInt16 = 2
    /// The name of a file is the digest in hexadecimal and this.
    public static let suffix = ".zd"
    /// Bytes before the key.
    public static let fixedLength = 136
    /// A head that claims to be longer is not ours.
    public static let longestHead = 1 << 20
    /// What a reader asks for first: nearly every head lies within it.
    public static let firstRead = 4096

    private enum Offset {
        static let version = 8
        static let status = 10
        static let headLength = 12
        static let keyLength = 16
        static let varyLength = 20
        static let fieldsLength = 24
        static let fieldCount = 28
        static let bodyLength = 32
        static let lifetime = 40
        static let variant = 96
        static let bodyChecksum = 112
        static let reason = 120
        static let phraseLength = 124
        static let headChecksum = 128
    }

    /// Body length of a head whose body is not complete: such a file is never read as an entry.
    private static let incomplete = UInt64.max

    /// The head of a file whose body is still to come; `finish` makes it valid.
    public static func encodeHead(_ head: StoredHead) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(fixedLength + head.cost)
        output.append(contentsOf: magic)
        output.appendNumber(head.phrase == nil ? version : versionWithPhrase)
        output.appendNumber(UInt16(truncatingIfNeeded: head.status))
        let key = head.key
        var section: [UInt8] = []
        FieldSection.append(head.fields, to: &section)
        let phraseLength = head.phrase?.count ?? 0
        let total = fixedLength + key.count + head.vary.names.count + section.count + phraseLength
        for number in [total, key.count, head.vary.names.count, section.count, head.fields.count] {
            output.appendNumber(UInt32(truncatingIfNeeded: number))
        }
        output.appendNumber(incomplete)
        LifetimeRecord.append(head.lifetime, to: &output)
        output.appendNumber(head.variant.high)
        output.appendNumber(head.variant.low)
        output.appendNumber(UInt64(0))
        output.appendNumber(UInt32(head.reason.rawValue))
        output.appendNumber(UInt32(truncatingIfNeeded: phraseLength))
        output.appendNumber(UInt64(0))
        output.append(key.bytes)
        output.append(contentsOf: head.vary.names)
        output.append(contentsOf: section)
        if let phrase = head.phrase { output.append(phrase.bytes) }
        return output
    }

    /// Writes the length and the checksum of the body into an encoded head, and the head's own checksum.
    public static func finish(_ head: inout [UInt8], headLength: Int, bodyLength: Int, bodyChecksum: UInt64) {
        head.replaceNumber(UInt64(bodyLength), at: Offset.bodyLength)
        head.replaceNumber(bodyChecksum, at: Offset.bodyChecksum)
        head.replaceNumber(UInt64(0), at: Offset.headChecksum)
        var sum = Checksum()
        sum.add(head.span.extracting(0..<headLength))
        head.replaceNumber(sum.value, at: Offset.headChecksum)
    }

    /// What a head says.
    public struct DecodedHead: Sendable {
        public let head: StoredHead
        public let headLength: Int
        public let bodyLength: Int
        public let bodyChecksum: UInt64
        /// Identifies this very file among those written for one key.
        public let headChecksum: UInt64

        /// Where the records begin.
        public var updatesStart: Int { headLength + bodyLength }
    }

    public enum Decoding: Sendable {
        case head(DecodedHead)
        /// The head is this many bytes long: read them all.
        case needs(Int)
        case damaged
    }

    /// Whether these first bytes of a file are those of one of ours.
    public static func isOurs(_ start: Span<UInt8>) -> Bool {
        start.count >= magic.count && start.extracting(0..<magic.count).equals(magic.span)
    }

    /// The checksum that stands in a head: it identifies the file. 0 when the bytes are too few.
    public static func mark(of bytes: Span<UInt8>) -> UInt64 { bytes.number(UInt64.self, at: Offset.headChecksum) ?? 0 }

    /// Where the records of a file begin whose fixed part this is; nil when it cannot be one of ours.
    public static func updatesStart(_ fixed: Span<UInt8>) -> Int? {
        guard let head = fixed.number(UInt32.self, at: Offset.headLength),
            let body = fixed.number(UInt64.self, at: Offset.bodyLength),
            head <= longestHead, body < 1 << 62
        else { return nil }
        return Int(head) + Int(body)
    }

    /// Reads a head from the first bytes of a file that is `fileSize` bytes long.
    public static func decode(_ bytes: Span<UInt8>, fileSize: Int) -> Decoding {
        guard fileSize >= fixedLength, bytes.count >= fixedLength, isOurs(bytes) else { return .damaged }
        guard let found = bytes.number(UInt16.self, at: Offset.version), found == version || found == versionWithPhrase,
            let total = bytes.number(UInt32.self, at: Offset.headLength).map(Int.init),
            total >= fixedLength, total <= longestHead, total <= fileSize
        else { return .damaged }
        if bytes.count < total { return .needs(total) }
        return decodeWhole(bytes.extracting(0..<total), fileSize: fileSize).map { .head($0) } ?? .damaged
    }

    private static func decodeWhole(_ bytes: Span<UInt8>, fileSize: Int) -> DecodedHead? {
        guard let stated = bytes.number(UInt64.self, at: Offset.headChecksum), stated == checksum(ofHead: bytes) else {
            return nil
        }
        guard let keyLength = bytes.number(UInt32.self, at: Offset.keyLength).map(Int.init),
            let varyLength = bytes.number(UInt32.self, at: Offset.varyLength).map(Int.init),
            let fieldsLength = bytes.number(UInt32.self, at: Offset.fieldsLength).map(Int.init),
            let fieldCount = bytes.number(UInt32.self, at: Offset.fieldCount).map(Int.init),
            let phraseLength = phraseLength(bytes),
            fixedLength + keyLength + varyLength + fieldsLength + phraseLength == bytes.count, fieldCount <= fieldsLength / 6
        else { return nil }
        guard let bodyNumber = bytes.number(UInt64.self, at: Offset.bodyLength), bodyNumber <= UInt64(fileSize - bytes.count),
            let lifetime = LifetimeRecord.decode(bytes, at: Offset.lifetime),
            let high = bytes.number(UInt64.self, at: Offset.variant),
            let low = bytes.number(UInt64.self, at: Offset.variant + 8),
            let bodyChecksum = bytes.number(UInt64.self, at: Offset.bodyChecksum),
            let status = bytes.number(UInt16.self, at: Offset.status), status >= 200, status <= 999
        else { return nil }
        let varyStart = fixedLength + keyLength
        let fieldsStart = varyStart + varyLength
        let phraseStart = fieldsStart + fieldsLength
        let phrase = bytes.extracting(phraseStart..<bytes.count)
        guard let fields = FieldSection.decode(bytes.extracting(fieldsStart..<phraseStart), count: fieldCount),
            FieldSection.isClean(phrase)
        else { return nil }
        let reason = bytes.number(UInt64.self, at: Offset.reason).flatMap {
            CacheReason(rawValue: UInt8(truncatingIfNeeded: $0))
        }
        let head = StoredHead(
            key: FrozenBytes(copying: bytes.extracting(fixedLength..<varyStart)), status: Int(status), fields: fields,
            lifetime: lifetime, vary: Vary(names: bytes.extracting(varyStart..<fieldsStart).array),
            variant: Digest(high: high, low: low), declaredLength: Int(bodyNumber), reason: reason ?? .cacheValid,
            phrase: StoredHead.phraseToStore(phrase, status: Int(status)))
        return DecodedHead(
            head: head, headLength: bytes.count, bodyLength: Int(bodyNumber), bodyChecksum: bodyChecksum, headChecksum: stated)
    }

    /// How long the reason phrase is that ends a head; nil when no head of this version has one like that.
    private static func phraseLength(_ bytes: Span<UInt8>) -> Int? {
        if bytes.number(UInt16.self, at: Offset.version) == version { return 0 }
        guard let length = bytes.number(UInt32.self, at: Offset.phraseLength).map(Int.init),
            length > 0, length <= StoredHead.longestPhrase
        else { return nil }
        return length
    }

    /// The checksum over a head, its own place counted as zeros.
    private static func checksum(ofHead bytes: Span<UInt8>) -> UInt64 {
        let zeros: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
        var sum = Checksum()
        sum.add(bytes.extracting(0..<Offset.headChecksum))
        sum.add(zeros.span)
        sum.add(bytes.extracting((Offset.headChecksum + 8)..<bytes.count))
        return sum.value
    }
}
