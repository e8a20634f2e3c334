import Observability
import Platform

/// The logs of a configuration, opened by whoever has the right to, by absolute path.
public struct OpenLogs: Sendable {
    public private(set) var files: [String: LogFile] = [:]

    public init() {}

    public init(_ files: [String: LogFile]) { self.files = files }

    /// Logs that another process has opened.
    public init(descriptors: [String: SharedDescriptor]) {
        for (path, descriptor) in descriptors {
            guard let copy = try? FileDescriptor.duplicate(descriptor.rawValue) else { continue }
            files[path] = LogFile(path: path, descriptor: copy)
        }
    }

    /// Why a log cannot be opened.
    public struct Failure: Error, Sendable {
        public let path: String
        public let error: SystemError

        public var message: String { "open() \"\(path)\" failed (\(error))" }
    }

    /// The logs of a new configuration: those that are open already, and new ones.
    public func reopened(for paths: [String]) throws(Failure) -> OpenLogs {
        var new = OpenLogs()
        for path in paths {
            if let file = files[path] {
                new.files[path] = file
                continue
            }
            do throws(SystemError) {
                new.files[path] = try LogFile(path: path)
            } catch {
                throw Failure(path: path, error: error)
            }
        }
        return new
    }

    /// Opens every path again (after a rotation). Returns what could not be opened and goes on in its old file.
    public func reopen() -> [Failure] {
        var failures: [Failure] = []
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            do throws(SystemError) {
                try file.reopen()
            } catch {
                failures.append(Failure(path: path, error: error))
            }
        }
        return failures
    }

    /// Paths in a fixed order, and the descriptor of each.
    public var paths: [String] { files.keys.sorted() }
    public var numbers: [Int32] { paths.compactMap { files[$0]?.rawDescriptor } }

    /// A log with these targets; those that are not open are left out.
    public func errorLog(_ targets: [LogTarget]) -> ErrorLog {
        var opened: [ErrorLog.Target] = []
        for target in targets {
            switch target.destination {
            case .file(let path):
                if let file = files[path] { opened.append(ErrorLog.Target(file: file, level: target.level)) }
            case .stderr:
                if let file = try? LogFile.standardError() {
                    opened.append(ErrorLog.Target(file: file, level: target.level))
                }
            }
        }
        return ErrorLog(opened)
    }
}
