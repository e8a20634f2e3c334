import Foundation

/// A file system of a few megabytes in memory, which a test can fill. Only who may mount (root, as a rule) can have one.
public final class SmallDisk {
    public let path: String
    private var isMounted = false

    /// Mounts one of `size` bytes over a directory, which is made.
    public init(_ path: String, size: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard unsafe mount("none", path, "tmpfs", 0, "size=\(size),mode=777") == 0 else {
            throw HarnessError.system("mount \(path)")
        }
        isMounted = true
    }

    deinit { remove() }

    /// Whether this process may mount one.
    public static let isAvailable: Bool = {
        guard let sandbox = try? Sandbox(), let disk = try? SmallDisk(sandbox.path("disk"), size: 1 << 20) else { return false }
        disk.remove()
        sandbox.remove()
        return true
    }()

    /// Bytes that are free.
    public var free: Int {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path)
        return (attributes?[.systemFreeSize] as? Int) ?? 0
    }

    /// Takes it away with all that is on it, though files of it be open.
    public func remove() {
        guard isMounted else { return }
        isMounted = false
        _ = unsafe umount2(path, Int32(MNT_DETACH))
    }
}
