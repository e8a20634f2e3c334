import Bytes

/// The arguments of a query: `name=value` joined by ampersands.
public enum QueryString {
    /// The range of the value of the first argument with this name, as it stands there (not decoded), as nginx's `$arg_name`
    /// finds it: names are compared without regard to case, an argument without an equals sign is none.
    public static func value(_ name: Span<UInt8>, in query: Span<UInt8>) -> Range<Int>? {
        guard name.count > 0 else { return nil }
        var start = 0
        while start < query.count {
            let end = query.firstIndex(of: UInt8(ascii: "&"), from: start) ?? query.count
            let equals = start + name.count
            if equals < end, query[equals] == UInt8(ascii: "="), query.extracting(start..<equals).equalsIgnoringCase(name) {
                return (equals + 1)..<end
            }
            start = end + 1
        }
        return nil
    }
}
