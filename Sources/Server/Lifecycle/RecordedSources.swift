import Configuration
import Platform

/// The configuration files as they were read: texts by path, and what each pattern of an `include` found.
///
/// A worker reads its configuration from here: it builds what was accepted, whatever lies on the disk by then.
public struct RecordedSources: Sendable, SourceReader {
    public var texts: [String: [UInt8]] = [:]
    public var patterns: [String: [String]] = [:]

    public init() {}

    public func text(of path: String) throws(SourceFailure) -> [UInt8] {
        guard let text = texts[path] else { throw SourceFailure(reason: "not among the files that were read") }
        return text
    }

    public func paths(matching pattern: String) throws(SourceFailure) -> [String] {
        guard let paths = patterns[pattern] else { throw SourceFailure(reason: "not among the patterns that were searched") }
        return paths
    }
}

extension RecordedSources: BundleCodable {
    public func encode(to writer: inout BundleWriter) {
        writer.add(texts.sorted { $0.key < $1.key }) { writer, entry in
            writer.add(entry.key)
            writer.add(entry.value)
        }
        writer.add(patterns.sorted { $0.key < $1.key }) { writer, entry in
            writer.add(entry.key)
            writer.add(entry.value) { writer, path in writer.add(path) }
        }
    }

    public init(from reader: inout BundleReader) throws(BundleError) {
        for _ in 0..<(try reader.count()) { texts[try reader.string()] = try reader.array() }
        for _ in 0..<(try reader.count()) { patterns[try reader.string()] = try reader.strings() }
    }
}

/// Reads from the file system and keeps what it read.
public final class RecordingReader: SourceReader {
    public private(set) var recorded = RecordedSources()
    private let files = FileSourceReader()

    public init() {}

    public func text(of path: String) throws(SourceFailure) -> [UInt8] {
        // A file that is included twice is the same both times, whoever edits it meanwhile.
        if let text = recorded.texts[path] { return text }
        let text = try files.text(of: path)
        recorded.texts[path] = text
        return text
    }

    public func paths(matching pattern: String) throws(SourceFailure) -> [String] {
        if let paths = recorded.patterns[pattern] { return paths }
        let paths = try files.paths(matching: pattern)
        recorded.patterns[pattern] = paths
        return paths
    }
}
