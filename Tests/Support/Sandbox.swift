import Foundation

/// A temporary directory for one test. Others may read it, because nginx's and zendan's workers run as another user.
/// Removed at the end; ZENDAN_KEEP=1 keeps it and says where it is.
public final class Sandbox: Sendable {
    public let path: String

    public init() throws {
        let base = Environment.string("TMPDIR") ?? "/tmp"
        let pattern = base + "/zendan-test-XXXXXX"
        var template = Array(pattern.utf8CString)
        guard unsafe template.withUnsafeMutableBufferPointer({ unsafe mkdtemp($0.baseAddress!) }) != nil else {
            throw HarnessError.system("mkdtemp \(pattern)")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        _ = unsafe chmod(path, 0o755)
    }

    deinit { remove() }

    /// The absolute path of something inside.
    public func path(_ relative: String) -> String {
        path + "/" + relative
    }

    /// Writes a file (0644), with the directories above it (0755). Returns its absolute path.
    @discardableResult
    public func write(_ relative: String, _ text: String) throws -> String {
        try write(relative, bytes: Array(text.utf8))
    }

    @discardableResult
    public func write(_ relative: String, bytes: [UInt8]) throws -> String {
        let target = path(relative)
        try makeDirectory(relative.split(separator: "/").dropLast().joined(separator: "/"))
        try Data(bytes).write(to: URL(fileURLWithPath: target))
        _ = unsafe chmod(target, 0o644)
        return target
    }

    /// Makes a directory, with those above it. `mode` is that of the last one.
    @discardableResult
    public func makeDirectory(_ relative: String, mode: mode_t = 0o755) throws -> String {
        var made = path
        for part in relative.split(separator: "/") {
            made += "/" + part
            if unsafe mkdir(made, 0o755) == 0 { _ = unsafe chmod(made, 0o755) }
        }
        if !relative.isEmpty { _ = unsafe chmod(made, mode) }
        return made
    }

    /// A file's text, or nil when there is none.
    public func read(_ relative: String) -> String? {
        bytes(relative).map { String(decoding: $0, as: UTF8.self) }
    }

    public func bytes(_ relative: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path(relative)).map { Array($0) }
    }

    public func exists(_ relative: String) -> Bool {
        FileManager.default.fileExists(atPath: path(relative))
    }

    /// The regular files below a directory, relative to it, sorted.
    public func files(below relative: String = "") -> [String] {
        let root = relative.isEmpty ? path : path(relative)
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return names.filter { name in
            var isDirectory: ObjCBool = false
            return unsafe FileManager.default.fileExists(atPath: root + "/" + name, isDirectory: &isDirectory)
                && !isDirectory.boolValue
        }.sorted()
    }

    public func remove(_ relative: String) {
        try? FileManager.default.removeItem(atPath: path(relative))
    }

    /// Sets when a file was changed last, in seconds since 1970.
    public func setModificationTime(_ relative: String, _ seconds: Int) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: Double(seconds))], ofItemAtPath: path(relative))
    }

    /// Removes everything, unless ZENDAN_KEEP=1.
    public func remove() {
        guard FileManager.default.fileExists(atPath: path) else { return }
        if Environment.isSet("ZENDAN_KEEP") {
            say("kept \(path)")
        } else {
            try? FileManager.default.removeItem(atPath: path)
        }
    }
}

/// A line to the person who runs the tests, on standard error.
func say(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}
