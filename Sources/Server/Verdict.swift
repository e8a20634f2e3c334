/// What a phase handler decides about a request.
public enum Verdict {
    /// The next handler decides.
    case next
    /// The request is answered.
    case respond(Response)
    /// The request goes on elsewhere, inside the server (`try_files`, `index`, `error_page`, X-Accel-Redirect).
    case redirect(InternalRedirect)
    /// The request cannot go on before this is there. The same handler is called again then, with the outcome in the context.
    case wait(Need)
    /// The connection is closed without an answer (`return 444`).
    case close
}

/// How a request is answered.
public enum Response {
    /// `context.response` has been composed: status, fields and content.
    case composed
    /// An answer of the server's own for this status: `error_page` applies, else a short page.
    case status(Int)
    /// What the upstream sent, from its head (in `context.upstream`) to its end.
    case pass
    /// What a fill brings, as it arrives (in `context.outcome`).
    case follow(any BodyFollower)
}

/// Where an internal redirect leads.
public enum InternalRedirect {
    /// A new path and query, looked up among the locations again.
    case uri(path: [UInt8], query: [UInt8]?)
    /// A named location.
    case named(LocationPlan)
}

/// What a request waits for.
public enum Need {
    /// The whole request body.
    case body
    /// An upstream's response head, by the proxy plan of the location.
    case upstream(ProxyPlan)
    /// A stored response, a fill to follow, or an upstream's head, by the rules of the cache.
    case cached(ProxyPlan)
    /// This many milliseconds.
    case delay(Int64)
}

/// What came of a need.
public enum Outcome {
    case none
    case done
    /// The upstream's head is in `context.upstream`.
    case head
    /// A stored response that may be sent; `context.response` holds status, fields and content.
    case stored
    /// A fill that this request may read.
    case follow(any BodyFollower)
    /// Nothing came: the status for the client.
    case failed(Int)
}
