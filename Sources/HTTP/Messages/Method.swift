import Bytes

/// The request method (RFC 9110 §9). A method that is not known keeps its bytes in the request head.
package enum Method: UInt8, Sendable {
    case get, head, post, put, delete, options, patch, trace, connect, propfind, proppatch, mkcol, copy, move, lock, unlock, other

    /// Whether the method asks for nothing but information (RFC 9110 §9.2.1).
    package var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace, .propfind: true
        default: false
        }
    }

    /// Whether a request may be repeated after a failure (RFC 9110 §9.2.2; nginx calls POST, LOCK and PATCH non-idempotent,
    /// and a method nobody knows is treated as one of them).
    package var isIdempotent: Bool {
        switch self {
        case .post, .lock, .patch, .connect, .other: false
        default: true
        }
    }
}
