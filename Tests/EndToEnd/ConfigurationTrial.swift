import TestSupport
import Testing

/// What `-t` says of a configuration.
enum ConfigurationTrial {
    /// `http` is what stands in the http block, `main` what stands before it.
    static func run(
        _ front: Front, _ http: String, main: String = ""
    ) throws -> (status: TestSupport.ExitStatus, output: String) {
        let sandbox = try Sandbox()
        defer { sandbox.remove() }
        try sandbox.write(
            "server.conf", try ServerConfiguration.complete(for: front, in: sandbox, main: main, http: http))
        return try TestSupport.run(
            try #require(front.binary), ["-t", "-p", sandbox.path + "/", "-c", sandbox.path("server.conf")])
    }
}
