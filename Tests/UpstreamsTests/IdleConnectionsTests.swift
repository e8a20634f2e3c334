import Platform
import Testing

@testable import Upstreams

private final class Connection {
    let number: Int
    init(_ number: Int) { self.number = number }
}

private func key(_ port: UInt16, group: Int = 1, scope: Int = 0) -> IdleKey {
    IdleKey(group: group, address: .v4(.loopback, port: port), scope: scope)
}

@Suite("Idle connections")
struct IdleConnectionsTests {
    let policy = KeepAlivePolicy(capacity: 3, timeout: 100, requests: 10, lifetime: 1000)

    private func give(
        _ store: IdleConnections<Connection>, _ key: IdleKey, _ number: Int, served: Int = 1, age: Int64 = 0, now: Int64 = 0
    ) -> Int? {
        store.give(key, Connection(number), served: served, age: age, policy: policy, now: now)?.number
    }

    @Test("last in, first out, for each key")
    func order() {
        let store = IdleConnections<Connection>()
        #expect(give(store, key(1), 1) == nil)
        #expect(give(store, key(2), 2) == nil)
        #expect(give(store, key(1), 3) == nil)
        #expect(store.take(key(1), now: 0)?.number == 3)
        #expect(store.take(key(1), now: 0)?.number == 1)
        #expect(store.take(key(1), now: 0) == nil)
        #expect(store.take(key(2, group: 2), now: 0) == nil)
        #expect(store.take(key(2, scope: 1), now: 0) == nil)
        #expect(store.take(key(2), now: 0)?.number == 2)
        #expect(store.count == 0)
    }

    @Test("the capacity is the group's, and the longest idle gives way")
    func capacity() {
        let store = IdleConnections<Connection>()
        for number in 1...3 { #expect(give(store, key(UInt16(number)), number) == nil) }
        #expect(give(store, key(9), 4) == 1)
        #expect(give(store, key(9, group: 2), 5) == nil)
        #expect(store.count(group: 1) == 3)
        #expect(store.trim(group: 1, to: 1).map(\.number) == [2, 3])
        #expect(store.count == 2)
        let none = KeepAlivePolicy(capacity: 0)
        #expect(store.give(key(1), Connection(6), served: 1, age: 0, policy: none, now: 0)?.number == 6)
    }

    @Test("requests, lifetime and time-out end a connection")
    func limits() {
        let store = IdleConnections<Connection>()
        #expect(give(store, key(1), 1, served: 10) == 1)
        #expect(give(store, key(1), 2, served: 9) == nil)
        #expect(give(store, key(1), 3, age: 1001) == 3)
        #expect(give(store, key(1), 4, age: 1000, now: 50) == nil)
        #expect(store.nextDeadline == 100)
        #expect(store.expired(now: 99).isEmpty)
        #expect(store.expired(now: 100).map(\.number) == [2])
        #expect(store.take(key(1), now: 150) == nil)
        #expect(store.expired(now: 150).map(\.number) == [4])
        #expect(store.nextDeadline == nil)
    }

    @Test("a connection that its peer closed is taken out")
    func remove() {
        let store = IdleConnections<Connection>()
        let connection = Connection(7)
        _ = store.give(key(1), connection, served: 1, age: 0, policy: policy, now: 0)
        _ = give(store, key(1), 8)
        #expect(store.remove(connection, key(1)))
        #expect(!store.remove(connection, key(1)))
        #expect(store.removeAll(key(1)).map(\.number) == [8])
        _ = give(store, key(1), 1)
        _ = give(store, key(2), 2)
        _ = give(store, key(3, group: 2), 3)
        #expect(store.removeAll(group: 1).map(\.number) == [1, 2])
        #expect(store.removeAll().map(\.number) == [3])
        #expect(store.count == 0)
    }

    @Test("random operations agree with a plain list", arguments: 1...20)
    func model(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let store = IdleConnections<Connection>()
        var list: [(key: IdleKey, number: Int, deadline: Int64)] = []
        var now: Int64 = 0
        func drop(_ number: Int) { list.removeAll { $0.number == number } }
        for number in 0..<1500 {
            now += Int64.random(in: 0...10, using: &random)
            let key = key(UInt16.random(in: 1...3, using: &random), group: .random(in: 1...3, using: &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let evicted = give(store, key, number, served: .random(in: 1...10, using: &random), now: now)
                if evicted == number { continue }
                list.append((key, number, now + policy.timeout))
                let own = list.filter { $0.key.group == key.group }
                #expect(evicted == (own.count > policy.capacity ? own[0].number : nil))
                if let evicted { drop(evicted) }
            case 5..<8:
                let expected = list.last { $0.key == key && $0.deadline > now }?.number
                #expect(store.take(key, now: now)?.number == expected)
                if let expected { drop(expected) }
            case 8:
                let expected = Set(list.filter { $0.deadline <= now }.map(\.number))
                #expect(Set(store.expired(now: now).map(\.number)) == expected)
                list.removeAll { $0.deadline <= now }
            default:
                #expect(store.removeAll(key).map(\.number) == list.filter { $0.key == key }.map(\.number))
                list.removeAll { $0.key == key }
            }
            #expect(store.count == list.count)
            #expect(store.nextDeadline == list.map(\.deadline).min())
        }
    }
}
