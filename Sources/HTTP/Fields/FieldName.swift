import Bytes

/// The name of a field, interned to a small number when it is one the server has to know (RFC 9110 §5.1).
///
/// A name that is not known is `.other`; its bytes stay where they were read.
package struct FieldName: Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let other = FieldName(rawValue: 0)
    package static let host = FieldName(rawValue: 1)
    package static let connection = FieldName(rawValue: 2)
    package static let contentLength = FieldName(rawValue: 3)
    package static let transferEncoding = FieldName(rawValue: 4)
    package static let contentType = FieldName(rawValue: 5)
    package static let contentEncoding = FieldName(rawValue: 6)
    package static let contentRange = FieldName(rawValue: 7)
    package static let date = FieldName(rawValue: 8)
    package static let server = FieldName(rawValue: 9)
    package static let lastModified = FieldName(rawValue: 10)
    package static let etag = FieldName(rawValue: 11)
    package static let location = FieldName(rawValue: 12)
    package static let expires = FieldName(rawValue: 13)
    package static let cacheControl = FieldName(rawValue: 14)
    package static let age = FieldName(rawValue: 15)
    package static let vary = FieldName(rawValue: 16)
    package static let setCookie = FieldName(rawValue: 17)
    package static let cookie = FieldName(rawValue: 18)
    package static let acceptRanges = FieldName(rawValue: 19)
    package static let range = FieldName(rawValue: 20)
    package static let ifRange = FieldName(rawValue: 21)
    package static let ifMatch = FieldName(rawValue: 22)
    package static let ifNoneMatch = FieldName(rawValue: 23)
    package static let ifModifiedSince = FieldName(rawValue: 24)
    package static let ifUnmodifiedSince = FieldName(rawValue: 25)
    package static let expect = FieldName(rawValue: 26)
    package static let upgrade = FieldName(rawValue: 27)
    package static let te = FieldName(rawValue: 28)
    package static let trailer = FieldName(rawValue: 29)
    package static let keepAlive = FieldName(rawValue: 30)
    package static let proxyConnection = FieldName(rawValue: 31)
    package static let authorization = FieldName(rawValue: 32)
    package static let userAgent = FieldName(rawValue: 33)
    package static let referer = FieldName(rawValue: 34)
    package static let accept = FieldName(rawValue: 35)
    package static let acceptEncoding = FieldName(rawValue: 36)
    package static let acceptLanguage = FieldName(rawValue: 37)
    package static let via = FieldName(rawValue: 38)
    package static let xForwardedFor = FieldName(rawValue: 39)
    package static let pragma = FieldName(rawValue: 40)
    package static let refresh = FieldName(rawValue: 41)
    package static let link = FieldName(rawValue: 42)
    package static let xAccelExpires = FieldName(rawValue: 43)
    package static let xAccelRedirect = FieldName(rawValue: 44)
    package static let xAccelLimitRate = FieldName(rawValue: 45)
    package static let xAccelBuffering = FieldName(rawValue: 46)
    package static let xAccelCharset = FieldName(rawValue: 47)
    package static let status = FieldName(rawValue: 48)
    package static let allow = FieldName(rawValue: 49)
    package static let retryAfter = FieldName(rawValue: 50)
    package static let wwwAuthenticate = FieldName(rawValue: 51)
    package static let proxyAuthenticate = FieldName(rawValue: 52)
    package static let proxyAuthorization = FieldName(rawValue: 53)
    package static let cacheStatus = FieldName(rawValue: 54)
    package static let origin = FieldName(rawValue: 55)
    package static let xRealIP = FieldName(rawValue: 56)
    package static let xForwardedProto = FieldName(rawValue: 57)

    /// The usual spelling of each known name, by raw value.
    package static let spellings: [StaticString] = [
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
    package var spelling: StaticString { FieldName.spellings[Int(rawValue)] }
}
