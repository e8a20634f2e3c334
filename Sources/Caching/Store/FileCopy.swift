import Bytes
import Platform

extension SystemError {
    /// `rename` between file systems: EXDEV.
    static let crossDevice = SystemError(18)
}

/// Moves a file to another file system: a copy beside its place, then a rename.
enum FileCopy {
    static func move(_ source: String, to target: String, over temporary: String) throws(SystemError) {
        let from = try File.open(source, .read)
        let to = try File.open(temporary, .write, create: .mustBeNew, mode: 0o600)
        do throws(SystemError) {
            try copy(from.rawValue, to.rawValue)
            try File.rename(temporary, to: target)
        } catch {
            try? File.remove(temporary)
            throw error
        }
        try? File.remove(source)
    }

    private static func copy(_ from: Int32, _ to: Int32) throws(SystemError) {
        var offset = 0
        while true {
            let piece = try EntryFile.bytes(from, at: offset, count: 256 << 10)
            if piece.isEmpty { return }
            try File.write(to, piece.span, at: offset)
            offset += piece.count
        }
    }
}
