import Bytes
import Configuration
import EventLoops
import Server

/// `open_file_cache`: files stay open between requests.
public enum OpenFiles: Feature {
    public struct Settings: Sendable {
        /// nil: off.
        var capacity: Int?
        var inactive: Int64 = 60_000
        /// Where the cache was stated: locations below share it.
        var location: SourceLocation?
        var valid: Int64 = 60_000
        var minUses = 1
        var keepsErrors = false
    }
    public static let initial = Settings()
    private static let everywhere: BlockContext = [.http, .server, .location]
    public static let directives: [Directive<Settings>] = [
        .custom(
            "open_file_cache", arity: 1...2, in: everywhere, syntax: "off | max=*number* [inactive=*time*]", default: "off",
            "How many files each loop keeps open, and how long it keeps those that nobody asks for.", openFileCache),
        .time(
            "open_file_cache_valid", \.valid, in: everywhere, "After what time an open file is compared with the disk again."),
        .integer(
            "open_file_cache_min_uses", \.minUses, 1...65535, in: everywhere,
            "How often a file is asked for before it is kept open."),
        .flag("open_file_cache_errors", \.keepsErrors, in: everywhere, "Whether files that are not there are remembered too."),
    ]

    private static func openFileCache(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        s.capacity = nil
        s.inactive = 60_000
        s.location = statement.location
        if statement.arguments.count == 1, statement.arguments[0].text == "off" { return }
        for argument in statement.arguments {
            if let value = argument.value(of: "max") {
                s.capacity = try value.integer(1...1_000_000)
            } else if let value = argument.value(of: "inactive") {
                s.inactive = try value.milliseconds()
            } else {
                throw argument.invalid(expected: "off, max=number or inactive=time")
            }
        }
        if s.capacity == nil {
            throw Diagnostic("\"open_file_cache\" must have the \"max\" parameter", at: statement.location)
        }
    }

    /// How a location comes by its files.
    static func source(for plan: LocationPlanBuilder) -> FileSource {
        let s = plan.block.settings(OpenFiles.self)
        let policy = OpenFileCache.Policy(valid: s.valid, minUses: s.minUses, keepsErrors: s.keepsErrors)
        guard let capacity = s.capacity else { return FileSource(cache: nil, policy: policy) }
        let key = "open_file_cache \(s.location.map(\.description) ?? "")"
        if let cache = plan.site.shared[key] as? LoopLocal<OpenFileCache> { return FileSource(cache: cache, policy: policy) }
        let inactive = s.inactive
        let cache = LoopLocal { OpenFileCache(capacity: capacity, inactive: inactive) }
        plan.site.shared[key] = cache
        return FileSource(cache: cache, policy: policy)
    }
}

/// The disk, or what a loop remembers of it.
struct FileSource: Sendable {
    let cache: LoopLocal<OpenFileCache>?
    let policy: OpenFileCache.Policy

    /// What lies at a path that ends with a zero byte, a file being opened.
    func open(_ path: Span<UInt8>, _ context: RequestContext) -> FoundFile {
        guard let cache else { return .open(path) }
        let loop = context.serving.loop
        return cache.value(on: loop).find(path, opens: true, policy, now: loop.now)
    }

    /// What lies there.
    func probe(_ path: Span<UInt8>, _ context: RequestContext) -> FoundFile {
        guard let cache else { return .probe(path) }
        let loop = context.serving.loop
        return cache.value(on: loop).find(path, opens: false, policy, now: loop.now)
    }
}
