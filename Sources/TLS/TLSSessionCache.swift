import Glibc
import Platform

/// Sessions by id (`ssl_session_cache shared:NAME:SIZE`): one for all loops, bounded, and kept across reloads by its name.
///
/// The oldest make room for new ones; what has timed out is not given out.
public final class TLSSessionCache: Sendable {
    private struct Entry {
        let session: [UInt8]
        let expiry: Int
        let serial: UInt64
    }

    private struct State {
        var entries: [[UInt8]: Entry] = [:]
        /// In order of their coming; what was removed meanwhile stays here until its turn.
        var order: [(id: [UInt8], serial: UInt64)] = []
        var first = 0
        var size = 0
        var serial: UInt64 = 0
    }

    /// Bytes that all entries together may take.
    public let capacity: Int
    private let state = Lock(State())

    /// What an entry costs beside its bytes: the table, the order, two arrays.
    static let overhead = 160
    /// Longer sessions (with a long chain of a client's certificates) are not kept.
    static let longestSession = 16_384

    public init(capacity: Int) { self.capacity = max(capacity, 4096) }

    /// The number of sessions it holds.
    public var count: Int { state.withLock { $0.entries.count } }

    func store(_ session: [UInt8], id: [UInt8], expiry: Int) {
        let cost = Self.cost(session, id)
        guard session.count <= Self.longestSession, cost <= capacity else { return }
        state.withLock { state in
            Self.remove(id, &state)
            while state.size + cost > capacity, state.first < state.order.count {
                let oldest = state.order[state.first]
                state.first += 1
                if state.entries[oldest.id]?.serial == oldest.serial { Self.remove(oldest.id, &state) }
            }
            state.serial += 1
            state.entries[id] = Entry(session: session, expiry: expiry, serial: state.serial)
            state.order.append((id, state.serial))
            state.size += cost
            Self.tidy(&state)
        }
    }

    func find(_ id: [UInt8], now: Int) -> [UInt8]? {
        state.withLock { state in
            guard let entry = state.entries[id] else { return nil }
            if entry.expiry > now { return entry.session }
            Self.remove(id, &state)
            return nil
        }
    }

    func remove(_ id: [UInt8]) {
        state.withLock { Self.remove(id, &$0) }
    }

    private static func cost(_ session: [UInt8], _ id: [UInt8]) -> Int { session.count + 2 * id.count + overhead }

    private static func remove(_ id: [UInt8], _ state: inout State) {
        guard let entry = state.entries.removeValue(forKey: id) else { return }
        state.size -= cost(entry.session, id)
    }

    /// Drops what is over from the order, so that it stays within twice the entries.
    private static func tidy(_ state: inout State) {
        guard state.order.count > 2 * state.entries.count + 64 else { return }
        var kept: [(id: [UInt8], serial: UInt64)] = []
        kept.reserveCapacity(state.entries.count)
        for place in state.order[state.first...] where state.entries[place.id]?.serial == place.serial { kept.append(place) }
        state.order = kept
        state.first = 0
    }
}
