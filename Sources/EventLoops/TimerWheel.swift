/// The timers of one loop: a hashed wheel with one timer for each place of the loop's table. Arming and disarming cost the
/// same whatever the number of timers.
///
/// A slot is 4 ms wide and the wheel turns once in 16.4 s; a timer that is further away is passed over until its round comes.
public struct TimerWheel {
    private static let slotCount = 4096
    private static let slotMask = Int64(slotCount - 1)
    private static let slotShift: Int64 = 2
    private static let none: Int32 = -1

    private struct Entry {
        var deadline: Int64 = 0
        var next = TimerWheel.none
        var previous = TimerWheel.none
        var isArmed = false
        /// Its deadline has passed and it was neither taken nor set or cleared since.
        var isDue = false
    }

    private var entries: [Entry] = []
    private var heads = [Int32](repeating: TimerWheel.none, count: TimerWheel.slotCount)
    private var occupied = [UInt64](repeating: 0, count: TimerWheel.slotCount / 64)
    /// The next slot (not wrapped) that has not been looked at.
    private var position: Int64
    /// No armed timer is due before this; it may be too early, never too late.
    private var earliest = Int64.max
    public private(set) var count = 0

    /// `now` in milliseconds.
    public init(now: Int64) { position = now >> TimerWheel.slotShift }

    /// Sets the timer of place `index`; a deadline in the past is due at the next turn.
    public mutating func arm(_ index: UInt32, deadline: Int64) {
        let place = Int(index)
        while entries.count <= place { entries.append(Entry()) }
        if entries[place].isArmed { unlink(place) }
        let slot = slot(of: deadline)
        entries[place] = Entry(deadline: deadline, next: heads[slot], previous: TimerWheel.none, isArmed: true)
        if heads[slot] >= 0 { entries[Int(heads[slot])].previous = Int32(place) }
        heads[slot] = Int32(place)
        occupied[slot >> 6] |= 1 << UInt64(slot & 63)
        count += 1
        if deadline < earliest { earliest = deadline }
    }

    public mutating func disarm(_ index: UInt32) {
        let place = Int(index)
        guard place < entries.count else { return }
        entries[place].isDue = false
        if entries[place].isArmed { unlink(place) }
    }

    /// Whether the timer of place `index`, which `advance` reported, is still to fire: it was not set or cleared since, and
    /// not taken.
    public mutating func takeDue(_ index: UInt32) -> Bool {
        let place = Int(index)
        guard place < entries.count, entries[place].isDue else { return false }
        entries[place].isDue = false
        return true
    }

    public func isArmed(_ index: UInt32) -> Bool { Int(index) < entries.count && entries[Int(index)].isArmed }

    private func slot(of deadline: Int64) -> Int {
        Int(max(deadline >> TimerWheel.slotShift, position) & TimerWheel.slotMask)
    }

    private mutating func unlink(_ place: Int) {
        let entry = entries[place]
        if entry.next >= 0 { entries[Int(entry.next)].previous = entry.previous }
        if entry.previous >= 0 {
            entries[Int(entry.previous)].next = entry.next
        } else {
            // A head: its slot follows from the deadline, unless it was put into a later slot for being late already.
            unlinkHead(place, entry)
        }
        entries[place].isArmed = false
        count -= 1
    }

    private mutating func unlinkHead(_ place: Int, _ entry: Entry) {
        var slot = Int(entry.deadline >> TimerWheel.slotShift & TimerWheel.slotMask)
        if heads[slot] != Int32(place) {
            slot = heads.firstIndex(of: Int32(place)) ?? slot
        }
        heads[slot] = entry.next
        if entry.next < 0 { occupied[slot >> 6] &= ~(1 << UInt64(slot & 63)) }
    }

    /// Milliseconds until the next timer may be due; nil when none is armed.
    public func timeToNext(now: Int64) -> Int64? {
        count == 0 ? nil : max(0, earliest - now)
    }

    /// Disarms the timers that are due at `now` and appends their places to `due`; `takeDue` says, when its turn has come,
    /// whether the work of an earlier one has changed that.
    public mutating func advance(now: Int64, due: inout [UInt32]) {
        guard count > 0, now >= earliest else { return }
        let target = now >> TimerWheel.slotShift
        var slot = max(position, target - TimerWheel.slotMask)
        while slot <= target {
            collect(Int(slot & TimerWheel.slotMask), now, &due)
            slot += 1
        }
        // The slot of this moment may still hold timers due within it: it is looked at again.
        position = target
        earliest = nextDeadline()
    }

    private mutating func collect(_ slot: Int, _ now: Int64, _ due: inout [UInt32]) {
        guard occupied[slot >> 6] & 1 << UInt64(slot & 63) != 0 else { return }
        var place = heads[slot]
        while place >= 0 {
            let entry = entries[Int(place)]
            if entry.deadline <= now {
                unlink(Int(place))
                entries[Int(place)].isDue = true
                due.append(UInt32(place))
            }
            place = entry.next
        }
    }

    /// The earliest deadline in the first occupied slot from here on: a lower bound within one turn of the wheel.
    private func nextDeadline() -> Int64 {
        guard count > 0 else { return .max }
        var slot = position
        let end = position + Int64(TimerWheel.slotCount)
        while slot < end {
            let index = Int(slot & TimerWheel.slotMask)
            let word = occupied[index >> 6] >> UInt64(index & 63)
            if word == 0 {
                slot += Int64(64 - (index & 63))
                continue
            }
            slot += Int64(word.trailingZeroBitCount)
            if slot >= end { break }
            if let earliest = earliestInRound(slot) { return earliest }
            slot += 1
        }
        return end << TimerWheel.slotShift
    }

    private func earliestInRound(_ slot: Int64) -> Int64? {
        var earliest: Int64?
        var place = heads[Int(slot & TimerWheel.slotMask)]
        let roundEnd = (slot + 1) << TimerWheel.slotShift
        while place >= 0 {
            let deadline = entries[Int(place)].deadline
            if deadline < roundEnd { earliest = min(earliest ?? deadline, deadline) }
            place = entries[Int(place)].next
        }
        return earliest
    }
}
