import Bytes

/// Fields that concern one connection only and are never forwarded (RFC 9110 §7.6.1).
public enum HopByHop {
    /// Computed: a stored one would be looked up through a lock of its own at each use.
    private static var fields: UInt64 {
        FieldName.connection.bit | FieldName.keepAlive.bit | FieldName.proxyConnection.bit | FieldName.te.bit
            | FieldName.trailer.bit | FieldName.transferEncoding.bit | FieldName.upgrade.bit
    }

    private static let neverInTrailers = FieldNameSet([
        .host, .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .contentLength,
        .contentType, .contentEncoding, .contentRange, .cacheControl, .expires, .age, .date, .vary, .location, .retryAfter,
        .range, .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange, .expect, .authorization, .cookie,
        .setCookie, .wwwAuthenticate, .proxyAuthenticate, .proxyAuthorization, .pragma,
    ])

    /// Whether a field with this name is connection-specific by definition.
    public static func isConnectionSpecific(_ name: FieldName) -> Bool { fields & name.bit != 0 }

    /// Whether `name` is among the options of a Connection field with this value. A field that carries the message's
    /// framing or target cannot be taken away so (RFC 9110 §7.6.1: such an option is an error).
    public static func isNamed(_ name: Span<UInt8>, byConnection value: Span<UInt8>) -> Bool {
        var members = ListMembers()
        while let member = members.next(value) {
            if value.extracting(member).equalsIgnoringCase(name) { return true }
        }
        return false
    }

    /// Whether a field may stand in a trailer section (RFC 9110 §6.5.1: nothing that frames, routes, authenticates or
    /// changes how the content is handled).
    public static func mayBeTrailer(_ name: FieldName) -> Bool { name == .other || !neverInTrailers.contains(name) }
}
