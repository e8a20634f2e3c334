import Bytes
import Caching
import HTTP
import Platform
import Testing

struct EntryFormatTests {
    static let key = CacheKey(bytes("httplocalhost/a.css"))

    static func head() -> StoredHead {
        let vary = Vary(names: bytes("accept-encoding"))
        return StoredHead(
            key: FrozenBytes(key.bytes), status: 203,
            fields: fields(("Content-Type", "text/css"), ("X-Empty", ""), ("ETag", "\"1\"")),
            lifetime: Lifetime(
                responseTime: start, freshUntil: start.advanced(bySeconds: 60), date: 7, ageAtReceipt: 8,
                staleWhileRevalidate: 9,
                staleIfError: 10, mustRevalidate: true),
            vary: vary, variant: Digest(high: 1, low: 2), reason: .maxAge)
    }

    /// A whole file with its records.
    static func file(_ body: [UInt8], updates: Int = 0) -> [UInt8] {
        var bytes = EntryFormat.encodeHead(head())
        var sum = Checksum()
        sum.add(body.span)
        let length = bytes.count
        EntryFormat.finish(&bytes, headLength: length, bodyLength: body.count, bodyChecksum: sum.value)
        let mark = EntryFormat.mark(of: bytes.span)
        bytes += body
        for number in 0..<updates {
            let confirmed = head().confirmed(
                fields: fields(("X-Update", "\(number)")),
                lifetime: Lifetime(responseTime: start, freshUntil: start.advanced(bySeconds: 1000 + number), date: 1),
                reason: .maxAge)
            bytes += UpdateRecord.encode(confirmed, at: bytes.count, file: mark)
        }
        return bytes
    }

    @Test func headSurvives() throws {
        let content = bytes("body")
        let file = Self.file(content)
        guard case .head(let decoded) = EntryFormat.decode(file.span, fileSize: file.count) else {
            Issue.record("damaged")
            return
        }
        let head = decoded.head
        let original = Self.head()
        let key = Self.key.bytes
        let hasKey = head.hasKey(key.span)
        #expect(hasKey)
        #expect(head.status == 203 && head.lifetime == original.lifetime && head.vary == original.vary)
        #expect(head.variant == original.variant && head.reason == .maxAge && lines(head.fields) == lines(original.fields))
        #expect(decoded.bodyLength == 4 && decoded.updatesStart == file.count)
        #expect(Array(file[decoded.headLength...]) == content)
    }

    /// A head without fields and with this phrase, as it stands in a file without a body.
    private func file(phrase: FrozenBytes?) -> [UInt8] {
        let head = StoredHead(
            key: FrozenBytes(Self.key.bytes), status: 200, fields: fields(("X-A", "b")), lifetime: Self.head().lifetime,
            reason: .maxAge, phrase: phrase)
        return finished(EntryFormat.encodeHead(head))
    }

    private func finished(_ head: [UInt8]) -> [UInt8] {
        var head = head
        let length = head.count
        EntryFormat.finish(&head, headLength: length, bodyLength: 0, bodyChecksum: 0)
        return head
    }

    private func content(_ frozen: FrozenBytes?) -> [UInt8]? {
        guard let frozen else { return nil }
        return frozen.bytes.array
    }

    private func decodedHead(_ file: [UInt8]) -> StoredHead? {
        guard case .head(let decoded) = decode(file, file.count) else { return nil }
        return decoded.head
    }

    @Test(arguments: [1, 4, StoredHead.longestPhrase])
    func aPhraseSurvives(_ count: Int) throws {
        let phrase = [UInt8](repeating: UInt8(ascii: "f"), count: count)
        let head = try #require(decodedHead(file(phrase: FrozenBytes(phrase))))
        #expect(content(head.phrase) == phrase && lines(head.fields) == ["X-A: b"] && head.reason == .maxAge)
        let confirmed = head.confirmed(fields: fields(("X-A", "c")), lifetime: head.lifetime, reason: .expires)
        #expect(content(confirmed.phrase) == phrase && confirmed.status == 200)
    }

    /// Files that were written before there were phrases are read on, and files without one are still written like that.
    @Test func aHeadWithoutAPhraseIsOfTheFirstVersion() throws {
        let plain = file(phrase: nil)
        #expect(Array(plain[8..<10]) == [1, 0])
        #expect(try #require(decodedHead(plain)).phrase == nil)
        let phrased = file(phrase: FrozenBytes("Fine"))
        #expect(Array(phrased[8..<10]) == [2, 0] && phrased.count == plain.count + 4)
        // Byte by byte as the first version had it: no length of a phrase beside the reason code.
        #expect(Array(plain[121..<128]) == [0, 0, 0, 0, 0, 0, 0])
        #expect(Array(phrased[136..<plain.count]) == Array(plain[136...]))
    }

