import Platform
import Testing

@testable import Upstreams

@Suite("Upstream group")
struct UpstreamGroupTests {
    // The sequences of the first tests were taken down from nginx 1.22 with the same definitions.
    @Test("weights 5, 1, 1 as nginx orders them")
    func smooth() {
        let bench = Bench([peer(1, weight: 5), peer(2), peer(3)])
        #expect(bench.requests(15) == "1 1 2 1 3 1 1 1 1 2 1 3 1 1 1")
    }

    @Test("weights 4, 3, 2 as nginx orders them")
    func smoothAgain() {
        let bench = Bench([peer(1, weight: 4), peer(2, weight: 3), peer(3, weight: 2)])
        #expect(bench.requests(20) == "1 2 3 1 2 1 3 2 1 1 2 3 1 2 1 3 2 1 1 2")
    }

    @Test("a peer that fails, is left alone, probed, and comes back, as with nginx")
    func failing() {
        let bench = Bench([peer(1, weight: 3), peer(9, weight: 4, maxFails: 3, failTimeout: 3000), peer(3, weight: 2)])
        bench.broken = [9]
        #expect(bench.requests(20) == "9,1 3 1 9,1 3 1 9,3 1 1 3 1 3 1 1 3 1 3 1 1 3")
        #expect(bench.resting() == [9])
        bench.now += 4200
        #expect(bench.requests(20) == "1 9,3 1 3 1 1 3 1 3 1 1 3 1 3 1 1 3 1 3 1")
        bench.broken = []
        bench.now += 4200
        #expect(bench.requests(30) == "1 3 9 1 9 3 9 1 9 1 3 9 1 9 3 9 1 9 1 3 9 1 9 3 9 1 9 1 3 9")
        #expect(bench.resting() == [])
    }

    @Test("backups are asked when no primary can be")
    func backup() {
        let bench = Bench([peer(3, backup: true), peer(9)])
        #expect(bench.requests(3) == "9 9 9")
        bench.broken = [9]
        #expect(bench.requests(4) == "9,3 3 3 3")
        bench.now += 10_001
        bench.broken = []
        #expect(bench.requests(3) == "9 9 9")
    }

    @Test("backups are weighted and left alone like primaries, as with nginx")
    func severalBackups() {
        let bench = Bench([peer(8), peer(9, weight: 2, maxFails: 3, backup: true), peer(21, backup: true)])
        bench.broken = [8, 9]
        #expect(bench.requests(8) == "8,9,21 21 9,21 9,21 21 21 21 21")
        let forever = Bench([peer(8, maxFails: 0), peer(21, backup: true)])
        forever.broken = [8]
        #expect(forever.requests(4) == "8,21 8,21 8,21 8,21")
    }

    @Test("a peer that comes back gets its share step by step, as with nginx")
    func recovery() {
        let bench = Bench([peer(9, weight: 5, maxFails: 2, failTimeout: 1000), peer(1, weight: 2), peer(2)])
        bench.broken = [9]
        #expect(bench.requests(12) == "9,1 1 9,2 1 2 1 1 2 1 1 2 1")
        bench.now += 2300
        #expect(bench.requests(10) == "1 9,2 1 2 1 1 2 1 1 2")
        bench.now += 2300
        #expect(bench.requests(10) == "1 9,2 1 1 2 1 1 2 1 1")
        bench.now += 2300
        #expect(bench.requests(10) == "2 9,1 1 1 1 2 1 1 2 1")
        bench.now += 2300
        bench.broken = []
        #expect(bench.requests(30) == "1 9 2 9 1 9 9 9 1 9 2 9 1 9 9 9 1 9 2 9 1 9 9 9 1 9 2 9 1 9")
    }

    @Test("no live upstreams, until the time is over")
    func dead() {
        let bench = Bench([peer(8), peer(9)])
        bench.broken = [8, 9]
        #expect(bench.requests(3) == "8,9 0 0")
        bench.now += 10_000
        #expect(bench.requests(1) == "0")
        bench.now += 1
        // Each is probed once, and rests again.
        #expect(bench.request() != [0])
        #expect(bench.requests(2) == "0 0")
    }

