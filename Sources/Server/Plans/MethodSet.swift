import HTTP

/// The methods that a `limit_except` names. GET includes HEAD, as in nginx.
public struct MethodSet: Sendable {
    private var known: UInt32 = 0

    public init() {}

    public mutating func insert(_ method: Method) {
        known |= 1 << UInt32(method.rawValue)
        if method == .get { insert(.head) }
    }

    /// A method nobody knows is in no set.
    public func contains(_ method: Method, _ head: RequestHead) -> Bool { known & 1 << UInt32(method.rawValue) != 0 }
}
