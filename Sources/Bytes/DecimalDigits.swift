/// The decimal digits of a number, first to last, without a String.
package struct DecimalDigits {
    private var value: UInt
    private var divisor: UInt = 1
    private var isFinished = false

    package init(_ value: UInt) {
        self.value = value
        while value / divisor >= 10 { divisor *= 10 }
    }

    package mutating func next() -> UInt8? {
        if isFinished { return nil }
        let digit = UInt8(truncatingIfNeeded: value / divisor) &+ UInt8(ascii: "0")
        value %= divisor
        if divisor == 1 { isFinished = true } else { divisor /= 10 }
        return digit
    }
}
