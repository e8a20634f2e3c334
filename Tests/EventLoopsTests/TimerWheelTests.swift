import EventLoops
import TestSupport
import Testing

@Suite("Timers")
struct TimerWheelTests {
    /// What a wheel should do, in the plainest way.
    private struct Model {
        var deadlines: [UInt32: Int64] = [:]

        mutating func advance(_ now: Int64) -> Set<UInt32> {
            let due = Set(deadlines.filter { $0.value <= now }.keys)
            for place in due { deadlines[place] = nil }
            return due
        }
    }

    @Test("any order of arming, disarming and advancing does what it does to a table of deadlines", arguments: 1...20)
    func model(seed: Int) throws {
        var numbers = Numbers(seed: UInt64(seed))
        var now = Int64(numbers.next(below: 1 << 30))
        var wheel = TimerWheel(now: now)
        var model = Model()
        // Milliseconds ahead: within a slot, within a turn of the wheel, beyond it, far beyond; and late ones.
        let reaches = [1, 4, 50, 5_000, 16_383, 16_384, 16_385, 70_000, 10_000_000]
        for _ in 0..<2_000 {
            let place = UInt32(numbers.next(below: 60))
            switch numbers.next(below: 10) {
            case 0..<5:
                let ahead = Int64(numbers.next(below: numbers.pick(reaches) + 1))
                let deadline = numbers.next(below: 12) == 0 ? now - ahead : now + ahead
                wheel.arm(place, deadline: deadline)
                model.deadlines[place] = deadline
            case 5..<7:
                wheel.disarm(place)
                model.deadlines[place] = nil
            default:
                now += Int64(numbers.next(below: numbers.pick(reaches) + 1))
                var due: [UInt32] = []
                wheel.advance(now: now, due: &due)
                try #require(due.count == Set(due).count)
                let expected = model.advance(now)
                try #require(Set(due) == expected)
                for place in due {
                    let isDue = wheel.takeDue(place)
                    try #require(isDue)
                }
            }
            try #require(wheel.count == model.deadlines.count)
            try #require(wheel.isArmed(place) == (model.deadlines[place] != nil))
            guard let next = model.deadlines.values.min() else {
                try #require(wheel.timeToNext(now: now) == nil)
                continue
            }
            let wait = try #require(wheel.timeToNext(now: now))
            try #require(wait >= 0 && wait <= max(0, next - now), "it would sleep past a deadline")
        }
    }

    @Test("who waits as long as the wheel says reaches a deadline within a few steps, and never spins")
    func progress() throws {
        var wheel = TimerWheel(now: 5)
        wheel.arm(0, deadline: 5 + 100_000)
        wheel.arm(1, deadline: .max)
        var now: Int64 = 5
        var steps = 0
        var due: [UInt32] = []
        while due.isEmpty {
            let wait = try #require(wheel.timeToNext(now: now))
            try #require(wait > 0)
            now += wait
            steps += 1
            wheel.advance(now: now, due: &due)
        }
        // 100 s are six turns of the wheel.
        #expect(due == [0] && now == 100_005 && steps <= 8)
        #expect(wheel.count == 1 && wheel.isArmed(1))
    }

    @Test("a timer that is due and not yet taken is taken once, and not at all once it was set anew or cleared")
    func due() {
        var wheel = TimerWheel(now: 0)
        for place: UInt32 in 0..<4 { wheel.arm(place, deadline: 10) }
        var due: [UInt32] = []
        wheel.advance(now: 10, due: &due)
        #expect(due.sorted() == [0, 1, 2, 3])
        wheel.arm(1, deadline: 500)
        wheel.disarm(2)
        let taken: [UInt32] = [0, 0, 1, 2, 3, 99].filter { wheel.takeDue($0) }
        #expect(taken == [0, 3])
        #expect(wheel.isArmed(1) && wheel.count == 1)
    }
}
