import HTTP

/// The phases of a request, in nginx's order.
public enum Phase: UInt8, Sendable, Comparable {
    case postRead, serverRewrite, rewrite, preAccess, access, tryFiles, content

    public static func < (a: Phase, b: Phase) -> Bool { a.rawValue < b.rawValue }
}

/// A phase handler: a method of a small struct made of settings. (A bare function in an array is called through a thunk
/// that copies its argument; hence the wrapper.)
public struct Handler: Sendable {
    public let phase: Phase
    public let call: @Sendable (RequestContext) throws(RequestFailure) -> Verdict

    public init(_ phase: Phase, _ call: @escaping @Sendable (RequestContext) throws(RequestFailure) -> Verdict) {
        self.phase = phase
        self.call = call
    }
}

/// A header filter: changes the response that is about to be sent. Filters run in `order`.
public struct HeaderFilter: Sendable {
    /// nginx's order of header filters.
    public enum Order: UInt8, Sendable, Comparable {
        case notModified, headers, gzip, range

        public static func < (a: Order, b: Order) -> Bool { a.rawValue < b.rawValue }
    }

    public let order: Order
    public let call: @Sendable (RequestContext) -> Void
    /// Whether the filter might do otherwise for another GET of the same response, one without conditions and ranges. Asked
    /// when the filters have run, before a head is kept (`PreparedHead`).
    public let varies: @Sendable (RequestContext) -> Bool

    public init(
        _ order: Order, varies: @escaping @Sendable (RequestContext) -> Bool = { _ in false },
        _ call: @escaping @Sendable (RequestContext) -> Void
    ) {
        self.order = order
        self.call = call
        self.varies = varies
    }
}

/// What is called once per request when its last byte is out: access logs, counters.
public struct LogHandler: Sendable {
    public let call: @Sendable (RequestContext) -> Void

    public init(_ call: @escaping @Sendable (RequestContext) -> Void) { self.call = call }
}
