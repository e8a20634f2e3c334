import Caching
import HTTP
import Testing

/// More is asked for, again and again, than the memory of its zone can hold.
struct WorkingSetTests {
    /// `least` of 2,000 requests are answered by what is at hand.
    @Test(arguments: [(openFiles: 256, least: 1500), (openFiles: 0, least: 200)])
    func whatFitsStaysAtHand(_ openFiles: Int, _ least: Int) throws {
        let scratch = try Scratch()
        var settings = definition(scratch, memory: 1 << 20)
        settings.openFiles = openFiles
        let zone = CacheZone(settings)
        loadIndex(zone)
        let keys = (0..<60).map { CacheKey(bytes("key \($0)")) }
        for key in keys { store(zone, key, [UInt8](repeating: 7, count: 60_000)) }
        let table = HotTable(zone)
        let asked = try request()
        var random: UInt64 = 1
        var atHand = 0
        for number in 0..<4000 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let key = keys[Int(random >> 33) % keys.count]
            if look(table, key.bytes, asked, start) != nil {
                if number >= 2000 { atHand += 1 }
                continue
            }
            let found = zone.find(key, asked, now: start).entry ?? zone.findOnDisk(key, asked, now: start).entry
            table.insert(try #require(found), now: start)
            #expect(zone.memoryUsed <= 1 << 20)
        }
        #expect(atHand >= least)
    }
}
