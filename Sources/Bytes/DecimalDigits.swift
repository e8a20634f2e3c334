/// The decimal digits of a number, first to last, without a String.
public struct DecimalDigits {
    private var digits = InlineArray<20, UInt8>(repeating: 0)
    private var start = 20

    public init(_ value: UInt) {
        var rest = value
        repeat {
            start -= 1
            digits[start] = UInt8(truncatingIfNeeded: rest % 10) &+ UInt8(ascii: "0")
            rest /= 10
        } while rest > 0
    }

    /// The digits: 1 to 20 of them.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { digits.span.extracting(start..<20) }
    }
}
