import Caching
import Platform

/// What a cache zone needs besides requests: its index is loaded once, then what is unused or too much is removed.
enum CacheMaintenance {
    /// Runs as long as the zone is in use, on a thread of its own: all of it waits for the disk.
    static func run(_ zone: CacheZone) {
        let loader = IndexLoader(zone)
        load: while !zone.isRetired {
            switch loader.step(now: WallTime(milliseconds: Clock.wallMilliseconds())) {
            case .again(let milliseconds): Threads.sleep(milliseconds: milliseconds)
            case .finished: break load
            }
        }
        while !zone.isRetired {
            let pause = CacheManager.step(zone, now: WallTime(milliseconds: Clock.wallMilliseconds()))
            Threads.sleep(milliseconds: max(pause, 10))
        }
    }
}
