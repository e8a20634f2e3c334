import Bytes
import HTTP
import Patterns
import TLS

/// The servers of one listening address, found by host name: exact, wildcard in front, wildcard behind, regex, default.
public final class VirtualHosts: Sendable {
    public let defaultServer: ServerPlan
    /// Connections begin with a header of the PROXY protocol (`listen … proxy_protocol`).
    public let expectsProxyHeader: Bool
    /// Reads heads by the default server's limits: the name is not known before the head is read.
    public let decoder: RequestDecoder
    /// TLS is spoken at this address: the default server's; nil: it is not.
    public let tls: TLSServerContext?
    private let exact: [[UInt8]: ServerPlan]
    /// `*.example.com` by `.example.com`, longest first.
    private let heads: [(suffix: [UInt8], server: ServerPlan)]
    /// `www.example.*` by `www.example.`, longest first.
    private let tails: [(prefix: [UInt8], server: ServerPlan)]
    private let patterns: [(pattern: NamePattern, server: ServerPlan)]
    /// Only one server without a name that could be told apart: no search.
    private let isSingle: Bool

    public init(
        defaultServer: ServerPlan, exact: [[UInt8]: ServerPlan], heads: [(suffix: [UInt8], server: ServerPlan)],
        tails: [(prefix: [UInt8], server: ServerPlan)], patterns: [(pattern: NamePattern, server: ServerPlan)],
        isEncrypted: Bool = false, expectsProxyHeader: Bool = false
    ) {
        tls = isEncrypted ? defaultServer.tls : nil
        self.defaultServer = defaultServer
        self.expectsProxyHeader = expectsProxyHeader
        decoder = RequestDecoder(limits: defaultServer.options.limits)
        self.exact = exact
        self.heads = heads.sorted { $0.suffix.count > $1.suffix.count }
        self.tails = tails.sorted { $0.prefix.count > $1.prefix.count }
        self.patterns = patterns
        isSingle = patterns.isEmpty && heads.isEmpty && tails.isEmpty && exact.values.allSatisfy { $0 === defaultServer }
    }

    /// Sets the server that the head's host asks for. Errors: 500 for a regex that had to be given up.
    func choose(for context: RequestContext) throws(RequestFailure) {
        if isSingle {
            // A reference that stays need not be counted.
            if context.server !== defaultServer { context.server = defaultServer }
        } else {
            context.server = try server(for: context.head.host, context)
        }
    }

    /// The server for `host` (lower case, without a port; empty: none was given).
    public func server(for host: [UInt8], _ context: RequestContext) throws(RequestFailure) -> ServerPlan {
        if isSingle { return defaultServer }
        if let server = literal(host) { return server }
        if host.isEmpty { return defaultServer }
        for entry in patterns {
            if try context.match(entry.pattern, host) { return entry.server }
        }
        return defaultServer
    }

    /// The server with just this name, or with a wildcard that it fits.
    private func literal(_ host: [UInt8]) -> ServerPlan? {
        if let server = exact[host] { return server }
        let name = host.span
        for head in heads where name.count > head.suffix.count {
            if name.extracting((name.count - head.suffix.count)..<name.count).equals(head.suffix.span) { return head.server }
        }
        for tail in tails where name.count > tail.prefix.count && name.hasPrefix(tail.prefix.span) { return tail.server }
        return nil
    }
}

extension VirtualHosts: TLSDirectory {
    /// The server that has this name; nil when only the default is left.
    public func named(_ host: [UInt8]) -> ServerPlan? {
        if let server = literal(host) { return server }
        if patterns.isEmpty { return nil }
        let name = host.span
        let data = MatchData()
        for entry in patterns where (try? entry.pattern.pattern.match(name, into: data)) == true { return entry.server }
        return nil
    }

    /// As nginx: a server without certificates of its own is reached with the default server's.
    public func server(for name: [UInt8]) -> TLSServerChoice {
        guard let context = named(name)?.tls else { return .standard }
        return .server(context)
    }
}
