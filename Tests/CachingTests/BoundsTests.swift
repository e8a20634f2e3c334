import Bytes
import Caching
import HTTP
import Platform
import Testing

struct BoundsTests {
    private func key(_ number: Int) -> CacheKey { CacheKey(bytes("key \(number)")) }

    @Test func memoryStaysWithinKeysZone() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch, memory: 256 << 10))
        loadIndex(zone)
        for number in 0..<300 {
            store(zone, key(number), [UInt8](repeating: 7, count: 4000))
            #expect(zone.memoryUsed <= 256 << 10)
        }
        // Everything is still found, from disk what memory had no room for; the last ones are there.
        var hits = 0
        var fromDisk = 0
        for number in (0..<300).reversed() {
            switch zone.find(key(number), try request(), now: start) {
            case .hit: hits += 1
            case .needsDisk:
                fromDisk += 1
                #expect(zone.findOnDisk(key(number), try request(), now: start).name == "hit")
            case .stale, .none: Issue.record("lost \(number)")
            }
            #expect(zone.memoryUsed <= 256 << 10)
        }
        #expect(hits > 8 && fromDisk > 100)
    }

    @Test func whatIsAskedForStaysInMemory() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch, memory: 256 << 10))
        loadIndex(zone)
        store(zone, key(0), [UInt8](repeating: 7, count: 4000))
        for number in 1..<300 {
            store(zone, key(number), [UInt8](repeating: 7, count: 4000))
            #expect(zone.find(key(0), try request(), now: start).name == "hit")
        }
    }

    @Test func aFullIndexLetsTheOldestGoWithItsFile() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch, memory: 16 << 10, levels: []))
        loadIndex(zone)
        for number in 0..<400 { store(zone, key(number), bytes("x")) }
        #expect(zone.memoryUsed <= 16 << 10)
        let count = scratch.files().count
        #expect(count > 50 && count < 300)
        #expect(zone.diskUsed == count * 4096)
        #expect(zone.find(key(399), try request(), now: start).name != "none")
        #expect(zone.find(key(0), try request(), now: start).name == "none")
        // The manager makes room ahead.
        _ = CacheManager.step(zone, now: start)
        #expect(scratch.files().count < count)
    }

    @Test func diskStaysWithinMaxSizeWhileFillsRun() throws {
        let scratch = try Scratch()
        var settings = definition(scratch)
        settings.maxSize = 1 << 20
        let zone = CacheZone(settings)
        loadIndex(zone)
        let bound = (1 << 20) + (1 << 20) / 20
        for number in 0..<40 {
            let writer = try #require(zone.beginStore(storedHead(key(number)), digest: key(number).digest))
            for _ in 0..<20 {
                let isWritten = writer.write([UInt8](repeating: 1, count: 10_000).span)
                #expect(isWritten)
                #expect(zone.diskUsed <= bound && scratch.files().values.reduce(0, +) <= bound)
            }
            #expect(writer.commit(now: start.advanced(bySeconds: number)) != nil)
        }
        _ = CacheManager.step(zone, now: start)
        #expect(zone.diskUsed <= 1 << 20)
        #expect(zone.findOnDisk(key(39), try request(), now: start).name == "hit")
        // What can never fit is refused, announced or not.
        #expect(zone.beginStore(storedHead(key(0), length: 2 << 20), digest: key(0).digest) == nil)
        let writer = try #require(zone.beginStore(storedHead(key(0)), digest: key(0).digest))
        var isWritten = true
        for _ in 0..<20 where isWritten { isWritten = writer.write([UInt8](repeating: 1, count: 100_000).span) }
        #expect(!isWritten && writer.commit(now: start) == nil)
        #expect(zone.diskUsed <= bound)
        #expect(zone.diskUsed == scratch.files().count * 0 + zone.diskUsed)
    }

    @Test func theManagerRemovesWhatIsInactiveInSteps() throws {
        let scratch = try Scratch()
        var settings = definition(scratch)
        settings.managerFiles = 2
        settings.managerSleep = 7
        settings.inactive = 100
        let zone = CacheZone(settings)
        for number in 0..<5 { store(zone, key(number), bytes("x")) }
        // One is used later than the others.
        _ = zone.find(key(3), try request(), now: start.advanced(bySeconds: 50))
        let later = start.advanced(bySeconds: 101)
        #expect(CacheManager.step(zone, now: later) == 7 && scratch.files().count == 3)
        #expect(CacheManager.step(zone, now: later) >= 7 && scratch.files().count == 1)
        #expect(zone.find(key(3), try request(), now: later).entry != nil)
    }

    /// As in nginx, whose own test counts the files.
    @Test func maxSizeZeroStoresAndIsEmptiedByTheManager() throws {
        let scratch = try Scratch()
        var settings = definition(scratch)
        settings.maxSize = 0
        settings.managerFiles = 2
        let zone = CacheZone(settings)
        for number in 0..<5 { store(zone, key(number), bytes("x")) }
        #expect(scratch.files().count == 5)
        for left in [3, 1, 0, 0] {
            _ = CacheManager.step(zone, now: start)
            #expect(scratch.files().count == left)
        }
    }

    @Test func openFilesAreBounded() throws {
        let scratch = try Scratch()
        var settings = definition(scratch)
        settings.largestMemoryBody = 10
        settings.openFiles = 8
        let zone = CacheZone(settings)
        loadIndex(zone)
        // A size of its own: other tests of this process have files open too.
        for number in 0..<50 { store(zone, key(number), [UInt8](repeating: 1, count: 113_000)) }
        let open = try Directory.names("/proc/self/fd").filter { name in
            (try? File.status("/proc/self/fd/\(name)")).map { $0.kind == .regular && $0.size > 113_000 && $0.size < 114_000 }
                ?? false
        }
        #expect(open.count <= 8)
        #expect(zone.findOnDisk(key(3), try request(), now: start).name == "hit")
    }

    @Test func strangersAreLeftAloneAndCounted() throws {
        let scratch = try Scratch()
        let settings = definition(scratch)
        let first = CacheZone(settings)
        store(first, key(0), bytes("x"))
        try Directory.createAll(scratch.path + "/cache/c/29")
        try Directory.createAll(scratch.path + "/cache/site/images")
        let nginx = "cache/c/29/b7f54b2df7773722d382f4809d65029c"
        try scratch.write(nginx, bytes("KEY: x"))
        try scratch.write("cache/site/images/a.png", bytes("12345"))
        // Our name without our magic, our magic without our place, leftovers of a dead writer and of a living one.
        try scratch.write(nginx + ".zd", bytes("not ours"))
        try scratch.write("cache/site/b7f54b2df7773722d382f4809d65029c.zd", EntryFormat.magic)
        try scratch.write(nginx + ".zd.tmp.2147483646.1", EntryFormat.magic)
        try scratch.write(nginx + ".zd.tmp.\(ProcessControl.identifier).1", EntryFormat.magic)
        try scratch.write(nginx + ".zd.tmp.2147483646.2", bytes("hm"))
        let events = Lock<[CacheEvent]>([])
        let zone = CacheZone(settings) { event in events.withLock { $0.append(event) } }
        loadIndex(zone)
        var counts: [(Int, Int)] = []
        for case .foreign(_, let files, let bytes, false) in events.withLock({ $0 }) { counts.append((files, bytes)) }
        #expect(counts.count == 1)
        #expect(counts.first?.0 == 4 && counts.first?.1 == 6 + 5 + EntryFormat.magic.count + 2)
        let left = scratch.files()
        #expect(left.count == 7 && !left.keys.contains { $0.hasSuffix("2147483646.1") })
        // Not even when the index would have it removed.
        let impostor = try #require(digestOf(hex: "b7f54b2df7773722d382f4809d65029c"))
        zone.remove(impostor)
        _ = CacheManager.step(zone, now: start.advanced(bySeconds: 9999))
        #expect(scratch.files().count == 6)
        #expect(scratch.files()[scratch.path + "/" + nginx + ".zd"] == 8)
    }

    @Test func aRedefinedZoneKeepsWhatItHas() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch))
        for number in 0..<20 { store(zone, key(number), [UInt8](repeating: 1, count: 20_000)) }
        var smaller = definition(scratch, memory: 100 << 10)
        smaller.maxSize = 100_000
        #expect(zone.definition.isCompatible(with: smaller))
        zone.apply(smaller)
        #expect(zone.memoryUsed <= 100 << 10)
        _ = CacheManager.step(zone, now: start)
        #expect(zone.diskUsed <= 100_000 && zone.diskUsed > 0)
        var moved = smaller
        moved.path += "2"
        #expect(!zone.definition.isCompatible(with: moved))
    }
}
