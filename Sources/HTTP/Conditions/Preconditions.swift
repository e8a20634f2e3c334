import Bytes

/// Conditional requests (RFC 9110 §13) against what is known of the representation.
public enum Preconditions {
    public enum Outcome: Sendable, Equatable {
        /// Answer as if there were no condition.
        case proceed
        /// 304
        case notModified
        /// 412
        case preconditionFailed
    }

    /// nginx's `if_modified_since`.
    public enum DateComparison: Sendable {
        /// The field is as good as absent, and whoever sends it gets the whole answer.
        case off
        /// Only the very date of the representation means "not modified": nginx's default.
        case exact
        /// Any date not before that of the representation does.
        case before
    }

    /// The fields that state conditions, as bits of a `FieldNameSet`.
    public static var fields: UInt64 {
        FieldName.ifMatch.bit | FieldName.ifNoneMatch.bit | FieldName.ifModifiedSince.bit | FieldName.ifUnmodifiedSince.bit
    }

    /// Those, and the fields that ask for a part: what makes an answer depend on what its client has already.
    public static var fieldsWithRanges: UInt64 { fields | FieldName.ifRange.bit | FieldName.range.bit }

    /// Whether a request has a condition at all; one word is looked at.
    public static func arePresent(_ head: RequestHead) -> Bool { head.scan.seen.bits & fields != 0 }

    /// Evaluates the conditions of a request in the order of RFC 9110 §13.2.2, for a response that would be a 200.
    ///
    /// `entityTag` is empty when the representation has none; `lastModified` is in seconds since 1970. A date that cannot be
    /// read is no condition (§13.1.3, §13.1.4). If-Range is not looked at here: `ByteRanges` does.
    public static func evaluate(
        _ head: RequestHead, entityTag: Span<UInt8>, lastModified: Int64?, ifModifiedSince: DateComparison = .exact
    ) -> Outcome {
        guard arePresent(head) else { return .proceed }
        if let slot = head.first(.ifMatch) {
            guard EntityTag.list(head.value(slot), matches: entityTag, weakly: false) else { return .preconditionFailed }
        } else if let slot = head.first(.ifUnmodifiedSince), let lastModified {
            if let date = HTTPDate.parse(head.value(slot)), lastModified > date { return .preconditionFailed }
        }
        let isRead = head.method == .get || head.method == .head
        let since = head.first(.ifModifiedSince)
        if since != nil, ifModifiedSince == .off, isRead { return .proceed }
        if let slot = head.first(.ifNoneMatch) {
            guard EntityTag.list(head.value(slot), matches: entityTag, weakly: true) else { return .proceed }
            return isRead ? .notModified : .preconditionFailed
        }
        guard isRead, let since, let lastModified, let date = HTTPDate.parse(head.value(since)) else { return .proceed }
        let isUnchanged = ifModifiedSince == .exact ? date == lastModified : date >= lastModified
        return isUnchanged ? .notModified : .proceed
    }
}
