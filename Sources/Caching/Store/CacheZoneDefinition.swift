/// One `proxy_cache_path` as the configuration says it. Initial values are nginx's defaults.
package struct CacheZoneDefinition: Sendable, Equatable {
    package var name: String
    package var path: String
    /// `levels`: how many characters of the name make each directory, at most three of one or two.
    package var levels: [Int] = []
    /// `keys_zone=NAME:SIZE` in bytes: index and RAM tier together.
    package var memory: Int
    /// `max_size` in bytes; nil is no bound.
    package var maxSize: Int?
    /// `min_free` in bytes.
    package var minFree = 0
    /// `inactive` in seconds.
    package var inactive = 600
    package var usesTemporaryPath = true
    package var loaderFiles = 100
    /// Milliseconds.
    package var loaderSleep = 50
    package var loaderThreshold = 200
    package var managerFiles = 100
    package var managerSleep = 50
    package var managerThreshold = 200
    /// Largest body that is kept in memory, in bytes; larger ones are sent from their file.
    package var largestMemoryBody = 64 << 10
    /// Files of larger bodies that may stay open.
    package var openFiles = 256

    package init(name: String, path: String, memory: Int) {
        self.name = name
        self.path = path
        self.memory = memory
    }

    /// Whether a zone with this definition can go on under `other`; where its files lie cannot change under it.
    package func isCompatible(with other: CacheZoneDefinition) -> Bool {
        name == other.name && path == other.path && levels == other.levels
    }
}
