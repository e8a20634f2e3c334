import Bytes
import Caching
import Foundation
import Platform
import TestSupport
import Testing

/// A disk that has no room left: what was used longest ago goes, and what is stored now is stored.
@Suite(.enabled(if: SmallDisk.isAvailable)) struct FullDiskTests {
    private static let size = 2 << 20

    private func key(_ number: Int) -> CacheKey { CacheKey(bytes("key \(number)")) }

    private func isStored(_ zone: CacheZone, _ number: Int) -> Bool { zone.load(for: key(number), now: start) != nil }

    /// A zone on a disk of its own, without bounds; what it tells is kept.
    private func play(
        _ change: (inout CacheZoneDefinition) -> Void = { _ in },
        _ story: (CacheZone, SmallDisk, Scratch, () -> [CacheEvent]) throws -> Void
    ) throws {
        let scratch = try Scratch()
        let disk = try SmallDisk(scratch.path + "/disk", size: FullDiskTests.size)
        defer { disk.remove() }
        var settings = definition(scratch)
        settings.path = disk.path + "/cache"
        settings.largestMemoryBody = 64 << 10
        change(&settings)
        try Directory.createAll(settings.path)
        let events = Lock<[CacheEvent]>([])
        let zone = CacheZone(settings) { event in events.withLock { $0.append(event) } }
        loadIndex(zone)
        try story(zone, disk, scratch) { events.withLock { $0 } }
    }

    /// Takes all that is left.
    private func fill(_ disk: SmallDisk) throws {
        let other = try File.open(disk.path + "/other", .write, create: .truncated)
        let block = [UInt8](repeating: 1, count: 4096)
        var offset = 0
        while (try? File.write(other.rawValue, block.span, at: offset)) != nil { offset += block.count }
        #expect(disk.free == 0)
    }

    /// How the body comes, in pieces of what size: small ones are kept back and written at the end, large ones as they come.
    @Test(arguments: [(10_000, 10_000), (200_000, 200_000), (200_000, 9_000)])
    func theOldestGoForTheNewest(size: Int, piece: Int) throws {
        try play { zone, disk, _, events in
            let count = 3 * FullDiskTests.size / size
            for number in 0..<count {
                let writer = try #require(zone.beginStore(storedHead(key(number)), digest: key(number).digest))
                for start in stride(from: 0, to: size, by: piece) {
                    let part = [UInt8](repeating: UInt8(number & 255), count: min(piece, size - start))
                    let isWritten = writer.write(part.span)
                    #expect(isWritten)
                }
                let entry = try #require(writer.commit(now: start.advanced(bySeconds: number)))
                #expect(try content(entry).count == size)
                // What is used stays, however old.
                if number > 0 { _ = zone.find(key(0), try request(), now: start.advanced(bySeconds: number)) }
            }
            #expect(isStored(zone, 0) && !isStored(zone, 1) && isStored(zone, count - 1) && isStored(zone, count - 2))
            #expect(zone.diskUsed <= FullDiskTests.size && zone.diskUsed > FullDiskTests.size / 4)
            var told = 0
            for event in events() {
                switch event {
                case .diskFull: told += 1
                case .diskFailed: Issue.record("\(event)")
                default: break
                }
            }
            #expect(told == 1)
        }
    }

    @Test func whatAConfirmationAddsFindsRoomToo() throws {
        try play { zone, disk, _, events in
            let count = 40
            for number in 0..<count { store(zone, key(number), [UInt8](repeating: 1, count: 20_000)) }
            var entry = try #require(zone.load(for: key(count - 1), now: start))
            try fill(disk)
            for second in 1...100 {
                let now = start.advanced(bySeconds: second)
                entry = zone.confirm(entry, with: storedHead(key(count - 1), at: now), now: now)
            }
            for case .diskFailed(let operation, let path, let error) in events() {
                Issue.record("\(operation) \(path): \(error)")
            }
            let again = try #require(CacheZone(zone.definition).load(for: key(count - 1), now: start))
            #expect(again.head.lifetime.freshUntil == start.advanced(bySeconds: 160))
        }
    }

    /// Where others have filled the disk nothing of the cache can help.
    @Test func anEmptyCacheGivesUpWithoutHarm() throws {
        try play { zone, disk, _, events in
            try fill(disk)
            #expect(store(zone, key(0), [UInt8](repeating: 1, count: 20_000)) == nil)
            #expect(zone.diskUsed == 0)
            var failures = 0
            for case .diskFailed in events() { failures += 1 }
            #expect(failures == 1)
            try File.remove(disk.path + "/other")
            #expect(store(zone, key(0), [UInt8](repeating: 1, count: 20_000)) != nil)
        }
    }

    /// The temporary files lie on a disk that is full: the cache's own is not, and loses nothing.
    @Test func aFullTemporaryDirectoryCostsNoEntries() throws {
        let scratch = try Scratch()
        let disk = try SmallDisk(scratch.path + "/disk", size: 64 << 10)
        defer { disk.remove() }
        let zone = CacheZone(definition(scratch))
        loadIndex(zone)
        for number in 0..<5 { store(zone, key(number), bytes("x")) }
        let writer = try #require(
            zone.beginStore(storedHead(key(9)), digest: key(9).digest, temporaryDirectory: disk.path))
        let isWritten = writer.write([UInt8](repeating: 1, count: 300_000).span)
        #expect(!isWritten && writer.commit(now: start) == nil)
        for number in 0..<5 { #expect(isStored(zone, number)) }
        #expect(try Directory.names(disk.path).isEmpty)
    }

    @Test func theManagerKeepsMinFree() throws {
        try play {
            $0.minFree = 1 << 20
        } _: { zone, disk, _, _ in
            for number in 0..<80 {
                store(zone, key(number), [UInt8](repeating: 1, count: 20_000), now: start.advanced(bySeconds: number))
            }
            #expect(disk.free < 1 << 20)
            while disk.free < 1 << 20 { _ = CacheManager.step(zone, now: start.advanced(bySeconds: 80)) }
            #expect(isStored(zone, 79) && !isStored(zone, 0) && zone.diskUsed > 0)
        }
    }
}
