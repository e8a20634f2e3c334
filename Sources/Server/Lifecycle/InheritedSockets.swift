import Platform

/// Listening sockets that this process was handed when it was started: by an older zendan (or nginx) that is being
/// replaced (`NGINX="3;4;"`), or by a service manager (`LISTEN_FDS`, `LISTEN_PID`; sd_listen_fds(3)).
public struct InheritedSockets {
    /// Whether an older process handed them over: then there is no second daemonising, as in nginx.
    public let comesFromUpgrade: Bool
    private var byAddress: [SocketAddress: [SharedDescriptor]] = [:]
    /// What was named and is no listening socket.
    public private(set) var refused: [String] = []

    /// First descriptor that a service manager hands over.
    private static let firstActivated = 3

    /// Takes over what the environment names, and forgets the variables so that no child reads them again.
    public init() {
        let upgrade = ProcessControl.environmentValue("NGINX")
        comesFromUpgrade = upgrade?.isEmpty == false
        var numbers = InheritedSockets.numbers(upgrade: upgrade ?? "")
        let forMe = ProcessControl.environmentValue("LISTEN_PID") == "\(ProcessControl.identifier)"
        if forMe, let count = ProcessControl.environmentValue("LISTEN_FDS").flatMap({ Int($0) }), count > 0, count < 10_000 {
            for number in InheritedSockets.firstActivated..<InheritedSockets.firstActivated + count {
                if !numbers.contains(Int32(number)) { numbers.append(Int32(number)) }
            }
        }
        for name in ["NGINX", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] { ProcessControl.setEnvironment(name, nil) }
        for number in numbers { take(number) }
    }

    /// The numbers in `3;4;`, each once; what is no number above 2 is left out.
    public static func numbers(upgrade: String) -> [Int32] {
        var numbers: [Int32] = []
        for word in upgrade.split(whereSeparator: { $0 == ";" || $0 == ":" }) {
            guard let number = Int32(word), number > 2, !numbers.contains(number) else { continue }
            numbers.append(number)
        }
        return numbers
    }

    private mutating func take(_ number: Int32) {
        guard Socket.isListening(number), let address = Socket.localAddress(number) else {
            refused.append("\(number)")
            return
        }
        FileDescriptor.setInheritable(number, false)
        Socket.setNonBlocking(number)
        byAddress[address, default: []].append(SharedDescriptor(FileDescriptor(owning: number)))
    }

    /// Takes all sockets of an address out.
    public mutating func take(_ address: SocketAddress) -> [SharedDescriptor] {
        byAddress.removeValue(forKey: address) ?? []
    }

    /// Closes what nobody has taken.
    public mutating func closeRest() { byAddress = [:] }

    /// Addresses nobody has taken, sorted.
    public var left: [String] { byAddress.keys.map(\.description).sorted() }
}
