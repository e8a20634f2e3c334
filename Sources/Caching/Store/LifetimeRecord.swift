import Bytes

/// A lifetime as it stands in a cache file: 56 bytes.
enum LifetimeRecord {
    static let length = 56

    static func append(_ lifetime: Lifetime, to output: inout [UInt8]) {
        output.appendNumber(lifetime.responseTime.milliseconds)
        output.appendNumber(lifetime.freshUntil.milliseconds)
        output.appendNumber(Int64(lifetime.date))
        output.appendNumber(Int64(lifetime.ageAtReceipt))
        output.appendNumber(Int64(lifetime.staleWhileRevalidate))
        output.appendNumber(Int64(lifetime.staleIfError))
        output.appendNumber(UInt64(lifetime.mustRevalidate ? 1 : 0))
    }

    /// Nil when the bytes do not hold one; numbers that no response can have given are taken as damage.
    static func decode(_ bytes: Span<UInt8>, at offset: Int) -> Lifetime? {
        guard offset >= 0, offset <= bytes.count - length else { return nil }
        func number(_ index: Int) -> Int64 { bytes.number(Int64.self, at: offset + index * 8) ?? 0 }
        let age = number(3)
        guard age >= 0, age <= Int64(Age.limit), number(4) >= 0, number(5) >= 0, number(6) == 0 || number(6) == 1 else {
            return nil
        }
        return Lifetime(
            responseTime: WallTime(milliseconds: number(0)), freshUntil: WallTime(milliseconds: number(1)),
            date: Int(number(2)),
            ageAtReceipt: Int(age), staleWhileRevalidate: Int(number(4)), staleIfError: Int(number(5)),
            mustRevalidate: number(6) == 1)
    }
}
