import Platform

extension Signals.Arrival {
    /// What the log says of it, in nginx's words: the signal, who sent it, what it makes this process do.
    var logLine: String {
        let from = sender > 0 ? " from \(sender)" : ""
        return "signal \(signal.rawValue) (\(signal.name)) received\(from)" + effect
    }

    private var effect: String {
        switch signal {
        case .terminate, .interrupt: ", exiting"
        case .quit: ", shutting down"
        case .hangUp: ", reconfiguring"
        case .user1: ", reopening logs"
        case .user2: ", changing binary"
        case .windowChange: ", stop accepting connections"
        case .child: ""
        }
    }
}
