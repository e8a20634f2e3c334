import LoadGeneration
import Testing

@Suite("Pacing")
struct PacerTests {
    @Test("an open loop's units are due at equal distances, whenever somebody comes for them")
    func openLoop() {
        var pacer = Pacer(pace: .open(perSecond: 1_000), start: 5_000, duration: 10_000_000)
        var starts: [Int64] = []
        while let arrival = pacer.next(now: 1 << 40) { starts.append(arrival.intendedStart) }
        #expect(starts == (0..<10).map { 5_000 + $0 * 1_000_000 })
    }

    @Test("the loops share the units without a gap or a double")
    func severalLoops() {
        var all: [Arrival] = []
        for loop in 0..<3 {
            var pacer = Pacer(pace: .open(perSecond: 700), start: 0, duration: 1_000_000_000, loop: loop, loops: 3)
            while let arrival = pacer.next(now: 0) { all.append(arrival) }
        }
        all.sort { $0.index < $1.index }
        #expect(all.map(\.index) == Array(0..<700))
        #expect(all.map(\.intendedStart) == all.map(\.intendedStart).sorted())
    }

    @Test("a rate that divides nothing evenly does not drift")
    func noDrift() {
        var pacer = Pacer(pace: .open(perSecond: 3), start: 0, duration: 3_600_000_000_000)
        var last: Arrival?
        while let arrival = pacer.next(now: 0) { last = arrival }
        #expect(last?.index == 10_799)
        #expect(last?.intendedStart == 3_599_666_666_667)
    }

    @Test("a closed loop starts when a client comes, until the time is over")
    func closedLoop() {
        var pacer = Pacer(pace: .closed, start: 100, duration: 1_000)
        #expect(pacer.next(now: 50)?.intendedStart == 100)
        #expect(pacer.next(now: 500)?.intendedStart == 500)
        #expect(pacer.next(now: 1_100) == nil)
        #expect(pacer.neverStarted() == 0)
    }

    @Test("a bound on the units holds over all loops", arguments: [Pace.closed, .open(perSecond: 1e6)])
    func maximum(pace: Pace) {
        var count = 0
        for loop in 0..<4 {
            var pacer = Pacer(pace: pace, start: 0, duration: 1 << 50, loop: loop, loops: 4, maximumUnits: 10)
            while pacer.next(now: 0) != nil { count += 1 }
        }
        #expect(count == 10)
    }

    @Test("units of the warm-up are marked, and what nobody took up is counted without them")
    func warmup() {
        var pacer = Pacer(pace: .open(perSecond: 1_000), start: 0, warmup: 5_000_000, duration: 10_000_000)
        var measured: [Bool] = []
        for _ in 0..<7 { measured.append(pacer.next(now: 0)?.isMeasured ?? true) }
        #expect(measured == [false, false, false, false, false, true, true])
        #expect(pacer.neverStarted() == 8)
        #expect(pacer.next(now: 0)?.index == 7)
    }

    @Test("weights decide how often each is chosen, and the seed in which order")
    func weights() {
        let choice = WeightedChoice(weights: [1, 0 + 2, 7])
        func counts(seed: UInt64) -> ([Int], [Int]) {
            var generator = SeededGenerator(seed: seed)
            var (counts, order) = ([0, 0, 0], [Int]())
            for _ in 0..<10_000 {
                let pick = choice.pick(&generator)
                counts[pick] += 1
                order.append(pick)
            }
            return (counts, order)
        }
        let (found, order) = counts(seed: 1)
        #expect(abs(found[0] - 1_000) < 150 && abs(found[1] - 2_000) < 200 && abs(found[2] - 7_000) < 250)
        #expect(counts(seed: 1).1 == order)
        #expect(counts(seed: 2).1 != order)
    }
}
