import Foundation

/// Everything one end-to-end test needs on one page: a sandbox, a socket, origins, the server. What was started is stopped
/// at the end, and the server's own complaints (alerts, traps, sanitizer reports) fail the test.
public final class Scene {
    public let front: Front
    public let sandbox: Sandbox
    /// The server's first socket, bound before anything starts.
    public let socket: ListeningSocket
    private var sockets: [ListeningSocket]
    private var origins: [Origin] = []
    private var blogs: [PumaBlog] = []
    private var servers: [ServerUnderTest] = []
    /// Set by tests that provoke an [alert] or [emerg] line.
    public var allowsAlerts = false

    private init(_ front: Front) throws {
        self.front = front
        sandbox = try Sandbox()
        socket = try ListeningSocket()
        sockets = [socket]
    }

    /// Where the server's first socket is.
    public var endpoint: Endpoint { socket.endpoint }

    /// Another socket for the next server to be started.
    public func anotherSocket(unix name: String? = nil) throws -> ListeningSocket {
        let new = try name.map { try ListeningSocket(unix: sandbox.path($0)) } ?? ListeningSocket()
        sockets.append(new)
        return new
    }

    /// An origin that `handler` scripts.
    public func origin(
        unix name: String? = nil, options: Origin.Options = .init(), _ handler: @escaping Origin.Handler
    ) throws -> Origin {
        let origin = try Origin(unix: name.map { sandbox.path($0) }, options: options, handler)
        origins.append(origin)
        return origin
    }

    /// The real blog under puma.
    public func blog() throws -> PumaBlog {
        let blog = try PumaBlog(in: sandbox)
        blogs.append(blog)
        return blog
    }

    /// Starts the server: one `server` block with `body` on the first socket; `http` stands before it in the http block,
    /// `main` in the main context.
    @discardableResult
    public func serve(
        _ body: String, http: String = "", main: String = "", events: String = "", workers: Int? = nil,
        environment: [String: String] = [:], descriptorLimit: Int? = nil
    ) throws -> ServerUnderTest {
        let text = try configuration(body, http: http, main: main, events: events, workers: workers)
        return try start(text, environment: environment, descriptorLimit: descriptorLimit)
    }

    /// The text that `serve` would start with: for reloads.
    public func configuration(
        _ body: String, http: String = "", main: String = "", events: String = "", workers: Int? = nil
    ) throws -> String {
        try ServerConfiguration.complete(
            for: front, in: sandbox, main: main, events: events,
            http: http + "\n" + ServerConfiguration.server(socket, body), workers: workers)
    }

    /// Starts the server with a complete configuration.
    @discardableResult
    public func start(
        _ configuration: String, environment: [String: String] = [:], descriptorLimit: Int? = nil
    ) throws -> ServerUnderTest {
        let server = try ServerUnderTest(
            front, in: sandbox, configuration: configuration, sockets: sockets, environment: environment,
            descriptorLimit: descriptorLimit)
        servers.append(server)
        return server
    }

    /// A connection to the first socket.
    public func client(receiveBuffer: Int? = nil) throws -> RawClient {
        try RawClient(endpoint, receiveBuffer: receiveBuffer)
    }

    public func get(_ target: String, _ fields: FieldList = [:]) throws -> Response {
        try endpoint.get(target, fields)
    }

    private func finish() throws {
        defer {
            for blog in blogs { blog.stop() }
            for origin in origins { origin.stop() }
            sandbox.remove()
        }
        for server in servers { try server.stop(allowingAlerts: allowsAlerts) }
    }

    private func abandon() {
        for server in servers {
            say(server.report)
            server.kill()
        }
        for blog in blogs { blog.stop() }
        for origin in origins { origin.stop() }
        sandbox.remove()
    }

    /// Plays a scene with one front, and takes it down: `try Scene.play(front) { scene in … }`.
    public static func play(_ front: Front, _ body: (Scene) throws -> Void) throws {
        let scene = try Scene(front)
        do {
            try body(scene)
        } catch {
            scene.abandon()
            throw error
        }
        try scene.finish()
    }
}
