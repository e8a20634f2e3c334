import Platform

/// The file that tells the supervisor's process number. It is written when the sockets listen and removed at the end.
public struct PidFile: Sendable {
    public private(set) var path: String

    public init(path: String) { self.path = path }

    /// Writes this process's number. Who reads the file finds a whole number or no file: it is written beside its place and
    /// renamed, and in place only where the directory allows nothing else. Errors: what `open`, `write` say.
    public func write() throws(SystemError) {
        let beside = "\(path).\(ProcessControl.identifier)"
        do throws(SystemError) {
            try write(to: beside)
            try File.rename(beside, to: path)
        } catch {
            try? File.remove(beside)
            try write(to: path)
        }
    }

    private func write(to path: String) throws(SystemError) {
        let file = try File.open(path, .write, create: .truncated)
        let text = Array("\(ProcessControl.identifier)\n".utf8)
        try File.write(file.rawValue, text.span)
    }

    /// Writes it at another path and removes the old one. Errors: what `open`, `write` say; the old one stays then.
    public mutating func move(to newPath: String) throws(SystemError) {
        if newPath == path { return }
        let old = self
        let new = PidFile(path: newPath)
        try new.write()
        self = new
        old.remove()
    }

    /// Removes it, if it (still) names this process.
    public func remove() {
        guard PidFile.read(path) == ProcessControl.identifier else { return }
        try? File.remove(path)
    }

    /// Moves it aside while a new program takes over, as nginx does.
    public mutating func moveAside() throws(SystemError) {
        try File.rename(path, to: path + PidFile.oldSuffix)
        path += PidFile.oldSuffix
    }

    /// Moves it back: the new program is gone.
    public mutating func moveBack() throws(SystemError) {
        guard path.hasSuffix(PidFile.oldSuffix) else { return }
        let original = String(path.dropLast(PidFile.oldSuffix.count))
        try File.rename(path, to: original)
        path = original
    }

    private static let oldSuffix = ".oldbin"

    /// The number in a pid file; nil when there is none.
    public static func read(_ path: String) -> Int32? {
        guard let bytes = try? File.contents(path, limit: 64) else { return nil }
        let digits = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: " ") }
        guard let number = Int32(String(decoding: digits, as: UTF8.self)), number > 0 else { return nil }
        return number
    }
}
