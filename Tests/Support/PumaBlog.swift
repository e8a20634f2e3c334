import Foundation

/// The blog of Benchmarks/blog under puma, as its owner runs it.
package final class PumaBlog: Sendable {
    package let endpoint: Endpoint
    private let sandbox: Sandbox
    private let port: UInt16
    private let process: Guarded<ChildProcess?> = Guarded(nil)

    /// Whether puma and the blog's libraries are here.
    package static let isAvailable: Bool = {
        guard let ruby = Environment.executable("/usr/bin/ruby"), puma != nil else { return false }
        let result = try? run(ruby, ["-e", "require 'sinatra/base'; require 'sassc'"])
        return result?.status == .exited(0)
    }()

    private static let puma = Environment.executable("/usr/bin/puma", "/usr/local/bin/puma")
    private static let directory = Environment.packageRoot + "/Benchmarks/blog"

    /// Starts it on a free port and waits until it answers.
    package init(in sandbox: Sandbox) throws {
        self.sandbox = sandbox
        let socket = try ListeningSocket()
        port = socket.port
        endpoint = socket.endpoint
        socket.close()
        try start()
    }

    deinit { stop() }

    /// As written after `http://` in proxy_pass.
    package var address: String { endpoint.description }

    package func start() throws {
        guard let puma = Self.puma else { throw HarnessError("puma is not here") }
        let child = try ChildProcess(
            puma, ["--bind", "tcp://127.0.0.1:\(port)", "--threads", "8:8", "--environment", "production", "config.ru"],
            directory: Self.directory, output: sandbox.path("blog.output"))
        process.with { $0 = child }
        let answers = eventually { (try? endpoint.get("/_count"))?.status == 200 || !child.isRunning }
        guard answers, child.isRunning else { throw HarnessError("the blog did not start:\n\(child.output)") }
    }

    /// Ends it, as a crash would.
    package func stop() {
        process.with { $0?.end() }
    }

    /// How often a path was asked for since it started, as the blog itself counts.
    package func counts() throws -> String {
        try endpoint.get("/_count").text
    }

    package var output: String { process.copy?.output ?? "" }
}
