/// Host names that were resolved while a configuration was checked, so that who builds it again gets the same addresses and
/// asks no name server.
///
/// One table for the process: names mean the same to every part of it.
public enum ResolvedNames {
    /// What a name came to.
    public struct Entry: Sendable, Hashable {
        public let host: String
        /// With port 0; empty when the name has none.
        public let addresses: [SocketAddress]
        /// Why the name has no address.
        public let failure: String?

        public init(host: String, addresses: [SocketAddress], failure: String?) {
            self.host = host
            self.addresses = addresses
            self.failure = failure
        }
    }

    private static let table = Lock<[String: Entry]>([:])

    /// What is known, sorted by name.
    public static var all: [Entry] { table.withLock { Array($0.values) }.sorted { $0.host < $1.host } }

    /// Forgets what is known, and knows `entries` from now on.
    public static func replace(with entries: [Entry]) {
        table.withLock { table in
            table = [:]
            for entry in entries { table[entry.host] = entry }
        }
    }

    static func find(_ host: String) -> Entry? { table.withLock { $0[host] } }

    static func add(_ entry: Entry) { table.withLock { $0[entry.host] = entry } }
}
