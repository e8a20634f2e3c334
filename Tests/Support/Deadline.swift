import Glibc

/// A moment after which waiting is a failure.
public struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    /// The moment `duration` from now.
    public static func `in`(_ duration: Duration) -> Deadline {
        Deadline(end: ContinuousClock.now.advanced(by: duration))
    }

    public var hasPassed: Bool { ContinuousClock.now >= end }

    /// Milliseconds left for poll(2), at least 0 and rounded up, so that a wait never spins.
    public var milliseconds: Int32 {
        let left = end - ContinuousClock.now
        guard left > .zero else { return 0 }
        let parts = left.components
        return Int32(clamping: parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000 + 1)
    }
}

/// How long every wait of the support lasts unless a test says otherwise. Generous, because nothing waits for it to pass:
/// it only bounds a failure. ZENDAN_PATIENCE sets it in seconds (a binary under ThreadSanitizer is ten times slower).
public let patience: Duration = .seconds(Environment.integer("ZENDAN_PATIENCE") ?? 20)

/// Looks at `condition` until it holds. Returns whether it did before the deadline: `#expect(try eventually { … })`.
public func eventually(within limit: Duration = patience, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Deadline.in(limit)
    while true {
        if try condition() { return true }
        if deadline.hasPassed { return false }
        pause(.milliseconds(5))
    }
}

/// Keeps this thread still. For the pace of a scripted peer ("a byte each 10 ms"), never for "it will be done by then".
public func pause(_ duration: Duration) {
    let parts = duration.components
    var time = timespec(tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
    var left = timespec()
    while unsafe nanosleep(&time, &left) != 0 && errno == EINTR { time = left }
}
