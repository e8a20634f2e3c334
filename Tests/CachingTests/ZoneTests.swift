import Bytes
import Caching
import HTTP
import Platform
import Testing

struct ZoneTests {
    let key = CacheKey(bytes("httplocalhost/a.css"))

    @Test func storedIsFound() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch))
        loadIndex(zone)
        let asked = try request()
        #expect(zone.find(key, asked, now: start).name == "none")
        let entry = try #require(store(zone, key, bytes("hello")))
        #expect(zone.find(key, asked, now: start).entry === entry)
        #expect(zone.find(key, asked, now: start.advanced(bySeconds: 61)).name == "stale")
        #expect(try content(entry) == bytes("hello"))
        #expect(zone.diskUsed == 4096)
        let file = try #require(scratch.files().keys.first)
        #expect(file.hasSuffix(".zd") && file == zone.directory.filePath(for: key.digest))
        zone.remove(key.digest)
        #expect(!entry.isCurrent && scratch.files().isEmpty && zone.diskUsed == 0)
        #expect(zone.find(key, asked, now: start).name == "none")
    }

    @Test func levelsAreNginxs() throws {
        let directory = CacheDirectory(path: "/c/", levels: [1, 2])
        let digest = try #require(digestOf(hex: "b7f54b2df7773722d382f4809d65029c"))
        #expect(directory.filePath(for: digest) == "/c/c/29/b7f54b2df7773722d382f4809d65029c.zd")
        #expect(CacheDirectory.classify("b7f54b2df7773722d382f4809d65029c.zd") == .entry(digest))
        #expect(CacheDirectory.classify("b7f54b2df7773722d382f4809d65029c.zd.tmp.12.3") == .temporary(process: 12))
        let foreign = [
            "b7f54b2df7773722d382f4809d65029c", "B7f54b2df7773722d382f4809d65029c.zd", "index.html", "x.zd", "", ".zd",
            "b7f54b2df7773722d382f4809d65029c.zd.tmp.x.3", "b7f54b2df7773722d382f4809d65029c.zd.old",
        ]
        for name in foreign {
            #expect(CacheDirectory.classify(name) == .foreign, "\(name)")
        }
    }

    @Test(arguments: [5, 200_000]) func warmAfterARestart(size: Int) throws {
        let scratch = try Scratch()
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let first = CacheZone(definition(scratch))
        store(first, key, body, head: storedHead(key, fields: fields(("X-A", "b")), length: size))
        // Before the walk, and after it.
        for isWalked in [false, true] {
            let zone = CacheZone(definition(scratch))
            if isWalked { loadIndex(zone) }
            #expect(zone.find(key, try request(), now: start).name == "disk")
            let found = zone.findOnDisk(key, try request(), now: start)
            let entry = try #require(found.entry)
            #expect(found.name == "hit" && lines(entry.head.fields) == ["X-A: b"])
            #expect(try content(entry) == body)
            #expect(entry.isFileBacked == (size > 65536))
            #expect(zone.find(key, try request(), now: start).entry === entry)
            #expect(zone.diskUsed == first.diskUsed)
            let other = CacheKey(bytes("other"))
            #expect(zone.find(other, try request(), now: start).name == (isWalked ? "none" : "disk"))
            #expect(zone.findOnDisk(other, try request(), now: start).name == "none")
        }
    }

    @Test func aShortenedBodyIsNotStored() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch))
        #expect(store(zone, key, bytes("abc"), head: storedHead(key, length: 4)) == nil)
        #expect(store(zone, key, [UInt8](repeating: 1, count: 100_000), head: storedHead(key, length: 100_001)) == nil)
        #expect(scratch.files().isEmpty && zone.diskUsed == 0)
    }

    @Test func anAbandonedWriterLeavesNothing() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch))
        do {
            let writer = try #require(zone.beginStore(storedHead(key), digest: key.digest))
            let isWritten = writer.write([UInt8](repeating: 1, count: 200_000).span)
            #expect(isWritten)
            #expect(scratch.files().count == 1 && zone.diskUsed >= 200_000)
        }
        #expect(scratch.files().isEmpty && zone.diskUsed == 0)
    }

    @Test func variantsStandBesideEachOther() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch))
        loadIndex(zone)
        let vary = Vary(names: bytes("accept-encoding"))
        func fetch(_ coding: String, vary: Vary = vary) throws -> String {
            let asked = try request("GET", "Accept-Encoding: \(coding)")
            let lookup = zone.find(key, asked, now: start)
            if lookup.name != "hit" {
                let head = storedHead(key, vary: vary, variant: vary.variant(of: asked))
                store(zone, key, bytes(coding), head: head, place: lookup.place)
                return lookup.name
            }
            return text(try content(try #require(lookup.entry)))
        }
        for coding in ["gzip", "deflate", "br"] { #expect(try fetch(coding) == "none") }
        for coding in ["deflate", "gzip", "br"] { #expect(try fetch(coding) == coding) }
        // After a restart.
        let again = CacheZone(definition(scratch))
        for coding in ["br", "gzip"] {
            let asked = try request("GET", "Accept-Encoding: \(coding)")
            #expect(text(try content(try #require(again.findOnDisk(key, asked, now: start).entry))) == coding)
        }
        // One that does not vary replaces them all.
        let asked = try request("GET", "Accept-Encoding: deflate")
        let place = try #require(zone.find(key, asked, now: start).place)
        store(zone, key, bytes("all"), place: place)
        #expect(try fetch("gzip") == "all")
        #expect(try fetch("deflate") == "all")
    }

    @Test func aCollisionOfDigestsIsAMiss() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch))
        loadIndex(zone)
        let other = StoredHead(
            key: FrozenBytes(bytes("another key")), status: 200, fields: Fields(),
            lifetime: Lifetime(responseTime: start, freshUntil: start.advanced(bySeconds: 9), date: 0))
        store(zone, key, bytes("x"), head: other)
        #expect(zone.find(key, try request(), now: start).name == "none")
        #expect(CacheZone(definition(scratch)).findOnDisk(key, try request(), now: start).name == "none")
    }

    @Test func aConfirmationRenews() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch))
        var entry = try #require(store(zone, key, bytes("hello"), head: storedHead(key, fields: fields(("X-N", "0")))))
        // Far enough for the records to be compacted several times.
        for number in 1...200 {
            let now = start.advanced(bySeconds: number * 60)
            #expect(zone.find(key, try request(), now: now).name == "stale")
            let head = entry.head.confirmed(
                fields: fields(("X-N", "\(number)")),
                lifetime: Lifetime(responseTime: now, freshUntil: now.advanced(bySeconds: 60), date: now.seconds),
                reason: .maxAge)
            let fresh = zone.confirm(entry, with: head, now: now)
            let found = zone.find(key, try request(), now: now).entry
            #expect(!entry.isCurrent && found === fresh)
            entry = fresh
            let size = try #require(scratch.files().values.first)
            #expect(size < 9000 && scratch.files().count == 1)
            #expect(zone.diskUsed == (size + 4095) / 4096 * 4096)
            let again = CacheZone(definition(scratch)).findOnDisk(key, try request(), now: now)
            #expect(again.name == "hit")
            #expect(again.entry.map { lines($0.head.fields) } == ["X-N: \(number)"])
        }
        #expect(try content(entry) == bytes("hello"))
    }

    @Test func updatingIsMarkedOnce() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch))
        store(zone, key, bytes("x"))
        #expect(zone.beginUpdate(key.digest) && !zone.beginUpdate(key.digest))
        let later = start.advanced(bySeconds: 99)
        #expect(zone.find(key, try request(), now: later).name == "updating")
        zone.endUpdate(key.digest)
        #expect(zone.beginUpdate(key.digest))
        store(zone, key, bytes("y"))
        #expect(zone.beginUpdate(key.digest))
    }

    @Test func usesAreCounted() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch))
        for number in 1...5 { #expect(zone.countUse(key.digest, now: start) == number) }
        #expect(scratch.files().isEmpty)
        #expect(CacheManager.step(zone, now: start.advanced(bySeconds: 601)) > 0)
        #expect(zone.countUse(key.digest, now: start) == 1)
    }

    @Test func aWipedDirectoryIsAMissAndHeals() throws {
        let scratch = try Scratch()
        var settings = definition(scratch)
        settings.largestMemoryBody = 0
        settings.openFiles = 0
        let zone = CacheZone(settings)
        loadIndex(zone)
        store(zone, key, bytes("x"))
        Scratch.removeAll(scratch.path + "/cache")
        // One file may stay open; whatever is at hand, another zone has nothing.
        #expect(CacheZone(settings).findOnDisk(key, try request(), now: start).name == "none")
        #expect(store(zone, key, bytes("y")) != nil)
        #expect(scratch.files().count == 1)
    }

    @Test func aDirectoryThatCannotBeWrittenStoresNothingAndSaysSoOnce() throws {
        let scratch = try Scratch()
        try scratch.write("cache", bytes("not a directory"))
        let events = Lock<[String]>([])
        let zone = CacheZone(definition(scratch)) { event in events.withLock { $0.append("\(event)") } }
        for _ in 0..<5 { #expect(store(zone, key, bytes("x")) == nil) }
        #expect(events.withLock { $0.count } == 1)
        #expect(zone.diskUsed == 0 && scratch.files().count == 1)
    }
}
