import Caching
import Configuration
import EventLoops
import Observability
import Platform
import Testing
import Upstreams

@testable import Server

@Suite("Named state")
struct NamedStateTests {
    private func group(_ name: String, of named: NamedState) -> UpstreamGroup {
        named.group(name) { UpstreamGroup(name: name, peers: []) }
    }

    private func zone(_ name: String, of named: NamedState) -> CacheZone {
        named.zone(name) { CacheZone(CacheZoneDefinition(name: name, path: "/nowhere", memory: 1 << 16)) }
    }

    @Test("what a configuration no longer names goes when it is pruned, and what it names stays as it is")
    func pruning() throws {
        let named = NamedState(pool: BlockingPool(threads: 1))
        let (kept, gone) = named.naming { (group("kept", of: named), group("gone", of: named)) }
        let zones = named.naming { (zone("kept", of: named), zone("gone", of: named)) }
        // Nothing of the second was asked for by the first, and it has not been pruned since.
        named.naming { () -> Void in
            #expect(group("kept", of: named) === kept)
            #expect(zone("kept", of: named) === zones.0)
        }
        #expect(group("gone", of: named) === gone)
        #expect(named.prune().count == 1)
        #expect(zones.1.isRetired && !zones.0.isRetired)
        named.naming { () -> Void in
            #expect(group("kept", of: named) === kept)
            #expect(group("gone", of: named) !== gone)
            #expect(zone("kept", of: named) === zones.0)
            #expect(zone("gone", of: named) !== zones.1)
        }
    }

    @Test("a configuration that cannot be built costs nothing")
    func refusal() throws {
        let named = NamedState(pool: BlockingPool(threads: 1))
        let kept = named.naming { group("kept", of: named) }
        #expect(throws: Diagnostic.self) {
            try named.naming { () throws(Diagnostic) in
                _ = group("new", of: named)
                throw Diagnostic("no", at: nil)
            }
        }
        named.prune()
        #expect(group("kept", of: named) === kept)
    }

    @Test("logs are closed with the last configuration that names them; one that is named again goes on in the new file")
    func logs() throws {
        let named = NamedState(pool: BlockingPool(threads: 1))
        func file() throws -> LogFile { LogFile(path: "a", descriptor: try FileDescriptor.duplicate(2)) }
        weak var first: LogFile?
        do {
            let log = try file()
            first = log
            named.naming { named.addLog("a", log) }
        }
        #expect(first != nil && named.log("a") === first)
        named.naming {}
        #expect(named.log("a") === first)
        let again = try file()
        named.naming { named.addLog("a", again) }
        #expect(named.log("a") === first)
        named.naming {}
        named.prune()
        #expect(named.log("a") == nil && first == nil)
    }
}
