import Bytes

/// The request method (RFC 9110 §9). A method that is not known keeps its bytes in the request head.
public enum Method: UInt8, Sendable {
    case get, head, post, put, delete, options, patch, trace, connect, propfind, proppatch, mkcol, copy, move, lock, unlock,
        other

    /// Whether a request may be repeated after a failure (RFC 9110 §9.2.2; nginx calls POST, LOCK and PATCH non-idempotent,
    /// and a method nobody knows is treated as one of them).
    public var isIdempotent: Bool {
        switch self {
        case .post, .lock, .patch, .connect, .other: false
        default: true
        }
    }
}

extension Method {
    /// The method with this name; names are case-sensitive (RFC 9110 §9.1).
    public init(_ name: Span<UInt8>) {
        switch name.count {
        case 3:
            self = name.equals("GET") ? .get : name.equals("PUT") ? .put : .other
        case 4:
            if name.equals("POST") {
                self = .post
            } else if name.equals("HEAD") {
                self = .head
            } else if name.equals("COPY") {
                self = .copy
            } else if name.equals("MOVE") {
                self = .move
            } else {
                self = name.equals("LOCK") ? .lock : .other
            }
        case 5:
            if name.equals("PATCH") {
                self = .patch
            } else if name.equals("TRACE") {
                self = .trace
            } else {
                self = name.equals("MKCOL") ? .mkcol : .other
            }
        case 6:
            self = name.equals("DELETE") ? .delete : name.equals("UNLOCK") ? .unlock : .other
        case 7:
            self = name.equals("OPTIONS") ? .options : name.equals("CONNECT") ? .connect : .other
        case 8: self = name.equals("PROPFIND") ? .propfind : .other
        case 9: self = name.equals("PROPPATCH") ? .proppatch : .other
        default: self = .other
        }
    }

    /// The name as it stands in a request line; empty for `.other`.
    public var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        case .propfind: "PROPFIND"
        case .proppatch: "PROPPATCH"
        case .mkcol: "MKCOL"
        case .copy: "COPY"
        case .move: "MOVE"
        case .lock: "LOCK"
        case .unlock: "UNLOCK"
        case .other: ""
        }
    }
}
