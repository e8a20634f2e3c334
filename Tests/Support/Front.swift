import Foundation

/// A program that serves an nginx configuration: the reference and ours.
public enum Front: String, Sendable, CaseIterable, CustomStringConvertible {
    case nginx
    case zendan

    /// The fronts this machine can run. ZENDAN_FRONTS=zendan restricts them. What is missing is recorded as a skip.
    public static let allAvailable: [Front] = only(.nginx, .zendan)

    /// Those of `wanted` that this machine can run: `arguments: Front.only(.zendan)`.
    public static func only(_ wanted: Front...) -> [Front] {
        let allowed = Environment.string("ZENDAN_FRONTS").map { $0.split(separator: ",").map(String.init) }
        return wanted.filter { front in
            if let allowed, !allowed.contains(front.rawValue) { return false }
            if isRunnable[front] == true { return true }
            Skips.record("\(front.rawValue) cannot be run (\(front.binary ?? "no binary")): its half of the end-to-end tests")
            return false
        }
    }

    private static let isRunnable: [Front: Bool] = Dictionary(
        uniqueKeysWithValues: allCases.map { front in
            guard let binary = front.binary, let (_, output) = try? run(binary, ["-v"]) else { return (front, false) }
            return (front, !output.contains("not built yet"))
        })

    /// Its executable: for zendan ZENDAN_BINARY or the package's release build.
    public var binary: String? {
        switch self {
        case .nginx: Environment.string("ZENDAN_NGINX") ?? Environment.executable("/usr/sbin/nginx", "/usr/bin/nginx")
        case .zendan:
            Environment.string("ZENDAN_BINARY") ?? Environment.executable(Environment.packageRoot + "/.build/release/zendan")
        }
    }

    public var description: String { rawValue }
}
