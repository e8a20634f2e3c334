/// Lets the first message of a kind through and then one per period, with the number of those kept back. Pure.
public struct RateLimit: Sendable {
    /// What messages have in common: where in the program they come from, and what about (a file, a peer).
    public struct Key: Hashable, Sendable {
        private let source: String
        private let subject: UInt64

        /// `subject` tells things apart that the same place in the program reports; a hash of a name will do.
        public init(_ source: StaticString, subject: UInt64 = 0) {
            self.source = source.description
            self.subject = subject
        }
    }

    private struct State { var nextAt: Int64, keptBack: Int }

    private var states: [Key: State] = [:]
    /// Kinds remembered. When there are more, those whose period is over are forgotten, and then all.
    private let capacity: Int

    public init(capacity: Int = 1_000) {
        precondition(capacity > 0)
        self.capacity = capacity
    }

    /// Nil when the message is to be kept back; else how many like it were since the last one let through.
    /// `period` and `now` are seconds.
    public mutating func admit(_ key: Key, oncePer period: Int64, now: Int64) -> Int? {
        if let state = states[key] {
            // A clock that was set back must not silence a message for longer than its period.
            if now < state.nextAt && state.nextAt - now <= period {
                states[key] = State(nextAt: state.nextAt, keptBack: state.keptBack &+ 1)
                return nil
            }
            states[key] = State(nextAt: now + period, keptBack: 0)
            return state.keptBack
        }
        if states.count >= capacity {
            states = states.filter { $0.value.nextAt > now }
            if states.count >= capacity { states.removeAll() }
        }
        states[key] = State(nextAt: now + period, keptBack: 0)
        return 0
    }
}
