import Configuration
import Platform

/// Groups servers by the addresses they listen on, as nginx does.
struct HostAssembly {
    private struct Entry {
        var specification: ListenSpecification
        var servers: [ServerAssembly.Result] = []
        var defaultServer: ServerAssembly.Result?
        /// Whether any of the statements says `ssl`.
        var isEncrypted = false
    }

    private var entries: [Entry] = []
    private var places: [SocketAddress: Int] = [:]
    /// Oddities that are no errors.
    private(set) var warnings: [Diagnostic] = []

    /// Adds a server at each of its addresses.
    mutating func add(_ server: ServerAssembly.Result) throws(Diagnostic) {
        for listen in server.listens {
            guard let place = places[listen.address] else {
                places[listen.address] = entries.count
                var entry = Entry(specification: listen)
                entry.servers = [server]
                entry.defaultServer = listen.isDefaultServer ? server : nil
                entry.isEncrypted = listen.isEncrypted
                entries.append(entry)
                continue
            }
            try merge(listen, of: server, into: &entries[place])
        }
    }

    private func merge(
        _ listen: ListenSpecification, of server: ServerAssembly.Result, into entry: inout Entry
    ) throws(Diagnostic) {
        let address = listen.address
        if entry.servers.contains(where: { $0.plan === server.plan }) {
            throw Diagnostic("a duplicate listen \(address)", at: listen.location)
        }
        entry.servers.append(server)
        if listen.isEncrypted { entry.isEncrypted = true }
        let old = entry.specification
        let expectsProxyHeader = old.expectsProxyHeader || listen.expectsProxyHeader
        if listen.setsOptions {
            if old.setsOptions {
                throw Diagnostic(
                    "duplicate listen options for \(address)", at: listen.location,
                    hint: "options of the socket may stand in one server only; \(old.location) has some")
            }
            entry.specification = listen
            entry.specification.isDefaultServer = old.isDefaultServer
        }
        entry.specification.expectsProxyHeader = expectsProxyHeader
        if listen.isDefaultServer {
            if entry.defaultServer != nil {
                throw Diagnostic(
                    "a duplicate default server for \(address)", at: listen.location, hint: "the first is at \(old.location)")
            }
            entry.defaultServer = server
            entry.specification.isDefaultServer = true
        }
    }

    /// The servers of each address by name.
    mutating func hosts() throws(Diagnostic) -> [SocketAddress: VirtualHosts] {
        var hosts: [SocketAddress: VirtualHosts] = [:]
        for entry in entries {
            try checkCertificates(entry)
            hosts[entry.specification.address] = virtualHosts(entry)
        }
        return hosts
    }

    /// As nginx: the default server of an address with TLS has to have certificates, for names that no other server has; if it
    /// refuses handshakes, the others have to.
    private func checkCertificates(_ entry: Entry) throws(Diagnostic) {
        guard entry.isEncrypted, let first = entry.defaultServer ?? entry.servers.first else { return }
        let demanding = first.plan.tls.map { $0.identities.isEmpty && $0.rejectsHandshake } ?? false ? entry.servers : [first]
        for server in demanding where server.plan.tls == nil {
            let address = entry.specification.address
            let place = server.listens.first { $0.address == address }?.location
            throw Diagnostic(
                "no \"ssl_certificate\" is defined for the \"listen … ssl\" of \(address)", at: place,
                hint: "the server needs a certificate, or \"ssl_reject_handshake on\"")
        }
    }

    private mutating func virtualHosts(_ entry: Entry) -> VirtualHosts? {
        guard let first = entry.defaultServer ?? entry.servers.first else { return nil }
        var table = NameTable(address: entry.specification.address)
        for server in entry.servers {
            for name in server.names { table.add(name, server) }
        }
        warnings += table.warnings
        return VirtualHosts(
            defaultServer: first.plan, exact: table.exact, heads: table.heads, tails: table.tails, patterns: table.patterns,
            isEncrypted: entry.isEncrypted, expectsProxyHeader: entry.specification.expectsProxyHeader)
    }

    /// The sockets to open. An address behind a wildcard of the same port has no socket of its own, unless `bind` (or an
    /// option that implies it) asks for one.
    var listenSet: ListenSet {
        var set = ListenSet()
        for entry in entries where wildcard(before: entry.specification) == nil { set.sockets.append(entry.specification) }
        return set
    }

    /// Wildcard sockets whose connections may belong to another address of the configuration.
    var sharedListeners: Set<SocketAddress> {
        Set(entries.compactMap { wildcard(before: $0.specification) })
    }

    private func wildcard(before specification: ListenSpecification) -> SocketAddress? {
        let wildcard: SocketAddress
        switch specification.address {
        case .v4(_, let port): wildcard = .v4(.any, port: port)
        case .v6(_, let port): wildcard = .v6(.any, port: port)
        case .unix: return nil
        }
        if wildcard == specification.address || specification.setsOptions || places[wildcard] == nil { return nil }
        return wildcard
    }
}

/// The names of one address's servers. The first server that has a name keeps it.
private struct NameTable {
    let address: SocketAddress
    var exact: [[UInt8]: ServerPlan] = [:]
    var heads: [(suffix: [UInt8], server: ServerPlan)] = []
    var tails: [(prefix: [UInt8], server: ServerPlan)] = []
    var patterns: [(pattern: NamePattern, server: ServerPlan)] = []
    var warnings: [Diagnostic] = []

    init(address: SocketAddress) { self.address = address }

    mutating func add(_ name: ServerName, _ server: ServerAssembly.Result) {
        if let pattern = name.pattern {
            patterns.append((pattern, server.plan))
            return
        }
        let text = Array((name.wildcard ?? name.text).utf8)
        if text.first == UInt8(ascii: "*") {
            addHead(Array(text.dropFirst()), name, server)
        } else if text.first == UInt8(ascii: ".") {
            addExact(Array(text.dropFirst()), name, server)
            addHead(text, name, server)
        } else if text.last == UInt8(ascii: "*") {
            addTail(Array(text.dropLast()), name, server)
        } else {
            addExact(text, name, server)
        }
    }

    private mutating func addExact(_ text: [UInt8], _ name: ServerName, _ server: ServerAssembly.Result) {
        if let other = exact[text] { return warn(name, other, server) }
        exact[text] = server.plan
    }

    private mutating func addHead(_ text: [UInt8], _ name: ServerName, _ server: ServerAssembly.Result) {
        if let other = heads.first(where: { $0.suffix == text }) { return warn(name, other.server, server) }
        heads.append((text, server.plan))
    }

    private mutating func addTail(_ text: [UInt8], _ name: ServerName, _ server: ServerAssembly.Result) {
        if let other = tails.first(where: { $0.prefix == text }) { return warn(name, other.server, server) }
        tails.append((text, server.plan))
    }

    private mutating func warn(_ name: ServerName, _ other: ServerPlan, _ server: ServerAssembly.Result) {
        if other === server.plan { return }
        let place = server.block.statement("server_name")?.location ?? server.block.header.location
        warnings.append(
            Diagnostic(
                "conflicting server name \(Diagnostic.quoted(name.wildcard ?? name.text)) on \(address), ignored", at: place,
                severity: .warning))
    }
}
