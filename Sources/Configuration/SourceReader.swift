import Platform

/// Why a file or a pattern could not be read.
public struct SourceFailure: Error, Sendable {
    /// As the system says it, e.g. "No such file or directory".
    public let reason: String

    public init(reason: String) { self.reason = reason }
}

/// Where configuration text comes from: the file system, or a table in tests.
public protocol SourceReader {
    /// The whole text of a file. `path` is absolute.
    func text(of path: String) throws(SourceFailure) -> [UInt8]
    /// The files that match a shell pattern, sorted; none is no failure. `pattern` is absolute.
    func paths(matching pattern: String) throws(SourceFailure) -> [String]
}

/// Reads from the file system.
public struct FileSourceReader: SourceReader {
    /// A configuration file larger than this is refused: it is a mistake (a log, a device), not a configuration.
    public static let largestFile = 64 << 20

    public init() {}

    public func text(of path: String) throws(SourceFailure) -> [UInt8] {
        do throws(SystemError) {
            return try File.contents(path, limit: FileSourceReader.largestFile)
        } catch {
            throw SourceFailure(reason: error.message)
        }
    }

    public func paths(matching pattern: String) throws(SourceFailure) -> [String] {
        guard let paths = Glob.paths(matching: pattern) else {
            throw SourceFailure(reason: "a directory could not be searched")
        }
        return paths
    }
}

/// Reads from a table of texts, for tests and fuzzers. A pattern is matched by its prefix and suffix around one `*`.
public struct MemorySourceReader: SourceReader {
    public var files: [String: [UInt8]]

    public init(_ files: [String: String]) {
        self.files = files.mapValues { Array($0.utf8) }
    }

    public func text(of path: String) throws(SourceFailure) -> [UInt8] {
        guard let text = files[path] else { throw SourceFailure(reason: "No such file or directory") }
        return text
    }

    public func paths(matching pattern: String) throws(SourceFailure) -> [String] {
        let parts = pattern.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return files.keys.filter { $0 == pattern } }
        return files.keys.filter { path in
            path.utf8.count >= parts[0].utf8.count + parts[1].utf8.count && path.hasPrefix(parts[0]) && path.hasSuffix(parts[1])
        }.sorted()
    }
}
