/// One `proxy_cache_path` as the configuration says it. Initial values are nginx's defaults.
public struct CacheZoneDefinition: Sendable, Equatable {
    public var name: String
    public var path: String
    /// `levels`: how many characters of the name make each directory, at most three of one or two.
    public var levels: [Int] = []
    /// `keys_zone=NAME:SIZE` in bytes: index and RAM tier together.
    public var memory: Int
    /// `max_size` in bytes; nil is no bound.
    public var maxSize: Int?
    /// `min_free` in bytes.
    public var minFree = 0
    /// `inactive` in seconds.
    public var inactive = 600
    public var usesTemporaryPath = true
    public var loaderFiles = 100
    /// Milliseconds.
    public var loaderSleep = 50
    public var loaderThreshold = 200
    public var managerFiles = 100
    public var managerSleep = 50
    public var managerThreshold = 200
    /// Largest body that is kept in memory, in bytes; larger ones are sent from their file.
    public var largestMemoryBody = 64 << 10
    /// Files of larger bodies that may stay open.
    public var openFiles = 256

    public init(name: String, path: String, memory: Int) {
        self.name = name
        self.path = path
        self.memory = memory
    }

    /// Whether a zone with this definition can go on under `other`; where its files lie cannot change under it.
    public func isCompatible(with other: CacheZoneDefinition) -> Bool {
        name == other.name && path == other.path && levels == other.levels
    }
}
