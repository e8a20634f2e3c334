import Foundation

/// What /proc tells about a process and its children.
public struct ProcessTree: Sendable {
    public let root: pid_t

    public init(_ root: pid_t) {
        self.root = root
    }

    /// The direct children, in order of their numbers.
    public var children: [pid_t] { Self.children(of: root) }

    /// The process and everything below it.
    public var all: [pid_t] {
        var found = [root]
        var next = 0
        while next < found.count {
            found += Self.children(of: found[next])
            next += 1
        }
        return found
    }

    /// Open descriptors of the whole tree.
    public var descriptorCount: Int {
        all.reduce(0) { $0 + ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\($1)/fd").count) ?? 0) }
    }

    /// What the open descriptors of the whole tree are (`socket:[…]`, paths), for messages.
    public var descriptors: [String] {
        all.flatMap { pid in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
            return names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\($0)") }
        }
    }

    /// Proportional set size of the whole tree, in bytes.
    public var proportionalSetSize: Int {
        all.reduce(0) { sum, pid in
            let text = FileManager.default.contents(atPath: "/proc/\(pid)/smaps_rollup").map {
                String(decoding: $0, as: UTF8.self)
            }
            let line = text?.split(separator: "\n").first { $0.hasPrefix("Pss:") }
            let number = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            return sum + (number ?? 0) * 1024
        }
    }

    private static func children(of pid: pid_t) -> [pid_t] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return tasks.flatMap { task -> [pid_t] in
            let data = FileManager.default.contents(atPath: "/proc/\(pid)/task/\(task)/children") ?? Data()
            return String(decoding: data, as: UTF8.self).split(separator: " ").compactMap { pid_t($0) }
        }.sorted()
    }
}
