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
                .crit,
                "cache: \(operation) \"\(path)\" failed (\(error)); responses pass through unstored meanwhile\(advice(error))",
                now: now)
        case .diskFull(let path, let error):
            log.write(
                .crit,
                "cache: \"\(path)\": \(error); what was asked for longest ago is removed to make room\(advice(error))",
                now: now)
        case .damaged(let path): log.write(.error, "cache: the damaged file \"\(path)\" was removed", now: now)
        case .foreign(let path, let files, let bytes, let isAtLeast):
            log.write(
                .warn,
                "cache: \"\(path)\" holds \(isAtLeast ? "at least " : "")\(files) files (\(bytes) bytes) that are not this cache's; they are left alone",
                now: now)
        case .loaded(let files, let bytes): log.write(.notice, "cache: \(files) files (\(bytes) bytes) known", now: now)
        case .memoryFull(let zone):
            log.write(
                .warn,
                "cache: the memory of keys_zone \"\(zone)\" is used up, so what was asked for longest ago is forgotten; a larger keys_zone keeps more",
                now: now)
        }
    }

    /// What the operator can do about it.
    private static func advice(_ error: SystemError) -> String {
        switch error {
        case .noSpace, .quotaExceeded, .fileTooLarge:
            ": free some of the disk, and bound the cache by max_size= or min_free= of proxy_cache_path"
        case .readOnlyFileSystem: ": the file system is mounted read-only"
        case .accessDenied, .notPermitted: ": the directory must belong to the user that the workers run as (user)"
        case .tooManyOpenFiles: ": raise worker_rlimit_nofile"
        default: ""
        }
    }
}
