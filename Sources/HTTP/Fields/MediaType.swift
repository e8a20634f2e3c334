import Bytes

/// Media types as Content-Type carries them (RFC 9110 §8.3.1).
public enum MediaType {
    /// The range of `type/subtype` in a Content-Type value, parameters and white space left out.
    public static func essence(_ contentType: Span<UInt8>) -> Range<Int> {
        contentType.trimmedRange(0..<(contentType.firstIndex(of: UInt8(ascii: ";")) ?? contentType.count))
    }

    /// Whether the value is of type `type` (`type/subtype`, or `*` for every type), without regard to case and parameters:
    /// how nginx's `gzip_types` and its kin compare.
    public static func matches(_ contentType: Span<UInt8>, _ type: Span<UInt8>) -> Bool {
        if type.equals("*") { return contentType.count > 0 }
        let essence = essence(contentType)
        return essence.count == type.count && contentType.extracting(essence).equalsIgnoringCase(type)
    }

    /// The range of the value of a parameter, quotes left out, or nil; `name` is lower case.
    public static func parameter(_ contentType: Span<UInt8>, _ name: StaticString) -> Range<Int>? {
        var position = contentType.firstIndex(of: UInt8(ascii: ";"))
        while let start = position {
            var end = start + 1
            var isQuoted = false
            while end < contentType.count, isQuoted || contentType[end] != UInt8(ascii: ";") {
                if contentType[end] == UInt8(ascii: "\"") { isQuoted.toggle() }
                end += 1
            }
            let parameter = contentType.trimmedRange((start + 1)..<end)
            position = end < contentType.count ? end : nil
            guard let equals = contentType.firstIndex(of: UInt8(ascii: "="), from: parameter.lowerBound),
                equals < parameter.upperBound,
                contentType.extracting(parameter.lowerBound..<equals).equalsIgnoringCase(name)
            else { continue }
            var value = (equals + 1)..<parameter.upperBound
            if value.count >= 2, contentType[value.lowerBound] == UInt8(ascii: "\""),
                contentType[value.upperBound - 1] == UInt8(ascii: "\"")
            {
                value = (value.lowerBound + 1)..<(value.upperBound - 1)
            }
            return value
        }
        return nil
    }
}
