import Bytes
import Configuration
import HTTP
import Platform
import Server

/// The client's address behind trusted proxies: whom to believe, and where they say it
/// (https://nginx.org/en/docs/http/ngx_http_realip_module.html).
///
/// Found before anything else looks at the request, by the server's own settings; a location that has others asks once more
/// before access is judged, unless an address has been believed by then.
public enum RealIP: Feature {
    /// Where the address is read.
    enum Source: Sendable, Equatable {
        /// The first line of a field.
        case field(FieldName, spelling: [UInt8])
        /// X-Forwarded-For: all its lines, from the last one.
        case forwardedFor
        /// The header of the PROXY protocol.
        case proxyHeader
    }

    public struct Settings: Sendable, Equatable {
        var trusted: [CIDRBlock] = []
        var source = Source.field(.xRealIP, spelling: Array("X-Real-IP".utf8))
        var isRecursive = false
    }

    public static let initial = Settings()
    private static let contexts: BlockContext = [.http, .server, .location]
    public static let directives: [Directive<Settings>] = [
        .custom(
            "set_real_ip_from", arity: 1...1, inheritance: .list, in: contexts,
            syntax: "*address* | *CIDR* | *name* | unix:",
            """
            A proxy that is believed when it names the client's address. A name is resolved when the configuration is read. \
            Nobody else is believed.
            """, addTrusted),
        .custom(
            "real_ip_header", arity: 1...1, in: contexts, syntax: "*field* | X-Real-IP | X-Forwarded-For | proxy_protocol",
            default: "X-Real-IP", "Where a trusted proxy says who the client is.", setSource),
        .flag(
            "real_ip_recursive", \.isRecursive, in: contexts,
            """
            Off: the last address of the field is the client. On: the last one that is not itself trusted, so that several \
            proxies may stand in a row.
            """),
    ]

    private static func addTrusted(_ s: inout Settings, _ statement: Statement, _ c: ApplyContext) throws(Diagnostic) {
        if c.isFirst { s.trusted = [] }
        let argument = statement.arguments[0]
        if let block = AddressAccess.addressBlock(argument, c) {
            s.trusted.append(block)
            return
        }
        do throws(NameResolutionError) {
            for address in try resolve(host: argument.text, port: 0) {
                if let block = CIDRBlock(address.host), !s.trusted.contains(block) { s.trusted.append(block) }
            }
        } catch {
            throw Diagnostic(
                "host not found in set_real_ip_from \(Diagnostic.quoted(argument.text))", at: argument.location,
                hint: error.message)
        }
    }

    private static func setSource(_ s: inout Settings, _ statement: Statement, _: ApplyContext) throws(Diagnostic) {
        let argument = statement.arguments[0]
        let spelling = Array(argument.text.utf8)
        if argument.text == "proxy_protocol" {
            s.source = .proxyHeader
        } else if FieldName(spelling.span) == .xForwardedFor {
            s.source = .forwardedFor
        } else if spelling.isEmpty {
            throw argument.invalid(expected: "the name of a field, or \"proxy_protocol\"")
        } else {
            s.source = .field(FieldName(spelling.span), spelling: spelling)
        }
    }

    public static let variables: [VariableDefinition] = [
        VariableDefinition("realip_remote_addr", "The address the connection came from.", isPlain: true) { context, output in
            AddressText.appendHost(context.connection.acceptedPeer, to: &output)
            return true
        },
        VariableDefinition("realip_remote_port", "The port the connection came from.", isPlain: true) { context, output in
            AddressText.appendPort(context.connection.acceptedPeer, to: &output)
            return true
        },
    ]

    public static func install(_ settings: Settings, in server: inout ServerPlanBuilder) throws(Diagnostic) {
        server.site.shared[sharedName] = settings
        if settings.trusted.isEmpty { return }
        server.add(Handler(.postRead, RealIPSearch(settings).find))
    }

    public static func install(_ settings: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        if settings.trusted.isEmpty || settings == plan.site.shared[sharedName] as? Settings { return }
        plan.add(Handler(.preAccess, RealIPSearch(settings).find))
    }

    /// Where the settings of the server that is being built are kept for its locations.
    private static let sharedName = "real_ip of the server"
}

/// Looks for the client's address, once per request.
private struct RealIPSearch: Sendable {
    let settings: RealIP.Settings

    init(_ settings: RealIP.Settings) { self.settings = settings }

    func find(_ context: RequestContext) throws(RequestFailure) -> Verdict {
        if context.connection.isForwarded { return .next }
        if let found = address(context) { context.connection.believe(found) }
        return .next
    }

    private func address(_ context: RequestContext) -> SocketAddress? {
        let connection = context.connection
        switch settings.source {
        case .proxyHeader:
            return ForwardedAddress.behind(
                connection.origin?.proxyHeader, peer: connection.peer, trusted: settings.trusted)
        case .forwardedFor:
            let head = context.head
            guard head.has(.xForwardedFor) else { return nil }
            var search = ForwardedAddress(
                peer: connection.peer, trusted: settings.trusted, isRecursive: settings.isRecursive)
            for slot in head.slots.reversed() where slot.name == .xForwardedFor {
                if !search.take(head.value(slot)) { break }
            }
            return search.isForwarded ? search.address : nil
        case .field(let name, let spelling):
            let head = context.head
            if name != .other, !head.has(name) { return nil }
            for slot in head.slots where slot.name == name {
                if name == .other, !head.bytes(slot.nameRange).equalsIgnoringCase(spelling.span) { continue }
                var search = ForwardedAddress(
                    peer: connection.peer, trusted: settings.trusted, isRecursive: settings.isRecursive)
                _ = search.take(head.value(slot))
                return search.isForwarded ? search.address : nil
            }
            return nil
        }
    }
}
