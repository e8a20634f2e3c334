import Configuration
import Server

/// The blocks that hold others: `events`, `http`, `server`, `location`, `limit_except`.
public enum Structure: Feature {
    public struct Settings: Sendable {}
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = [
        .opens("events", as: .events, repeats: false, in: .main, "Holds the directives about connections of the process."),
        .opens("http", as: .http, repeats: false, in: .main, "Holds the servers."),
        .opens("server", as: .server, in: .http, "One virtual server: names, addresses, locations."),
        .opens(
            "location", as: .location, arity: 1...2, in: [.server, .location], syntax: "[ = | ~ | ~* | ^~ ] *uri* | @*name*",
            "What is done with requests for some paths."),
        .opens(
            "limit_except", as: .limitExcept, arity: 1..., in: .location, syntax: "*method* ...",
            "What holds for all methods but those named (GET includes HEAD)."),
    ]
}
