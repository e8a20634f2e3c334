/// A histogram with a bounded relative error and fixed memory, after the idea of HdrHistogram (Gil Tene).
///
/// Values are non-negative integers in a unit the caller chooses (nanoseconds, bytes). Each value falls into a bucket whose
/// width is at most `10^-significantDigits` of the value, so any percentile is right to that many digits, whatever the
/// shape of the distribution. Recording is a shift, an index and an addition; nothing grows after `init`.
public struct Histogram: Sendable, Equatable {
    /// The largest value told apart. A larger one is counted in the last bucket and in `clampedCount`.
    public let highestValue: Int
    /// Decimal digits that percentiles are right to: 1 to 5.
    public let significantDigits: Int
    /// Values recorded.
    public private(set) var count = 0
    /// Recorded values that were larger than `highestValue`.
    public private(set) var clampedCount = 0
    private var smallest = Int.max
    private var largest = 0
    // A sum of integers beyond 2^53 loses digits that no mean of latencies needs, but can never overflow.
    private var sum = 0.0
    private let layout: HistogramLayout
    private var counts: [Int]

    /// An empty histogram for values of `0...highestValue`.
    ///
    /// Needs about `8 × 2 × 10^significantDigits × log2(highestValue / 10^significantDigits)` bytes: 270 KB for an hour of
    /// nanoseconds at three digits.
    public init(highestValue: Int, significantDigits: Int = 3) {
        precondition(highestValue >= 2 && (1...5).contains(significantDigits))
        self.highestValue = highestValue
        self.significantDigits = significantDigits
        layout = HistogramLayout(significantDigits: significantDigits)
        counts = Array(repeating: 0, count: layout.index(of: highestValue) + 1)
    }

    public var isEmpty: Bool { count == 0 }
    /// The smallest value recorded, exactly; 0 when there is none.
    public var minimum: Int { count == 0 ? 0 : smallest }
    /// The largest value recorded, exactly; 0 when there is none.
    public var maximum: Int { largest }
    /// The arithmetic mean of what was recorded; 0 when there is nothing.
    public var mean: Double { count == 0 ? 0 : sum / Double(count) }

    /// Counts `value` once (a negative value, which a clock that was set back may give, counts as 0).
    public mutating func record(_ value: Int) {
        record(value, times: 1)
    }

    /// Counts `value` `times` times.
    public mutating func record(_ value: Int, times: Int) {
        guard times > 0 else { return }
        let value = max(value, 0)
        if value > highestValue { clampedCount += times }
        counts[layout.index(of: min(value, highestValue))] += times
        count += times
        sum += Double(value) * Double(times)
        smallest = min(smallest, value)
        largest = max(largest, value)
    }

    /// The smallest recorded value (to the histogram's precision) that at least `percent` of the values do not exceed.
    /// `percent` is clamped to `0...100`; an empty histogram answers 0.
    public func percentile(_ percent: Double) -> Int {
        guard count > 0 else { return 0 }
        // 99.9 has no exact binary form: without the small deduction 99.9 % of 1,000 values would be the last of them.
        let wanted = min(max(percent, 0), 100) / 100 * Double(count) * (1 - 1e-12)
        let rank = min(max(Int(wanted.rounded(.up)), 1), count)
        var seen = 0
        for index in counts.indices {
            seen += counts[index]
            if seen >= rank { return min(layout.highestValue(at: index), largest) }
        }
        return largest
    }

    /// How many recorded values are at most `value` (to the histogram's precision).
    public func count(notAbove value: Int) -> Int {
        guard value >= 0 else { return 0 }
        let last = layout.index(of: min(value, highestValue))
        var seen = 0
        for index in 0...last { seen += counts[index] }
        return seen
    }

    /// Adds what `other` holds. Both must have been made with the same bounds.
    public mutating func merge(_ other: Histogram) {
        precondition(highestValue == other.highestValue && significantDigits == other.significantDigits)
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        clampedCount += other.clampedCount
        sum += other.sum
        smallest = min(smallest, other.smallest)
        largest = max(largest, other.largest)
    }

    /// Forgets everything; the memory stays.
    public mutating func reset() {
        for index in counts.indices { counts[index] = 0 }
        (count, clampedCount, sum, smallest, largest) = (0, 0, 0, Int.max, 0)
    }
}

/// Where a value's bucket lies.
///
/// The first `2 × half` buckets are one unit wide. Above them each power of two is divided into `half` buckets, so a bucket
/// is never wider than its value divided by `half`.
private struct HistogramLayout: Sendable, Equatable {
    /// Bits of the number of one-unit buckets.
    private let bits: Int

    init(significantDigits: Int) {
        var needed = 2
        for _ in 0..<significantDigits { needed *= 10 }
        bits = Int.bitWidth - (needed - 1).leadingZeroBitCount
    }

    private var half: Int { 1 << (bits - 1) }

    /// `value` is not negative.
    func index(of value: Int) -> Int {
        let shift = max(Int.bitWidth - value.leadingZeroBitCount - bits, 0)
        return shift * half + (value >> shift)
    }

    private func shift(at index: Int) -> Int { max(index / half - 1, 0) }

    func lowestValue(at index: Int) -> Int {
        let shift = shift(at: index)
        return (index - shift * half) << shift
    }

    func highestValue(at index: Int) -> Int {
        lowestValue(at: index) + (1 << shift(at: index)) - 1
    }
}