    @Test func anOddPhraseOrVersionIsDamage() {
        let phrased = file(phrase: FrozenBytes("Fine"))
        func isRead(_ change: (inout [UInt8]) -> Void) -> Bool {
            var file = phrased
            change(&file)
            return decodedHead(finished(file)) != nil
        }
        #expect(isRead { _ in })
        // Versions that do not exist, and the first, which has no phrase.
        for version: UInt8 in [0, 1, 3, 255] { #expect(!isRead { $0[8] = version }) }
        for length: UInt8 in [0, 3, 5, 255] { #expect(!isRead { $0[124] = length }) }
        #expect(!isRead { $0[127] = 255 })
        for byte: UInt8 in [0, 10, 13] { #expect(!isRead { $0[$0.count - 2] = byte }) }
        // Longer than any that is stored.
        let long = [UInt8](repeating: UInt8(ascii: "f"), count: StoredHead.longestPhrase + 1)
        #expect(decodedHead(file(phrase: FrozenBytes(long))) == nil)
    }

    @Test func onlyAPhraseWorthItIsStored() {
        func stored(_ phrase: [UInt8], _ status: Int = 200) -> [UInt8]? {
            content(StoredHead.phraseToStore(phrase.span, status: status))
        }
        #expect(stored(bytes("Fine")) == bytes("Fine") && stored(bytes("ok")) == bytes("ok"))
        #expect(stored(bytes("OK"), 404) == bytes("OK") && stored(bytes("Odd"), 299) == bytes("Odd"))
        #expect(stored([]) == nil && stored(bytes("OK")) == nil && stored(bytes("Not Found"), 404) == nil)
        for byte: UInt8 in [0, 10, 13] { #expect(stored([70, byte, 70]) == nil) }
        let long = [UInt8](repeating: 70, count: StoredHead.longestPhrase)
        #expect(stored(long) == long && stored(long + [70]) == nil)
    }

    /// What nearly every response has costs nothing.
    @Test func aHeadWithoutAPhraseCostsWhatItCostBefore() {
        let keyLength = Self.key.bytes.count
        #expect(storedHead(Self.key).cost == 160 + keyLength)
    }

    private func decode(_ file: [UInt8], _ count: Int) -> EntryFormat.Decoding {
        let span = file.span
        return EntryFormat.decode(span.extracting(0..<count), fileSize: file.count)
    }

    @Test func aHeadLongerThanWhatWasReadIsAskedForAgain() {
        let file = Self.file(bytes("body"))
        guard case .needs(let count) = decode(file, EntryFormat.fixedLength)
        else {
            Issue.record("did not ask")
            return
        }
        guard case .head = decode(file, count) else {
            Issue.record("damaged")
            return
        }
    }

    @Test func anUnfinishedHeadIsDamaged() {
        let head = EntryFormat.encodeHead(Self.head())
        guard case .damaged = EntryFormat.decode(head.span, fileSize: head.count) else {
            Issue.record("accepted")
            return
        }
    }

    @Test func theLastWholeRecordCounts() {
        let plain = Self.file(bytes("body"))
        let file = Self.file(bytes("body"), updates: 2)
        let mark = EntryFormat.mark(of: file.span)
        for length in plain.count...file.count {
            let tail = file.span.extracting(plain.count..<length)
            let updates = UpdateRecord.decode(tail, at: plain.count, file: mark)
            let freshUntil = updates.lifetime?.freshUntil.seconds
            let half = (file.count - plain.count) / 2
            if length - plain.count < half {
                #expect(freshUntil == nil)
            } else if length < file.count {
                #expect(freshUntil == start.seconds + 1000)
            } else {
                #expect(freshUntil == start.seconds + 1001 && updates.end == file.count - plain.count)
            }
        }
    }

    @Test func aRecordInAnotherPlaceOrFileIsNone() {
        let plain = Self.file(bytes("body"))
        let file = Self.file(bytes("body"), updates: 1)
        let tail = file.span.extracting(plain.count..<file.count)
        let mark = EntryFormat.mark(of: file.span)
        #expect(UpdateRecord.decode(tail, at: plain.count, file: mark).lifetime != nil)
        #expect(UpdateRecord.decode(tail, at: plain.count + 1, file: mark).lifetime == nil)
        #expect(UpdateRecord.decode(tail, at: plain.count, file: mark ^ 1).lifetime == nil)
    }

    /// Through the zone, as a reader would meet it: cut at every offset, every byte flipped.
    @Test func whatIsOddIsAMiss() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch, levels: []))
        try Directory.create(scratch.path + "/cache")
        let content = bytes("the body of it")
        let whole = Self.file(content)
        let withUpdate = Self.file(content, updates: 1)
        let name = "cache/" + String(decoding: hex(Self.key.digest), as: UTF8.self) + ".zd"

        func found(_ file: [UInt8]) throws -> Entry? {
            try scratch.write(name, file)
            defer { zone.remove(Self.key.digest) }
            // Whatever it varies by, the key's own entry is what is looked at.
            return zone.load(for: Self.key, now: start)
        }
        #expect(try found(whole) != nil)
        for length in 0..<whole.count { #expect(try found(Array(whole[..<length])) == nil) }
        for offset in whole.indices {
            var damaged = whole
            damaged[offset] ^= 1 << UInt8(offset % 8)
            #expect(try found(damaged) == nil, "offset \(offset)")
        }
        for offset in whole.count..<withUpdate.count {
            var damaged = withUpdate
            damaged[offset] ^= 1 << UInt8(offset % 8)
            #expect(try found(damaged)?.head.lifetime == Self.head().lifetime)
            #expect(try found(Array(withUpdate[..<offset]))?.head.lifetime == Self.head().lifetime)
        }
        #expect(try found(withUpdate)?.head.lifetime.freshUntil == start.advanced(bySeconds: 1000))
    }

    private func hex(_ digest: Digest) -> [UInt8] {
        var result: [UInt8] = []
        digest.appendHex(to: &result)
        return result
    }

    @Test func randomBytesAreNoEntry() {
        var generator = SystemRandomNumberGenerator()
        let whole = Self.file(bytes("body"), updates: 1)
        for _ in 0..<2000 {
            var noise = whole
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                noise[Int.random(in: 8..<noise.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = EntryFormat.decode(noise.span, fileSize: Int.random(in: 0...noise.count, using: &generator))
            _ = UpdateRecord.decode(noise.span, at: 0, file: 0)
        }
    }
}