    @Test("a single peer is asked whatever happens, unless it is down or full")
    func single() {
        let bench = Bench([peer(9)])
        bench.broken = [9]
        #expect(bench.requests(3) == "9 9 9")
        #expect(bench.group.status(now: bench.now)[0].fails == 0)
        #expect(Bench([peer(9, down: true)]).requests(2) == "0 0")
        let full = Bench([peer(9, maxConnections: 1)])
        var tried = TriedSet()
        guard case .peer(let held) = full.group.select(&tried, now: 0) else { return #expect(Bool(false)) }
        #expect(full.requests(1) == "0")
        full.group.report(held, .abandoned, now: 0)
        #expect(full.requests(1) == "9")
    }

    @Test("one primary with a backup is not single: its failures count")
    func singleWithBackup() {
        let bench = Bench([peer(9), peer(3, backup: true)])
        bench.broken = [9, 3]
        #expect(bench.requests(2) == "9,3 0")
    }

    @Test("down is never asked and does not count as a try")
    func down() {
        let bench = Bench([peer(1, down: true), peer(3), peer(4, backup: true)])
        #expect(bench.group.triesAvailable == 2)
        #expect(bench.requests(3) == "3 3 3")
    }

    @Test("max_fails=0 never makes a peer rest")
    func neverRests() {
        let bench = Bench([peer(1, maxFails: 0), peer(2, maxFails: 0)])
        bench.broken = [1, 2]
        #expect(bench.requests(4) == "1,2 2,1 1,2 2,1")
    }

    @Test("failures are forgotten by a success in a new span only")
    func spans() {
        let bench = Bench([peer(1, maxFails: 2, failTimeout: 1000), peer(2)])
        func fails() -> Int { bench.group.status(now: bench.now)[0].fails }
        func ask(_ outcome: PeerOutcome) {
            var tried = TriedSet()
            tried.adopt(revision: 1)
            tried.insert(1)
            guard case .peer(let peer) = bench.group.select(&tried, now: bench.now) else { return #expect(Bool(false)) }
            bench.group.report(peer, outcome, now: bench.now)
        }
        ask(.failure)
        #expect(fails() == 1)
        bench.now += 500
        ask(.success)
        #expect(fails() == 1)
        bench.now += 501
        ask(.abandoned)
        #expect(fails() == 1)
        ask(.success)
        #expect(fails() == 0)
    }

    @Test("report says when a peer becomes unavailable")
    func disabled() {
        let group = UpstreamGroup(name: "app", peers: [peer(1, maxFails: 2), peer(2, down: true)])
        for expected in [false, true] {
            var tried = TriedSet()
            guard case .peer(let peer) = group.select(&tried, now: 0) else { return #expect(Bool(false)) }
            #expect(group.report(peer, .failure, now: 0) == expected)
        }
    }

    @Test("max_conns counts requests, and the others take over")
    func maxConnections() {
        let group = UpstreamGroup(name: "app", peers: [peer(1, weight: 9, maxConnections: 2), peer(2)])
        var held: [Peer] = []
        for _ in 0..<6 {
            var tried = TriedSet()
            if case .peer(let peer) = group.select(&tried, now: 0) { held.append(peer) }
        }
        #expect(held.map { $0.address.port ?? 0 }.filter { $0 == 1 }.count == 2)
        #expect(held.count == 6)
        for peer in held { group.report(peer, .success, now: 0) }
        #expect(group.status(now: 0).map(\.connections) == [0, 0])
    }

    @Test("a new definition keeps the health of addresses that stay")
    func apply() {
        let bench = Bench([peer(1), peer(2), peer(3)])
        bench.broken = [1]
        _ = bench.requests(3)
        #expect(bench.resting() == [1])
        var tried = TriedSet()
        guard case .peer(let held) = bench.group.select(&tried, now: bench.now) else { return #expect(Bool(false)) }
        bench.group.apply([peer(4), peer(3), peer(2, weight: 5), peer(1)])
        #expect(bench.resting() == [1])
        #expect(bench.group.status(now: 0).map(\.connections).reduce(0, +) == 1)
        bench.group.report(held, .success, now: bench.now)
        #expect(bench.group.status(now: 0).map(\.connections) == [0, 0, 0, 0])
        // A peer that is gone is reported without harm.
        guard case .peer(let gone) = bench.group.select(&tried, now: bench.now) else { return #expect(Bool(false)) }
        bench.group.apply([peer(7), peer(8)])
        #expect(!bench.group.report(gone, .failure, now: bench.now))
        #expect(bench.group.status(now: bench.now).map(\.fails) == [0, 0])
        bench.group.apply([])
        #expect(bench.requests(1) == "0")
    }

    @Test("two servers of one address are two peers")
    func twins() {
        let bench = Bench([peer(1), peer(1), peer(2)])
        #expect(bench.requests(6) == "1 1 2 1 1 2")
        bench.broken = [1]
        _ = bench.requests(1)
        bench.group.apply([peer(1), peer(1), peer(2)])
        #expect(bench.group.status(now: bench.now).map(\.fails).reduce(0, +) == 2)
    }

    @Test("over one round each peer gets exactly its weight", arguments: 1...20)
    func distribution(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let weights = (0..<Int.random(in: 2...80, using: &random)).map { _ in Int.random(in: 1...12, using: &random) }
        let bench = Bench(weights.enumerated().map { peer(UInt16($0.offset + 1), weight: $0.element) })
        for _ in 0..<2 {
            var counts = [Int](repeating: 0, count: weights.count)
            for _ in 0..<weights.reduce(0, +) { counts[Int(bench.request()[0]) - 1] += 1 }
            #expect(counts == weights)
        }
    }

    @Test("random failures, reloads and times: no peer twice, none that is down, counts return to zero", arguments: 1...30)
    func invariants(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        func definition() -> [PeerDefinition] {
            (0..<Int.random(in: 1...70, using: &random)).map { index in
                peer(
                    UInt16(index + 1), weight: .random(in: 1...9, using: &random), maxFails: .random(in: 0...3, using: &random),
                    failTimeout: .random(in: 0...50, using: &random), backup: .random(in: 0..<4, using: &random) == 0,
                    down: .random(in: 0..<5, using: &random) == 0, maxConnections: .random(in: 0...4, using: &random))
            }
        }
        let group = UpstreamGroup(name: "app", peers: definition())
        var now: Int64 = 0
        var held: [Peer] = []
        for _ in 0..<400 {
            now += Int64.random(in: 0...30, using: &random)
            var tried = TriedSet()
            var asked: Set<UInt16> = []
            let status = group.status(now: now)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                guard case .peer(let peer) = group.select(&tried, now: now) else { break }
                #expect(!peer.definition.isDown)
                if status.count > 1 { #expect(asked.insert(peer.address.port ?? 0).inserted) }
                held.append(peer)
            }
            for state in group.status(now: now) where state.definition.maxConnections > 0 {
                #expect(state.connections <= state.definition.maxConnections || status.count == 1)
            }
            held.shuffle(using: &random)
            for _ in 0..<Int.random(in: 0...held.count, using: &random) {
                guard let peer = held.popLast() else { break }
                let outcome: [PeerOutcome] = [.success, .failure, .abandoned]
                group.report(peer, outcome[.random(in: 0..<3, using: &random)], now: now)
            }
            if held.isEmpty, Int.random(in: 0..<10, using: &random) == 0 { group.apply(definition()) }
        }
        for peer in held { group.report(peer, .success, now: now) }
        #expect(group.status(now: now).allSatisfy { $0.connections == 0 })
    }

    @Test("many threads share a group")
    func threads() async {
        let group = UpstreamGroup(name: "app", peers: [peer(1, weight: 3), peer(2), peer(3, maxConnections: 1)])
        await withTaskGroup(of: Void.self) { tasks in
            for task in 0..<6 {
                tasks.addTask {
                    for round in 0..<2000 {
                        var tried = TriedSet()
                        guard case .peer(let peer) = group.select(&tried, now: Int64(round)) else { continue }
                        group.report(peer, (round + task) % 50 == 0 ? .failure : .success, now: Int64(round))
                        if round % 500 == 0 { group.apply([peer.definition, PeerDefinition(.v4(.loopback, port: 9))]) }
                    }
                }
            }
        }
        #expect(group.status(now: 0).allSatisfy { $0.connections == 0 })
        #expect(UpstreamGroup(name: "app", peers: []).id != group.id)
    }
}
