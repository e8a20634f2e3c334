import Foundation

/// The blog of Benchmarks/blog under puma, as its owner runs it. Its socket is ours: while the blog is stopped the port refuses.
public final class PumaBlog: Sendable {
    private let socket: ListeningSocket
    private let sandbox: Sandbox
    private let process: Guarded<ChildProcess?> = Guarded(nil)

    /// Whether puma and the blog's libraries are here.
    public static let isAvailable: Bool = {
        guard let ruby = Environment.executable("/usr/bin/ruby"), puma != nil else { return false }
        let result = try? run(ruby, ["-e", "require 'sinatra/base'; require 'sassc'"])
        return result?.status == .exited(0)
    }()

    private static let puma = Environment.executable("/usr/bin/puma", "/usr/local/bin/puma")
    /// Where the blog lies: its `public` folder holds the pictures.
    public static let directory = Environment.packageRoot + "/Benchmarks/blog"

    /// Starts it on a port of 127.0.0.1 and waits until it answers.
    public init(in sandbox: Sandbox) throws {
        self.sandbox = sandbox
        socket = try ListeningSocket()
        try start()
    }

    deinit { stop() }

    public var endpoint: Endpoint { socket.endpoint }
    /// As written after `http://` in proxy_pass, or after `server` in an upstream.
    public var address: String { socket.address }

    /// Starts it (again, after `stop`): its comments and counters are empty, its posts the same.
    public func start() throws {
        guard let puma = Self.puma else { throw HarnessError("puma is not here") }
        if process.copy != nil { try socket.resume() }
        var environment = ProcessInfo.processInfo.environment
        environment["BLOG_BIND"] = "activated"
        let child = try ChildProcess(
            puma, ["-C", Self.directory + "/puma.rb"], environment: environment, directory: Self.directory,
            handingDown: [socket.descriptor.number], socketActivation: true, output: sandbox.path("blog.output"))
        process.with { $0 = child }
        guard let answer = try? endpoint.get("/_count"), answer.status == 200 else {
            throw HarnessError("the blog did not start:\n\(child.output)")
        }
    }

    /// Ends it, as a crash would.
    public func stop() {
        process.with { $0?.end() }
        socket.refuse()
    }

    /// How often it was asked for a path since it started or since `forgetCounts`, as it counts itself.
    public func count(_ path: String) throws -> Int { try counts().paths[path] ?? 0 }

    /// The same for a whole request: `POST /posts/1/comments`.
    public func count(request: String) throws -> Int { try counts().requests[request] ?? 0 }

    /// All requests that reached it.
    public func totalCount() throws -> Int { try counts().total }

    public func forgetCounts() throws {
        _ = try endpoint.request("DELETE", "/_count")
    }

    private struct Counts: Decodable {
        var total: Int
        var paths: [String: Int]
        var requests: [String: Int]
    }

    private func counts() throws -> Counts {
        try JSONDecoder().decode(Counts.self, from: Data(endpoint.get("/_count").body))
    }

    public var output: String { process.copy?.output ?? "" }
}
