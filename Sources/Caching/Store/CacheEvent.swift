import Platform

/// What a zone has to tell the operator. Failures of the disk come at most once a minute for each kind.
public enum CacheEvent: Sendable {
    /// Responses pass through unstored meanwhile.
    case diskFailed(operation: StaticString, path: String, SystemError)
    /// The disk is full; what was used longest ago is removed for what is stored now.
    case diskFull(path: String, SystemError)
    /// A file that carries our name and magic was damaged; it was removed.
    case damaged(path: String)
    /// The directory holds what is not ours; it was left alone. `isAtLeast`: the count was broken off.
    case foreign(path: String, files: Int, bytes: Int, isAtLeast: Bool)
    /// The walk at the start has ended.
    case loaded(files: Int, bytes: Int)
    /// The memory of `keys_zone` is used up; the least recently used entries are removed.
    case memoryFull(zone: String)
}

/// Lets an event of each kind through once a minute.
struct EventGate: Sendable {
    private let last = Lock<[UInt8: Int64]>([:])
    private static let interval: Int64 = 60_000

    func admits(_ event: CacheEvent) -> Bool {
        let kind: UInt8
        switch event {
        case .diskFailed: kind = 0
        case .damaged: kind = 1
        case .memoryFull: kind = 2
        case .diskFull: kind = 3
        case .foreign, .loaded: return true
        }
        let now = Clock.monotonicMilliseconds()
        return last.withLock { last in
            if let before = last[kind], now - before < EventGate.interval { return false }
            last[kind] = now
            return true
        }
    }
}
