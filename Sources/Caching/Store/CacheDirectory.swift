import Bytes
import Platform

/// Where the files of a zone lie and how they are called: nginx's layout of levels, taken from the end of the digest, and
/// names of our own, so that nginx's file for the same key is never touched.
public struct CacheDirectory: Sendable {
    public let path: String
    public let levels: [Int]

    public init(path: String, levels: [Int]) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
        self.levels = levels
    }

    /// Appends the directory that holds the file of `digest`, as an absolute path.
    private func appendParent(_ hex: Span<UInt8>, to output: inout [UInt8]) {
        output.append(contentsOf: path.utf8)
        var end = hex.count
        for level in levels {
            output.append(UInt8(ascii: "/"))
            output.append(hex.extracting((end - level)..<end))
            end -= level
        }
    }

    private static func hex(_ digest: Digest) -> [UInt8] {
        var hex: [UInt8] = []
        hex.reserveCapacity(32)
        digest.appendHex(to: &hex)
        return hex
    }

    /// The file of `digest`.
    public func filePath(for digest: Digest) -> String {
        var bytes = zeroTerminatedPath(for: digest)
        bytes.removeLast()
        return String(decoding: bytes, as: UTF8.self)
    }

    /// As `filePath(for:)`, ready for the kernel.
    public func zeroTerminatedPath(for digest: Digest) -> [UInt8] {
        let hex = CacheDirectory.hex(digest)
        var result: [UInt8] = []
        result.reserveCapacity(path.utf8.count + 48)
        appendParent(hex.span, to: &result)
        result.append(UInt8(ascii: "/"))
        result.append(hex.span)
        result.append(contentsOf: EntryFormat.suffix.utf8)
        result.append(0)
        return result
    }

    /// A name for a file that is being written: beside its place, or in `directory`.
    public func temporaryPath(for digest: Digest, in directory: String?, process: Int, serial: Int) -> String {
        let hex = CacheDirectory.hex(digest)
        var result: [UInt8] = []
        result.reserveCapacity(path.utf8.count + 96)
        if let directory { result.append(contentsOf: directory.utf8) } else { appendParent(hex.span, to: &result) }
        result.append(UInt8(ascii: "/"))
        result.append(hex.span)
        result.append(contentsOf: EntryFormat.suffix.utf8)
        result.append(literal: ".tmp.")
        result.append(decimal: process)
        result.append(UInt8(ascii: "."))
        result.append(decimal: serial)
        return String(decoding: result, as: UTF8.self)
    }

    /// Whether `other` lies on the same file system.
    func sharesDevice(with other: String) -> Bool {
        guard let own = try? File.status(path), let other = try? File.status(other) else { return false }
        return own.device == other.device
    }

    /// What a name in the directory says.
    public enum Name: Sendable, Equatable {
        case entry(Digest)
        /// Left by a writer of this process number.
        case temporary(process: Int)
        case foreign
    }

    public static func classify(_ name: String) -> Name {
        let bytes = Array(name.utf8)
        let suffix = Array(EntryFormat.suffix.utf8)
        guard bytes.count >= 32 + suffix.count, Array(bytes[32..<(32 + suffix.count)]) == suffix,
            !bytes[..<32].contains(where: { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "F") }),
            let digest = Digest(hex: bytes.span.extracting(0..<32))
        else { return .foreign }
        if bytes.count == 32 + suffix.count { return .entry(digest) }
        let parts = name.dropFirst(32 + suffix.count).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].isEmpty, parts[1] == "tmp", let process = Int(parts[2]), process > 0,
            Int(parts[3]) != nil
        else { return .foreign }
        return .temporary(process: process)
    }

    /// Makes the directories above the file of `digest`, and the zone's own.
    public func createLevels(for digest: Digest) throws(SystemError) {
        let hex = CacheDirectory.hex(digest)
        var parent: [UInt8] = []
        appendParent(hex.span, to: &parent)
        try Directory.createAll(String(decoding: parent, as: UTF8.self), mode: 0o700)
    }

    public enum Removal: Sendable, Equatable {
        case removed, absent, notOurs
    }

    /// Removes a file when it begins with our magic. The caller has seen to the name.
    public static func removeOurs(_ path: String) throws(SystemError) -> Removal {
        let file: FileDescriptor
        do throws(SystemError) {
            file = try File.open(path, .read, nonBlocking: true)
        } catch {
            if error == .notFound { return .absent }
            throw error
        }
        var start = [UInt8](repeating: 0, count: EntryFormat.magic.count)
        var span = start.mutableSpan
        let count = try File.read(file.rawValue, into: &span, at: 0)
        guard count == EntryFormat.magic.count, start == EntryFormat.magic else { return .notOurs }
        do throws(SystemError) {
            try File.remove(path)
        } catch {
            if error == .notFound { return .absent }
            throw error
        }
        return .removed
    }
}
