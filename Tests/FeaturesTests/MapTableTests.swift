import Testing

@testable import Features

/// What keys of a map mean, by tables. nginx 1.22 gave the expectations.
@Suite struct MapTableTests {
    private func table(_ keys: [String], areHosts: Bool) throws -> MapTable {
        var table = MapTable()
        for (number, key) in keys.enumerated() { try table.add(key, isHost: areHosts, value: number) }
        return table
    }

    private func found(_ table: MapTable, _ key: String) -> Int? { table.value(for: Array(key.utf8)) }

    @Test func exactKeysHaveNoCase() throws {
        let table = try table(["Abc", "", "*.x"], areHosts: false)
        #expect(found(table, "abc") == 0)
        #expect(found(table, "") == 1)
        #expect(found(table, "*.x") == 2)
        #expect(found(table, "a.x") == nil)
    }

    @Test func hostNamesByTheirWildcards() throws {
        let table = try table(["a.ex.com", "*.ex.com", "*.b.ex.com", "ex.*", "www.ex.*", ".both.org"], areHosts: true)
        let expected: [(String, Int?)] = [
            ("a.ex.com", 0), ("c.ex.com", 1), ("d.b.ex.com", 2), ("b.ex.com", 1), ("ex.com", 3), ("ex.org", 3),
            ("www.ex.org", 4), ("both.org", 5), ("x.both.org", 5), ("xboth.org", nil), ("", nil),
        ]
        for (name, value) in expected { #expect(found(table, name) == value, "\(name)") }
    }

    @Test func whatIsRefused() {
        for keys in [["a", "A"], ["*.a", "*.A"], [".a", "a"]] {
            #expect(throws: MapTable.Problem.duplicate) { try table(keys, areHosts: true) }
        }
        for key in ["a*b", "*", "*.*", "a.*.b", "*."] {
            #expect(throws: MapTable.Problem.invalidHostName, "\(key)") { try table([key], areHosts: true) }
        }
    }
}
