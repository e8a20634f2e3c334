/// Composes a complete configuration for a server under test from the part that a test is about.
public enum ServerConfiguration {
    /// A file with one `http` block: everything a server writes lies in the sandbox; `access.log` has format `combined`.
    public static func complete(
        for front: Front, in sandbox: Sandbox, main: String = "", events: String = "", http: String, workers: Int? = nil
    ) throws -> String {
        try sandbox.makeDirectory("temp")
        let workers = workers ?? Environment.integer("ZENDAN_WORKERS") ?? 1
        // nginx opens these even when nothing uses them, and its own places belong to root.
        let unused = front == .nginx ? ["fastcgi", "uwsgi", "scgi"] : []
        let temporary = (["client_body", "proxy"] + unused).map { "    \($0)_temp_path \(sandbox.path)/temp/\($0);\n" }.joined()
        return """
            daemon off;
            worker_processes \(workers);
            pid \(sandbox.path)/server.pid;
            error_log \(sandbox.path)/error.log \(Environment.string("ZENDAN_ERROR_LEVEL") ?? "info");
            \(main)
            events {
                worker_connections 1024;
                \(events)
            }
            http {
                access_log \(sandbox.path)/access.log;
            \(temporary)
            \(http)
            }

            """
    }

    /// One server on one socket.
    public static func server(_ socket: ListeningSocket, _ body: String) -> String {
        "server {\n    listen \(socket);\n\(body)\n}\n"
    }
}
