import Bytes
import Caching
import Foundation
import HTTP
import Platform
import Testing

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
func digestOf(hex: String) -> Digest? {
    let digits = bytes(hex)
    return Digest(hex: digits.span)
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// A response head as an upstream would send it.
func response(_ status: Int = 200, _ lines: String...) throws -> ResponseHead {
    let content = bytes("HTTP/1.1 \(status) X\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n")
    let buffer = ByteBuffer(capacity: content.count + 16)
    buffer.append(content.span)
    let head = ResponseHead(buffer: buffer)
    _ = try ResponseDecoder().decode(head)
    return head
}

func request(_ method: String = "GET", _ lines: String...) throws -> RequestHead {
    let content = bytes("\(method) / HTTP/1.1\r\nHost: a\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n")
    let buffer = ByteBuffer(capacity: content.count + 16)
    buffer.append(content.span)
    let head = RequestHead(buffer: buffer)
    _ = try RequestDecoder().decode(head)
    return head
}

/// 2026-01-01T00:00:00Z
let start = WallTime(seconds: 1_767_225_600)
let startDate = "Date: Thu, 01 Jan 2026 00:00:00 GMT"

func fields(_ pairs: (String, String)...) -> Fields {
    var fields = Fields()
    for (name, value) in pairs {
        let value = bytes(value)
        fields.append(spelledAs: bytes(name).span, value.span)
    }
    return fields
}

func lines(_ fields: Fields) -> [String] {
    fields.slots.map { text(fields.spelling($0).array) + ": " + text(fields.value($0).array) }
}

func storedHead(
    _ key: CacheKey, fields: Fields = Fields(), seconds: Int = 60, at now: WallTime = start, vary: Vary = .none,
    variant: Digest = Vary.noVariant, length: Int? = nil
) -> StoredHead {
    StoredHead(
        key: FrozenBytes(key.bytes), status: 200, fields: fields,
        lifetime: Lifetime(responseTime: now, freshUntil: now.advanced(bySeconds: seconds), date: now.seconds), vary: vary,
        variant: variant, declaredLength: length)
}

/// A directory of its own for one test, removed at its end.
final class Scratch {
    let path: String

    init(_ name: String = #function) throws {
        let safe = name.filter { $0.isLetter || $0.isNumber }
        path = "/tmp/zendan-caching-\(ProcessControl.identifier)-\(safe)-\(Clock.monotonicNanoseconds())"
        try Directory.create(path)
    }

    deinit { Scratch.removeAll(path) }

    static func removeAll(_ path: String) {
        for name in (try? Directory.names(path)) ?? [] {
            let child = path + "/" + name
            if (try? File.status(child).kind) == .directory { removeAll(child) } else { try? File.remove(child) }
        }
        try? Directory.remove(path)
    }

    /// Every regular file below, with its size.
    func files() -> [String: Int] {
        var found: [String: Int] = [:]
        collect(path, &found)
        return found
    }

    private func collect(_ path: String, _ found: inout [String: Int]) {
        for name in (try? Directory.names(path)) ?? [] {
            let child = path + "/" + name
            guard let status = try? File.status(child) else { continue }
            if status.kind == .directory { collect(child, &found) } else { found[child] = status.size }
        }
    }

    func write(_ name: String, _ content: [UInt8]) throws {
        let file = try File.open(path + "/" + name, .write, create: .truncated)
        try File.write(file.rawValue, content.span, at: 0)
    }
}

func definition(_ scratch: Scratch, memory: Int = 1 << 20, levels: [Int] = [1, 2]) -> CacheZoneDefinition {
    var definition = CacheZoneDefinition(name: "test", path: scratch.path + "/cache", memory: memory)
    definition.levels = levels
    return definition
}

/// Runs the walk over the directory to its end.
func loadIndex(_ zone: CacheZone, now: WallTime = start) {
    let loader = IndexLoader(zone)
    while loader.step(now: now) != .finished {}
}

/// Stores a response in one go.
@discardableResult
func store(
    _ zone: CacheZone, _ key: CacheKey, _ body: [UInt8], head: StoredHead? = nil, place: CachePlace? = nil,
    now: WallTime = start
) -> Entry? {
    let head = head ?? storedHead(key, at: now)
    let digest = (place ?? CachePlace(digest: key.digest)).digest(for: head, key: key)
    guard let writer = zone.beginStore(head, digest: digest), writer.write(body.span) else { return nil }
    return writer.commit(now: now)
}

func content(_ entry: Entry) throws -> [UInt8] {
    switch entry.body {
    case .memory(let bytes): return bytes.bytes.array
    case .file(let file):
        var result = [UInt8](repeating: 0, count: file.count)
        var span = result.mutableSpan
        let count = try File.read(file.descriptor.rawValue, into: &span, at: file.offset)
        return Array(result.prefix(count))
    }
}

extension Lookup {
    var entry: Entry? {
        switch self {
        case .hit(let entry, _), .stale(let entry, _, _): entry
        case .none, .needsDisk: nil
        }
    }

    var name: String {
        switch self {
        case .hit: "hit"
        case .stale(_, _, let isBeingUpdated): isBeingUpdated ? "updating" : "stale"
        case .none: "none"
        case .needsDisk: "disk"
        }
    }

    var place: CachePlace? {
        switch self {
        case .hit(_, let place), .stale(_, let place, _), .none(let place): place
        case .needsDisk: nil
        }
    }
}

extension Threads {
    /// Lets other threads run, in a test that polls.
    static func rest() { Thread.sleep(forTimeInterval: 0.0002) }
}

func look(_ table: HotTable, _ key: [UInt8], _ request: RequestHead, _ now: WallTime) -> HotSlot? {
    table.find(key.span, request, now: now)
}

func wrong(_ what: Comment) { Issue.record(what) }
