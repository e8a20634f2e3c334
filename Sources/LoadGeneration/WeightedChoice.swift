/// A small generator of pseudo-random numbers (SplitMix64, Steele et al. 2014): the same seed gives the same load again.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

/// Chooses one of several positions, each with a probability in proportion to its weight.
public struct WeightedChoice: Sendable {
    private let upperBounds: [Int]
    private let total: Int

    /// Weights are positive and their sum fits an Int: the workload's parser has seen to it.
    public init(weights: [Int]) {
        var sum = 0
        upperBounds = weights.map { weight in
            sum += weight
            return sum
        }
        total = sum
        precondition(total > 0)
    }

    public func pick(_ generator: inout SeededGenerator) -> Int {
        guard upperBounds.count > 1 else { return 0 }
        let point = Int.random(in: 0..<total, using: &generator)
        var (low, high) = (0, upperBounds.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if point < upperBounds[middle] { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
