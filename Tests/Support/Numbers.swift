/// A small reproducible source of numbers for property tests: a linear congruential generator, never for secrets.
public struct Numbers {
    private var state: UInt64

    public init(seed: UInt64) { state = seed &* 2 &+ 1 }

    /// A number in `0..<bound`.
    public mutating func next(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    public mutating func pick<Element>(_ choices: [Element]) -> Element { choices[next(below: choices.count)] }

    /// `count` bytes of any value.
    public mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(next(below: 256)) } }
}
