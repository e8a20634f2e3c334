import Foundation
import TestSupport

/// `proxy.conf.example` as shipped, with nothing changed but the places where a test's own ports and paths must stand.
enum ExampleConfiguration {
    /// The example for a scene's socket and an app's address; its files lie in the sandbox.
    static func text(for scene: Scene, app: String) throws -> String {
        var text = try String(contentsOfFile: Environment.packageRoot + "/proxy.conf.example", encoding: .utf8)
        let sandbox = scene.sandbox
        try sandbox.makeDirectory("run")
        // A copy, because the workers may not be allowed into the directory where the package lies.
        try copyFiles(PumaBlog.directory + "/public", to: sandbox, "public")
        let replacements = [
            ("listen 127.0.0.1:8080;", "listen \(scene.socket);"),
            ("server 127.0.0.1:9292;", "server \(app);"),
            ("include conf/mime.types;", "include \(Environment.packageRoot)/conf/mime.types;"),
            ("pid run/front.pid;", "daemon off;\npid \(sandbox.path)/server.pid;"),
            ("error_log run/error.log warn;", "error_log \(sandbox.path)/error.log info;"),
            ("access_log run/access.log front;", "access_log \(sandbox.path)/access.log front;"),
            // A page is kept for ten seconds, which a slow machine may need for a test.
            (keptFor, "proxy_cache_valid 200 404 10m;"),
        ]
        for (from, to) in replacements {
            guard text.contains(from) else { throw HarnessError("proxy.conf.example no longer says \(from)") }
            text = text.replacingOccurrences(of: from, with: to)
        }
        return text
    }

    private static let keptFor = "proxy_cache_valid 200 404 10s;"

    /// Lets kept pages be fresh for one second only.
    static func shortenTimes(_ text: inout String) {
        text = text.replacingOccurrences(of: "proxy_cache_valid 200 404 10m;", with: "proxy_cache_valid 200 404 1s;")
    }

    private static func copyFiles(_ source: String, to sandbox: Sandbox, _ folder: String) throws {
        for case let name as String in FileManager.default.enumerator(atPath: source) ?? .init() {
            guard let data = FileManager.default.contents(atPath: source + "/" + name) else { continue }
            try sandbox.write(folder + "/" + name, bytes: Array(data))
        }
    }
}
