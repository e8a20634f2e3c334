import Caching
import HTTP
import Platform
import Testing

/// Reads that may not wait for the disk.
struct ColdReadTests {
    let key = CacheKey(bytes("cold"))

    private func name(_ fetched: CacheZone.Fetched) -> String {
        switch fetched {
        case .entry: "entry"
        case .none: "none"
        case .wouldWait: "wouldWait"
        }
    }

    @Test(arguments: [10, 10_000, 500_000]) func whatTheKernelHasIsReadAtOnceOrNotAtAll(size: Int) throws {
        let scratch = try Scratch()
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        store(CacheZone(definition(scratch)), key, body, head: storedHead(key, length: size))
        let zone = CacheZone(definition(scratch))
        // Just written: in memory, on every file system that can say so.
        switch zone.fetch(key.digest, key, now: start, mayWait: false) {
        case .entry(let entry, _): #expect(try content(entry) == body)
        case .wouldWait: break
        case .none: wrong("lost")
        }
        guard case .entry(let entry, _) = zone.fetch(key.digest, key, now: start) else { return wrong("lost") }
        #expect(try content(entry) == body)
        #expect(name(zone.fetch(key.digest, CacheKey(bytes("other")), now: start, mayWait: false)) == "none")
    }

    @Test func whatIsDamagedIsLeftToWhoMayWait() throws {
        let scratch = try Scratch()
        store(CacheZone(definition(scratch)), key, bytes("hello"))
        let path = try #require(scratch.files().keys.first)
        let file = try File.open(path, .readWrite)
        let last = try #require(scratch.files()[path]) - 1
        try File.write(file.rawValue, [0].span, at: last)
        let zone = CacheZone(definition(scratch))
        #expect(name(zone.fetch(key.digest, key, now: start, mayWait: false)) == "wouldWait")
        #expect(scratch.files().count == 1)
        #expect(name(zone.fetch(key.digest, key, now: start)) == "none")
        #expect(scratch.files().isEmpty)
    }
}
