/// The version of a message: what changes how it is framed and whether the connection persists (RFC 9112 §2.3).
public enum HTTPVersion: UInt8, Sendable, Comparable {
    case http09, http10, http11

    public static func < (a: HTTPVersion, b: HTTPVersion) -> Bool { a.rawValue < b.rawValue }
}
