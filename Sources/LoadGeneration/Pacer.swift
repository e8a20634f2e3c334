/// How the units of a load (requests or page views) follow one another.
public enum Pace: Sendable, Equatable {
    /// Each client starts its next unit when the last one is answered: the load adapts itself to the server, and a server
    /// that stalls is asked less. Good for the most a server can do, misleading for what visitors feel.
    case closed
    /// Units start at a constant rate, whatever the server does, as visitors do.
    case open(perSecond: Double)
}

/// One unit that is due.
public struct Arrival: Sendable, Equatable {
    /// Position in the whole load, over all loops.
    public let index: Int
    /// When it is to start, in nanoseconds of the load's clock. Latency counts from here.
    public let intendedStart: Int64
    /// False during the warm-up.
    public let isMeasured: Bool
}

/// Hands out the units of one loop in order. Pure: the caller tells the time.
///
/// In an open loop, arrival n of loop i (of L) is arrival `n × L + i` of the load and due at that number divided by the
/// rate. A client that comes for it later than that finds the intended time unchanged: so a stall of the server lengthens
/// every latency that visitors would have felt, and no wait is omitted.
public struct Pacer: Sendable {
    public let pace: Pace
    /// First and last instants at which units may start, in nanoseconds.
    public let start: Int64
    public let end: Int64
    private let measuredFrom: Int64
    private let loop: Int
    private let loops: Int
    private let maximumUnits: Int
    private var handedOut = 0

    /// The units of loop `loop` of `loops` for `duration` nanoseconds after a warm-up of `warmup`; at most `maximumUnits`
    /// over all loops.
    public init(
        pace: Pace, start: Int64, warmup: Int64 = 0, duration: Int64, loop: Int = 0, loops: Int = 1, maximumUnits: Int = Int.max
    ) {
        precondition(loop >= 0 && loop < loops && warmup >= 0 && duration >= 0)
        self.pace = pace
        self.start = start
        measuredFrom = start + warmup
        end = start + warmup + duration
        self.loop = loop
        self.loops = loops
        self.maximumUnits = maximumUnits
    }

    private var nextIndex: Int { handedOut * loops + loop }

    /// When the next unit is due for a client that is free at `now` (which may be before `now` in an open loop), or nil when
    /// the load is over.
    public func nextStart(now: Int64) -> Int64? {
        guard nextIndex < maximumUnits else { return nil }
        let intended: Int64
        switch pace {
        case .closed: intended = max(now, start)
        case .open(let perSecond): intended = start + Pacer.offset(of: nextIndex, perSecond: perSecond)
        }
        return intended < end ? intended : nil
    }

    /// Hands out the next unit, or nil when the load is over.
    public mutating func next(now: Int64) -> Arrival? {
        guard let intended = nextStart(now: now) else { return nil }
        defer { handedOut += 1 }
        return Arrival(index: nextIndex, intendedStart: intended, isMeasured: intended >= measuredFrom)
    }

    /// How many of this loop's measured units were due before the end and were not handed out. Zero in a closed loop.
    public func neverStarted() -> Int {
        var rest = self
        var count = 0
        guard case .open = pace else { return 0 }
        while let arrival = rest.next(now: end) { count += arrival.isMeasured ? 1 : 0 }
        return count
    }

    /// Nanoseconds from the start to arrival `index`. A double holds whole nanoseconds exactly for more than 100 days.
    private static func offset(of index: Int, perSecond: Double) -> Int64 {
        let nanoseconds = Double(index) / perSecond * 1e9
        return nanoseconds < 9e18 ? Int64(nanoseconds.rounded()) : Int64.max / 2
    }
}
