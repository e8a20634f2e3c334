import Foundation

/// The environment variables that steer a test run.
public enum Environment {
    public static func string(_ name: String) -> String? {
        guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else { return nil }
        return value
    }

    public static func integer(_ name: String) -> Int? {
        string(name).flatMap { Int($0) }
    }

    public static func isSet(_ name: String) -> Bool {
        string(name) == "1"
    }

    /// The package's root, found from this file's own place.
    public static let packageRoot: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()

    /// The first of `candidates` that is an executable file.
    public static func executable(_ candidates: String...) -> String? {
        candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Adds a line to the file that `variable` names; does nothing when it names none.
    static func append(line: String, toFileNamedBy variable: String) {
        guard let path = string(variable) else { return }
        let descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array((line + "\n").utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    }
}
