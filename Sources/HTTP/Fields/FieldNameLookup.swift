import Bytes

extension FieldName {
    /// Interns a name as it was received, without regard to case.
    package init(_ spelling: Span<UInt8>) {
        var found = FieldName.other
        for candidate in FieldName.spellings.indices.dropFirst() {
            let known = FieldName.spellings[candidate]
            guard known.utf8CodeUnitCount == spelling.count else { continue }
            var bytes: [UInt8] = []
            bytes.append(literal: known)
            if bytes.span.equalsIgnoringCase(spelling) {
                found = FieldName(rawValue: UInt8(candidate))
            }
        }
        self = found
    }
}
