import Caching
import Observability
import Platform

/// What a cache zone has to tell, in the error log.
enum CacheMessages {
    static func write(_ event: CacheEvent, _ log: ErrorLog) {
        let now = Clock.wallMilliseconds() / 1000
        switch event {
        case .diskFailed(let operation, let path, let error):
            log.write(
                .crit, "cache: \(operation) \"\(path)\" failed (\(error)); responses pass through unstored meanwhile", now: now)
        case .damaged(let path): log.write(.error, "cache: the damaged file \"\(path)\" was removed", now: now)
        case .foreign(let path, let files, let bytes, let isAtLeast):
            log.write(
                .warn,
                "cache: \"\(path)\" holds \(isAtLeast ? "at least " : "")\(files) files (\(bytes) bytes) that are not this cache's; they are left alone",
                now: now)
        case .loaded(let files, let bytes): log.write(.notice, "cache: \(files) files (\(bytes) bytes) known", now: now)
        case .memoryFull(let zone): log.write(.warn, "cache: the memory of keys_zone \"\(zone)\" is used up", now: now)
        }
    }
}
