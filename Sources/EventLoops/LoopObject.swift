import Platform

/// The place of an object in its loop's table, with a generation: a ticket of an object that is gone finds nothing.
public struct Ticket: Hashable, Sendable {
    let index: UInt32
    let generation: UInt32

    init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }

    init(token: UInt64) {
        index = UInt32(truncatingIfNeeded: token)
        generation = UInt32(truncatingIfNeeded: token >> 32)
    }

    var token: UInt64 { UInt64(generation) << 32 | UInt64(index) }
}

/// An object that its loop calls: when a descriptor is ready, when its timer fires, when somebody wakes it.
///
/// The loop keeps it alive from `enroll` to `resign`. It has one timer.
open class LoopObject: LoopBound {
    public final var ticket: Ticket?

    /// Takes a place in the loop's table.
    public final func enroll() {
        assertOnLoop()
        if ticket == nil { ticket = loop.table.insert(self) }
    }

    /// Leaves the table: no call comes after this. The caller must hold a reference of its own.
    public final func resign() {
        assertOnLoop()
        guard let ticket else { return }
        loop.timers.disarm(ticket.index)
        loop.table.remove(ticket)
        self.ticket = nil
    }

    /// Sets the one timer to `deadline` (milliseconds of the loop's clock), replacing an earlier one.
    public final func setTimer(_ deadline: Int64) {
        guard let ticket else { return }
        loop.timers.arm(ticket.index, deadline: deadline)
    }

    public final func clearTimer() {
        guard let ticket else { return }
        loop.timers.disarm(ticket.index)
    }

    /// What another thread needs to wake this object.
    public final var waker: Waker {
        if ticket == nil { enroll() }
        return Waker(mailbox: loop.mailbox, ticket: ticket ?? Ticket(index: .max, generation: 0))
    }

    /// A descriptor that was registered with this object's ticket is ready.
    open func ready(_ readiness: Readiness) {}

    /// The timer has reached its deadline; it is no longer set.
    open func timerFired() {}

    /// Somebody woke this object through a `Waker`.
    open func wake(_ reasons: WakeReasons) {}

    /// The turn of the loop in which `loop.atEndOfTurn(self)` was called is over.
    open func turnEnded() {}
}

/// Why somebody was woken. All are hints: who is woken looks for itself.
public struct WakeReasons: OptionSet, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The client's socket or body has news.
    public static let client = WakeReasons(rawValue: 1)
    /// The client has left.
    public static let clientGone = WakeReasons(rawValue: 2)
    /// The upstream's descriptor is ready.
    public static let upstream = WakeReasons(rawValue: 4)
    /// The request body has grown or is whole.
    public static let body = WakeReasons(rawValue: 8)
    /// A fill has bytes, a judgement or an end.
    public static let fill = WakeReasons(rawValue: 16)
    /// The deadline has passed.
    public static let timer = WakeReasons(rawValue: 32)
    /// The outbox has room again.
    public static let room = WakeReasons(rawValue: 64)
    /// The process is to end.
    public static let shutdown = WakeReasons(rawValue: 128)
    /// Work handed to another thread is done.
    public static let work = WakeReasons(rawValue: 256)
}

/// The objects a loop calls, found by ticket.
struct LoopTable {
    private var objects: [LoopObject?] = []
    private var generations: [UInt32] = []
    private var free: [UInt32] = []
    private(set) var count = 0

    mutating func insert(_ object: LoopObject) -> Ticket {
        count += 1
        if let index = free.popLast() {
            objects[Int(index)] = object
            return Ticket(index: index, generation: generations[Int(index)])
        }
        objects.append(object)
        generations.append(0)
        return Ticket(index: UInt32(objects.count - 1), generation: 0)
    }

    mutating func remove(_ ticket: Ticket) {
        guard find(ticket) != nil else { return }
        objects[Int(ticket.index)] = nil
        generations[Int(ticket.index)] &+= 1
        free.append(ticket.index)
        count -= 1
    }

    func find(_ ticket: Ticket) -> LoopObject? {
        let index = Int(ticket.index)
        guard index < objects.count, generations[index] == ticket.generation else { return nil }
        return objects[index]
    }

    /// Whoever has this place now.
    func object(at index: UInt32) -> LoopObject? { objects[Int(index)] }

    /// Lets go of every object: the loop has ended.
    mutating func removeAll() {
        let gone = objects
        objects = []
        generations = []
        free = []
        count = 0
        // Their ends may look at the table, which is empty by now.
        _ = gone
    }

    /// Every object that is enrolled now.
    var all: [LoopObject] { objects.compactMap { $0 } }
}
