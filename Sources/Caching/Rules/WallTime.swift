/// A moment on the wall clock. Lifetimes are counted in milliseconds, so that a lifetime of one second is one second and not
/// the rest of the one that has begun.
public struct WallTime: Comparable, Hashable, Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let milliseconds: Int64

    /// No date that a peer can write lies further away than this: some 34,000 years.
    private static let bound: Int64 = 1 << 50

    public init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, -WallTime.bound), WallTime.bound)
    }

    /// A moment given in seconds since 1970; what does not fit is held at the bound.
    public init(seconds: Int) {
        let (product, overflow) = Int64(seconds).multipliedReportingOverflow(by: 1000)
        self.init(milliseconds: overflow ? (seconds < 0 ? -WallTime.bound : WallTime.bound) : product)
    }

    /// Whole seconds since 1970, rounded down.
    public var seconds: Int {
        let quotient = milliseconds / 1000
        return Int(milliseconds % 1000 < 0 ? quotient - 1 : quotient)
    }

    /// The moment `seconds` later; held at the bound.
    public func advanced(bySeconds seconds: Int) -> WallTime {
        let (sum, overflow) = milliseconds.addingReportingOverflow(WallTime(seconds: seconds).milliseconds)
        return overflow ? self : WallTime(milliseconds: sum)
    }

    /// Milliseconds from `earlier` to this moment; negative when it lies before.
    public func milliseconds(since earlier: WallTime) -> Int64 { milliseconds - earlier.milliseconds }

    public static func < (a: WallTime, b: WallTime) -> Bool { a.milliseconds < b.milliseconds }
}
