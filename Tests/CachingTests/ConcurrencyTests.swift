import Bytes
import Caching
import HTTP
import Platform
import Testing

/// Threads on one zone: nothing is lost, nothing is torn, the bounds hold. ThreadSanitizer watches the same tests in CI.
struct ConcurrencyTests {
    private static let count = 40

    private static func key(_ number: Int) -> CacheKey { CacheKey(bytes("key \(number)")) }

    /// The body says which key and which round it belongs to, so a mixture shows.
    private static func body(_ number: Int, _ round: Int) -> [UInt8] {
        let size = number % 3 == 0 ? 90_000 : 500
        return [UInt8](repeating: UInt8(truncatingIfNeeded: number &+ round), count: size)
    }

    @Test func storeFindRemoveAndManageAtOnce() throws {
        let scratch = try Scratch()
        var settings = definition(scratch, memory: 512 << 10)
        settings.maxSize = 2 << 20
        settings.openFiles = 16
        let zone = CacheZone(settings)
        loadIndex(zone)
        let faults = Lock<[String]>([])
        let finished = CountingSignal()
        let stop = Lock(false)
        let bound = (2 << 20) + (2 << 20) / 20

        for thread in 0..<2 {
            try Threads.start {
                for round in 0..<60 {
                    for number in 0..<Self.count where number % 2 == thread {
                        store(zone, Self.key(number), Self.body(number, round))
                        if zone.diskUsed > bound { faults.withLock { $0.append("disk \(zone.diskUsed)") } }
                        if zone.memoryUsed > 512 << 10 { faults.withLock { $0.append("memory") } }
                    }
                    if round % 10 == 9 { zone.remove(Self.key(round % Self.count).digest) }
                }
                finished.raise()
            }
        }
        for _ in 0..<2 {
            try Threads.start {
                guard let asked = try? request() else { return }
                let table = HotTable(zone)
                while !stop.withLock({ $0 }) {
                    for number in 0..<Self.count {
                        let key = Self.key(number)
                        var entry = look(table, key.bytes, asked, start)?.entry
                        if entry == nil {
                            var lookup = zone.find(key, asked, now: start)
                            if case .needsDisk = lookup { lookup = zone.findOnDisk(key, asked, now: start) }
                            entry = lookup.entry
                            if let entry { table.insert(entry, now: start) }
                        }
                        guard let entry else { continue }
                        guard let body = try? content(entry), let first = body.first, body.allSatisfy({ $0 == first }),
                            body.count == Self.body(number, 0).count
                        else {
                            faults.withLock { $0.append("torn \(number)") }
                            continue
                        }
                    }
                }
                finished.raise()
            }
        }
        try Threads.start {
            while !stop.withLock({ $0 }) { _ = CacheManager.step(zone, now: start) }
            finished.raise()
        }
        for _ in 0..<2 { finished.await() }
        stop.withLock { $0 = true }
        for _ in 0..<3 { finished.await() }
        #expect(faults.withLock { $0 } == [])
        let files = scratch.files()
        #expect(files.values.reduce(0) { $0 + ($1 + 4095) / 4096 * 4096 } == zone.diskUsed)
        #expect(!files.keys.contains { $0.contains(".tmp.") })
    }

    @Test func aHotTableSeesWhatBecameOfItsEntries() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch))
        loadIndex(zone)
        let table = HotTable(zone)
        let key = Self.key(1)
        let span = key.bytes
        let asked = try request()
        let first = try #require(store(zone, key, bytes("one")))
        table.insert(first, now: start)
        let slot = try #require(look(table, span, asked, start))
        #expect(slot.entry === first)
        slot.keep(bytes("HTTP/1.1 200 OK").span, plan: 7, second: start.seconds)
        #expect(slot.isFor(plan: 7, second: start.seconds))
        #expect(!slot.isFor(plan: 8, second: start.seconds) && !slot.isFor(plan: 7, second: start.seconds + 1))
        // Stale ones go the long way.
        #expect(look(table, span, asked, start.advanced(bySeconds: 61)) == nil)
        #expect(look(table, span, asked, start) != nil)
        store(zone, key, bytes("two"))
        #expect(look(table, span, asked, start) == nil)
        let used = zone.memoryUsed
        table.removeAll()
        #expect(zone.memoryUsed <= used)
    }

    @Test func aHotTableLetsGoOfWhatWasEvicted() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch, memory: 200 << 10))
        loadIndex(zone)
        let table = HotTable(zone)
        let asked = try request()
        for number in 0..<200 {
            let now = start.advanced(bySeconds: number / 10)
            guard let entry = store(zone, Self.key(number), [UInt8](repeating: 1, count: 3000), now: now) else { continue }
            table.insert(entry, now: now)
            let key = Self.key(number).bytes
            _ = look(table, key, asked, now)
        }
        #expect(zone.memoryUsed <= 200 << 10)
        // What the table holds does not keep new entries out for ever.
        let late = start.advanced(bySeconds: 30)
        store(zone, Self.key(1000), [UInt8](repeating: 1, count: 3000), now: late)
        let key = Self.key(0).bytes
        _ = look(table, key, asked, late)
        store(zone, Self.key(1001), [UInt8](repeating: 1, count: 3000), now: late)
        #expect(zone.find(Self.key(1001), asked, now: late).name == "hit")
    }

    @Test func variantsInAHotTable() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch))
        loadIndex(zone)
        let table = HotTable(zone)
        let key = Self.key(1)
        let span = key.bytes
        let vary = Vary(names: bytes("accept-encoding"))
        for coding in ["gzip", "br", "zstd"] {
            let asked = try request("GET", "Accept-Encoding: \(coding)")
            let place = zone.find(key, asked, now: start).place
            let head = storedHead(key, vary: vary, variant: vary.variant(of: asked))
            let entry = try #require(store(zone, key, bytes(coding), head: head, place: place))
            table.insert(entry, now: start)
        }
        for coding in ["gzip", "br", "zstd"] {
            let asked = try request("GET", "Accept-Encoding: \(coding)")
            let slot = try #require(look(table, span, asked, start))
            #expect(try content(slot.entry) == bytes(coding))
        }
        #expect(look(table, span, try request(), start) == nil)
        #expect(table.count == 3)
    }

    @Test func aThousandKeysFitAHotTable() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch, memory: 8 << 20))
        loadIndex(zone)
        let table = HotTable(zone)
        let asked = try request()
        for number in 0..<1000 {
            guard let entry = store(zone, Self.key(number), [UInt8](repeating: 1, count: 100)) else { continue }
            table.insert(entry, now: start)
        }
        var found = 0
        for _ in 0..<4 {
            found = 0
            for number in 0..<1000 {
                let key = Self.key(number)
                let span = key.bytes
                if look(table, span, asked, start) != nil {
                    found += 1
                } else if let entry = zone.find(key, asked, now: start).entry {
                    table.insert(entry, now: start)
                }
            }
        }
        #expect(found > 950)
    }
}
