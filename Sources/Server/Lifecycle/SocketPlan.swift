import Platform

/// One address to listen on, with the options of its socket.
public struct SocketPlan: Sendable, Hashable {
    public let address: SocketAddress
    /// One socket for each loop.
    public let reusesPort: Bool
    public let ipv6Only: Bool
    public let backlog: Int
    public let options: ListenOptions

    public init(
        address: SocketAddress, reusesPort: Bool = false, ipv6Only: Bool = true,
        backlog: Int = ListenSpecification.defaultBacklog, options: ListenOptions = ListenOptions()
    ) {
        self.address = address
        self.reusesPort = reusesPort
        self.ipv6Only = ipv6Only
        self.backlog = backlog
        self.options = options
    }

    public init(_ listen: ListenSpecification) {
        self.init(
            address: listen.address, reusesPort: listen.reusesPort, ipv6Only: listen.ipv6Only,
            backlog: listen.backlog ?? ListenSpecification.defaultBacklog, options: listen.options)
    }

    /// Listens. Errors: what `bind`, `listen`, `setsockopt` say.
    public func open() throws(SystemError) -> FileDescriptor {
        let descriptor = try Socket.listen(
            on: address, backlog: Int32(clamping: backlog), reusePort: reusesPort, ipv6Only: ipv6Only)
        try options.apply(to: descriptor.rawValue)
        // As nginx: a socket in the file system is for everybody whom its directory lets in.
        if case .unix(let path) = address { try File.changeMode(path, 0o666) }
        return descriptor
    }
}

extension SocketPlan: BundleCodable {
    public func encode(to writer: inout BundleWriter) {
        writer.add(address)
        writer.add(reusesPort)
        writer.add(ipv6Only)
        writer.add(backlog)
        writer.add(options.keepAlive) { writer, value in writer.add(value) }
        for value in options.numbers { writer.add(value) { writer, value in writer.add(Int(value)) } }
        writer.add(options.defersAccept)
    }

    public init(from reader: inout BundleReader) throws(BundleError) {
        let address = try SocketAddress(from: &reader)
        let reusesPort = try reader.flag()
        let ipv6Only = try reader.flag()
        let backlog = try reader.integer()
        var options = ListenOptions()
        options.keepAlive = try reader.optional { (reader: inout BundleReader) throws(BundleError) in try reader.flag() }
        var numbers: [Int32?] = []
        for _ in options.numbers.indices {
            numbers.append(
                try reader.optional { (reader: inout BundleReader) throws(BundleError) in
                    Int32(clamping: try reader.integer())
                })
        }
        options.numbers = numbers
        options.defersAccept = try reader.flag()
        self.init(address: address, reusesPort: reusesPort, ipv6Only: ipv6Only, backlog: backlog, options: options)
    }
}

extension ListenOptions {
    fileprivate var numbers: [Int32?] {
        get { [keepAliveIdle, keepAliveInterval, keepAliveCount, receiveBuffer, sendBuffer, fastOpenQueue] }
        set {
            guard newValue.count == 6 else { return }
            keepAliveIdle = newValue[0]
            keepAliveInterval = newValue[1]
            keepAliveCount = newValue[2]
            receiveBuffer = newValue[3]
            sendBuffer = newValue[4]
            fastOpenQueue = newValue[5]
        }
    }
}
