import Observability
import Testing

@Suite("Histogram")
struct HistogramTests {
    @Test("small values are exact")
    func smallValues() {
        var histogram = Histogram(highestValue: 1_000_000)
        for value in 1...1_000 { histogram.record(value) }
        #expect(histogram.count == 1_000)
        #expect(histogram.minimum == 1 && histogram.maximum == 1_000)
        #expect(histogram.mean == 500.5)
        #expect(histogram.percentile(0) == 1)
        #expect(histogram.percentile(50) == 500)
        #expect(histogram.percentile(99) == 990)
        #expect(histogram.percentile(99.9) == 999)
        #expect(histogram.percentile(100) == 1_000)
    }

    @Test("an empty histogram answers zero")
    func empty() {
        let histogram = Histogram(highestValue: 100)
        #expect(histogram.isEmpty && histogram.percentile(99) == 0 && histogram.mean == 0)
        #expect(histogram.minimum == 0 && histogram.maximum == 0)
    }

    @Test("every value's bucket is within the promised precision", arguments: 1...5)
    func precision(digits: Int) {
        let scale = [10.0, 100, 1_000, 10_000, 100_000][digits - 1]
        var value = 1
        while value < 1 << 50 {
            for near in [value - 1, value, value + 1, value + value / 3] {
                var histogram = Histogram(highestValue: 1 << 52, significantDigits: digits)
                histogram.record(near)
                histogram.record(1 << 52)
                let found = histogram.percentile(50)
                #expect(found >= near)
                #expect(Double(found - near) <= Double(near) / scale, "\(near) was read as \(found)")
            }
            value *= 4
        }
    }

    @Test("percentiles agree with a sorted list")
    func againstSortedList() {
        var histogram = Histogram(highestValue: 1 << 40)
        var values: [Int] = []
        var state: UInt64 = 42
        for _ in 0..<5_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = Int(state >> 30) % (1 << Int(state >> 59 &+ 8))
            values.append(value)
            histogram.record(value)
        }
        values.sort()
        for permille in [10, 100, 500, 900, 990, 999, 1_000] {
            let exact = values[permille * 5 - 1]
            let found = histogram.percentile(Double(permille) / 10)
            #expect(found >= exact && Double(found - exact) <= Double(exact) / 1_000 + 1)
        }
    }

    @Test("a value above the highest is clamped, counted, and remembered as the maximum")
    func clamping() {
        var histogram = Histogram(highestValue: 1_000)
        histogram.record(5_000)
        histogram.record(-3)
        #expect(histogram.clampedCount == 1 && histogram.count == 2)
        #expect(histogram.maximum == 5_000 && histogram.minimum == 0)
        #expect(histogram.percentile(100) <= 5_000 && histogram.percentile(100) >= 1_000)
    }

    @Test("merging equals recording in one, and a reset forgets")
    func mergeAndReset() {
        var (first, second, both) = (
            Histogram(highestValue: 1 << 30), Histogram(highestValue: 1 << 30), Histogram(highestValue: 1 << 30)
        )
        for value in stride(from: 1, to: 1 << 29, by: 99_991) {
            if value % 2 == 0 { first.record(value) } else { second.record(value) }
            both.record(value)
        }
        first.merge(second)
        #expect(first.count == both.count && first.maximum == both.maximum && first.minimum == both.minimum)
        for percent in [5.0, 50, 95] { #expect(first.percentile(percent) == both.percentile(percent)) }
        first.reset()
        #expect(first == Histogram(highestValue: 1 << 30))
    }

    @Test("counts below a value are right")
    func counts() {
        var histogram = Histogram(highestValue: 1 << 40)
        for value in [1, 2, 2, 5_000_000, 1 << 39] { histogram.record(value) }
        #expect(histogram.count(notAbove: 2) == 3 && histogram.count(notAbove: 1 << 39) == 5)
        #expect(histogram.count(notAbove: 0) == 0 && histogram.count(notAbove: -1) == 0)
    }
}

@Suite("Apdex")
struct ApdexTests {
    @Test(
        "each duration is put where the specification puts it",
        arguments: [(0, 1.0), (500, 1.0), (501, 0.5), (2_000, 0.5), (2_001, 0.0), (Int.max, 0.0)])
    func classes(duration: Int, score: Double) {
        var apdex = Apdex(threshold: 500)
        apdex.record(duration)
        #expect(apdex.score == score)
    }

    @Test("the score weighs satisfied, tolerating and frustrated")
    func score() {
        var apdex = Apdex(threshold: 100)
        #expect(apdex.score == nil)
        for _ in 0..<60 { apdex.record(50) }
        for _ in 0..<30 { apdex.record(300) }
        for _ in 0..<5 { apdex.record(401) }
        for _ in 0..<5 { apdex.recordFailure() }
        #expect(apdex.score == 0.75)
        var twice = apdex
        twice.merge(apdex)
        #expect(twice.score == 0.75 && twice.count == 200)
    }
}

@Suite("Counter")
struct CounterTests {
    @Test("the sum is that of all slots")
    func sum() {
        let counter = Counter(loops: 3)
        counter.add(loop: 0)
        counter.add(5, loop: 2)
        counter.slot(1).add(-2)
        counter.addFromAnyThread(10)
        #expect(counter.sum == 14)
    }

    @Test("tasks on many threads lose nothing")
    func concurrently() async {
        let counter = Counter(loops: 4)
        await withTaskGroup(of: Void.self) { group in
            for loop in 0..<4 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.add(loop: loop)
                        counter.addFromAnyThread()
                    }
                }
            }
        }
        #expect(counter.sum == 80_000)
    }
}
