import HTTP

/// The phases of a request, in nginx's order.
package enum Phase: UInt8, Sendable, Comparable {
    case postRead, serverRewrite, rewrite, preAccess, access, tryFiles, content

    package static func < (a: Phase, b: Phase) -> Bool { a.rawValue < b.rawValue }
}

/// A phase handler: a method of a small struct made of settings. (A bare function in an array is called through a thunk
/// that copies its argument; hence the wrapper.)
package struct Handler: Sendable {
    package let phase: Phase
    package let call: @Sendable (RequestContext) throws(RequestFailure) -> Verdict

    package init(_ phase: Phase, _ call: @escaping @Sendable (RequestContext) throws(RequestFailure) -> Verdict) {
        self.phase = phase
        self.call = call
    }
}

/// A header filter: changes the response that is about to be sent. Filters run in `order`.
package struct HeaderFilter: Sendable {
    /// nginx's order of header filters.
    package enum Order: UInt8, Sendable, Comparable {
        case notModified, headers, gzip, range

        package static func < (a: Order, b: Order) -> Bool { a.rawValue < b.rawValue }
    }

    package let order: Order
    package let call: @Sendable (RequestContext) -> Void
    /// Whether the filter might do otherwise for another GET of the same response, one without conditions and ranges. Asked
    /// when the filters have run, before a head is kept (`PreparedHead`).
    package let varies: @Sendable (RequestContext) -> Bool

    package init(
        _ order: Order, varies: @escaping @Sendable (RequestContext) -> Bool = { _ in false },
        _ call: @escaping @Sendable (RequestContext) -> Void
    ) {
        self.order = order
        self.call = call
        self.varies = varies
    }
}

/// What is called once per request when its last byte is out: access logs, counters.
package struct LogHandler: Sendable {
    package let call: @Sendable (RequestContext) -> Void

    package init(_ call: @escaping @Sendable (RequestContext) -> Void) { self.call = call }
}
