/// What a configuration needs for TLS beside the settings of its servers.
public struct TLSNeeds: Sendable {
    /// The files of servers that cannot be used as they are, one set for each such server: missing, unreadable, a key that is
    /// another certificate's. What the configuration before this one read in their place serves on.
    public var unusableFiles: [Set<String>] = []
    /// How long a session ticket may have to be good for, in seconds; 0: nobody asks for the server's own keys.
    public var ticketLifetime = 0

    public init() {}
}
