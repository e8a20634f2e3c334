import Bytes

/// The name of a field, interned to a small number when it is one the server has to know (RFC 9110 §5.1).
///
/// A name that is not known is `.other`; its bytes stay where they were read.
///
/// Public with what is used per field line, so that other modules compare numbers in place instead of calling through the
/// conformance (137 calls a pass, by callgrind).
public struct FieldName: Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable
    public static func == (a: FieldName, b: FieldName) -> Bool { a.rawValue == b.rawValue }

    @inlinable
    public static func ~= (a: FieldName, b: FieldName) -> Bool { a.rawValue == b.rawValue }

    @inlinable public static var other: FieldName { FieldName(rawValue: 0) }
    @inlinable public static var host: FieldName { FieldName(rawValue: 1) }
    @inlinable public static var connection: FieldName { FieldName(rawValue: 2) }
    @inlinable public static var contentLength: FieldName { FieldName(rawValue: 3) }
    @inlinable public static var transferEncoding: FieldName { FieldName(rawValue: 4) }
    @inlinable public static var contentType: FieldName { FieldName(rawValue: 5) }
    @inlinable public static var contentEncoding: FieldName { FieldName(rawValue: 6) }
    @inlinable public static var contentRange: FieldName { FieldName(rawValue: 7) }
    @inlinable public static var date: FieldName { FieldName(rawValue: 8) }
    @inlinable public static var server: FieldName { FieldName(rawValue: 9) }
    @inlinable public static var lastModified: FieldName { FieldName(rawValue: 10) }
    @inlinable public static var etag: FieldName { FieldName(rawValue: 11) }
    @inlinable public static var location: FieldName { FieldName(rawValue: 12) }
    @inlinable public static var expires: FieldName { FieldName(rawValue: 13) }
    @inlinable public static var cacheControl: FieldName { FieldName(rawValue: 14) }
    @inlinable public static var age: FieldName { FieldName(rawValue: 15) }
    @inlinable public static var vary: FieldName { FieldName(rawValue: 16) }
    @inlinable public static var setCookie: FieldName { FieldName(rawValue: 17) }
    @inlinable public static var cookie: FieldName { FieldName(rawValue: 18) }
    @inlinable public static var acceptRanges: FieldName { FieldName(rawValue: 19) }
    @inlinable public static var range: FieldName { FieldName(rawValue: 20) }
    @inlinable public static var ifRange: FieldName { FieldName(rawValue: 21) }
    @inlinable public static var ifMatch: FieldName { FieldName(rawValue: 22) }
    @inlinable public static var ifNoneMatch: FieldName { FieldName(rawValue: 23) }
    @inlinable public static var ifModifiedSince: FieldName { FieldName(rawValue: 24) }
    @inlinable public static var ifUnmodifiedSince: FieldName { FieldName(rawValue: 25) }
    @inlinable public static var expect: FieldName { FieldName(rawValue: 26) }
    @inlinable public static var upgrade: FieldName { FieldName(rawValue: 27) }
    @inlinable public static var te: FieldName { FieldName(rawValue: 28) }
    @inlinable public static var trailer: FieldName { FieldName(rawValue: 29) }
    @inlinable public static var keepAlive: FieldName { FieldName(rawValue: 30) }
    @inlinable public static var proxyConnection: FieldName { FieldName(rawValue: 31) }
    @inlinable public static var authorization: FieldName { FieldName(rawValue: 32) }
    @inlinable public static var userAgent: FieldName { FieldName(rawValue: 33) }
    @inlinable public static var referer: FieldName { FieldName(rawValue: 34) }
    @inlinable public static var accept: FieldName { FieldName(rawValue: 35) }
    @inlinable public static var acceptEncoding: FieldName { FieldName(rawValue: 36) }
    @inlinable public static var acceptLanguage: FieldName { FieldName(rawValue: 37) }
    @inlinable public static var via: FieldName { FieldName(rawValue: 38) }
    @inlinable public static var xForwardedFor: FieldName { FieldName(rawValue: 39) }
    @inlinable public static var pragma: FieldName { FieldName(rawValue: 40) }
    @inlinable public static var refresh: FieldName { FieldName(rawValue: 41) }
    @inlinable public static var link: FieldName { FieldName(rawValue: 42) }
    @inlinable public static var xAccelExpires: FieldName { FieldName(rawValue: 43) }
    @inlinable public static var xAccelRedirect: FieldName { FieldName(rawValue: 44) }
    @inlinable public static var xAccelLimitRate: FieldName { FieldName(rawValue: 45) }
    @inlinable public static var xAccelBuffering: FieldName { FieldName(rawValue: 46) }
    @inlinable public static var xAccelCharset: FieldName { FieldName(rawValue: 47) }
    @inlinable public static var status: FieldName { FieldName(rawValue: 48) }
    @inlinable public static var allow: FieldName { FieldName(rawValue: 49) }
    @inlinable public static var retryAfter: FieldName { FieldName(rawValue: 50) }
    @inlinable public static var wwwAuthenticate: FieldName { FieldName(rawValue: 51) }
    @inlinable public static var proxyAuthenticate: FieldName { FieldName(rawValue: 52) }
    @inlinable public static var proxyAuthorization: FieldName { FieldName(rawValue: 53) }
    @inlinable public static var cacheStatus: FieldName { FieldName(rawValue: 54) }
    @inlinable public static var origin: FieldName { FieldName(rawValue: 55) }
    @inlinable public static var xRealIP: FieldName { FieldName(rawValue: 56) }
    @inlinable public static var xForwardedProto: FieldName { FieldName(rawValue: 57) }

    /// The usual spelling of each known name, by raw value.
    public static let spellings: [StaticString] = [
        "", "Host", "Connection", "Content-Length", "Transfer-Encoding", "Content-Type", "Content-Encoding", "Content-Range",
        "Date",
        "Server", "Last-Modified", "ETag", "Location", "Expires", "Cache-Control", "Age", "Vary", "Set-Cookie", "Cookie",
        "Accept-Ranges", "Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Expect",
        "Upgrade", "TE", "Trailer", "Keep-Alive", "Proxy-Connection", "Authorization", "User-Agent", "Referer", "Accept",
        "Accept-Encoding", "Accept-Language", "Via", "X-Forwarded-For", "Pragma", "Refresh", "Link", "X-Accel-Expires",
        "X-Accel-Redirect", "X-Accel-Limit-Rate", "X-Accel-Buffering", "X-Accel-Charset", "Status", "Allow", "Retry-After",
        "WWW-Authenticate", "Proxy-Authenticate", "Proxy-Authorization", "Cache-Status", "Origin", "X-Real-IP",
        "X-Forwarded-Proto",
    ]

    /// The usual spelling; empty for `.other`.
    public var spelling: StaticString { FieldName.spellings[Int(rawValue)] }
}
