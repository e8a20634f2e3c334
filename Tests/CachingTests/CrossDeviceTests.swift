import Bytes
import Caching
import Foundation
import Platform
import Testing

/// Temporary files that lie on another file system than the cache (`proxy_temp_path`, `use_temp_path=on`).
struct CrossDeviceTests {
    private static let memory = "/dev/shm"

    private static func device(_ path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.systemNumber] as? Int
    }

    private static let hasTwo = device(memory) != nil && device(memory) != device("/tmp")

    @Test(.enabled(if: hasTwo), arguments: [10, 300_000]) func theFileIsCopiedIntoItsPlace(size: Int) throws {
        let scratch = try Scratch()
        let temporary = "\(CrossDeviceTests.memory)/zendan-\(ProcessControl.identifier)-\(size)"
        defer { Scratch.removeAll(temporary) }
        let zone = CacheZone(definition(scratch))
        let body = [UInt8](repeating: 7, count: size)
        // The first into each directory of a level has to make it.
        for number in 0..<3 {
            let key = CacheKey(bytes("key \(number)"))
            let writer = try #require(
                zone.beginStore(storedHead(key), digest: key.digest, temporaryDirectory: temporary))
            let isWritten = writer.write(body.span)
            let entry = try #require(writer.commit(now: start))
            #expect(isWritten)
            #expect(try content(entry) == body)
            guard case .entry(let again, _) = CacheZone(definition(scratch)).fetch(key.digest, key, now: start) else {
                return wrong("not on disk")
            }
            #expect(try content(again) == body)
        }
        #expect(scratch.files().count == 3)
        #expect(try Directory.names(temporary).isEmpty)
    }
}
