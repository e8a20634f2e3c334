import Platform

/// The sockets a process listens on, by address. Held by whoever survives workers, so that no connect is refused while a
/// worker is replaced.
public struct OpenSockets: Sendable {
    /// One address: its socket, or one for each loop.
    public struct Entry: Sendable {
        public let address: SocketAddress
        public let descriptors: [SharedDescriptor]
        /// Handed down by somebody who may want them again.
        public var isInherited = false

        public init(address: SocketAddress, descriptors: [SharedDescriptor], isInherited: Bool = false) {
            self.address = address
            self.descriptors = descriptors
            self.isInherited = isInherited
        }
    }

    public private(set) var entries: [Entry] = []

    public init() {}

    public init(_ entries: [Entry]) { self.entries = entries }

    /// Why an address cannot be listened on.
    public struct Failure: Error, Sendable {
        public let address: SocketAddress
        public let error: SystemError

        /// What failed, and what may help.
        public var message: String { "bind() to \(address) failed (\(error))\(remedy)" }

        private var remedy: String {
            switch error {
            case .accessDenied:
                address.port.map { $0 < 1024 } == true
                    ? ": ports below 1024 are for root, or for a program with CAP_NET_BIND_SERVICE"
                    : ": the directory of the socket belongs to somebody else"
            case .addressInUse: ": another program has it; ss -ltnp shows which"
            default: ""
            }
        }
    }

    public func find(_ address: SocketAddress) -> Entry? { entries.first { $0.address == address } }

    /// The sockets of a new configuration: those that are open already, inherited ones, and new ones. The old object is
    /// unchanged; on failure what was newly opened is closed again.
    ///
    /// - Parameter retry: called before each further attempt at an address that is in use; false: give up.
    public func reopened(
        for plans: [SocketPlan], loopCount: Int, inherited: inout InheritedSockets, retry: (Failure) -> Bool
    ) throws(Failure) -> OpenSockets {
        var new = OpenSockets()
        for plan in plans {
            let old = find(plan.address)
            var found = old?.descriptors ?? inherited.take(plan.address)
            let isInherited = old?.isInherited ?? !found.isEmpty
            for descriptor in found { Socket.listenAgain(descriptor.rawValue, backlog: Int32(clamping: plan.backlog)) }
            let count = plan.reusesPort ? loopCount : 1
            // A socket that others were opened beside stays: its queue may hold connections.
            while found.isEmpty || (plan.reusesPort && found.count < count) {
                guard let socket = try OpenSockets.open(plan, mayFail: !found.isEmpty, retry: retry) else { break }
                found.append(socket)
            }
            new.entries.append(Entry(address: plan.address, descriptors: found, isInherited: isInherited))
        }
        return new
    }

    /// Nil: the address has a socket without SO_REUSEPORT, which no second one may stand beside.
    private static func open(
        _ plan: SocketPlan, mayFail: Bool, retry: (Failure) -> Bool
    ) throws(Failure) -> SharedDescriptor? {
        while true {
            do throws(SystemError) {
                return SharedDescriptor(try plan.open())
            } catch {
                if mayFail { return nil }
                let failure = Failure(address: plan.address, error: error)
                guard error == .addressInUse, retry(failure) else { throw failure }
            }
        }
    }

    /// Removes the files of Unix sockets that `next` does not have any more; those of inherited ones stay.
    public func removeFiles(notIn next: OpenSockets?) {
        for entry in entries where !entry.isInherited && next?.find(entry.address) == nil {
            if case .unix(let path) = entry.address, !path.isEmpty { try? File.remove(path) }
        }
    }

    /// All descriptors' numbers in order of the entries.
    public var numbers: [Int32] { entries.flatMap { $0.descriptors.map(\.rawValue) } }
}
