import Bytes

/// Which part of a representation a Range field asks for (RFC 9110 §14), in nginx's reading: a byte range that cannot be
/// parsed is a 416, and ranges that add up to more than there is are answered with the whole.
public enum ByteRanges: Sendable, Equatable {
    /// Send everything, with 200: no range was asked for, or it is not worth or not safe to honour.
    case whole
    /// 206 with Content-Range.
    case single(Range<Int>)
    /// 206 as multipart/byteranges, in the order asked for.
    case multiple([Range<Int>])
    /// 416
    case unsatisfiable

    /// Reads a Range value for a representation of `length` bytes.
    ///
    /// `maxRanges` is nginx's `max_ranges`; nil is no bound (then the parts' own heads count against the size of the whole),
    /// 0 switches ranges off. Another unit than bytes is `.whole`.
    public init(_ value: Span<UInt8>, length: Int, maxRanges: Int? = nil) {
        guard maxRanges != 0, value.count >= 7, value.extracting(0..<6).equalsIgnoringCase("bytes=") else {
            self = .whole
            return
        }
        self = ByteRanges.parse(value, length: length, maxRanges: maxRanges)
    }

    /// Whether If-Range lets the Range field stand (RFC 9110 §13.1.5): the entity tag compares strongly, the date exactly.
    /// `entityTag` is empty when there is none.
    public static func ifRange(_ value: Span<UInt8>, holdsFor entityTag: Span<UInt8>, lastModified: Int64?) -> Bool {
        if value.count >= 2, value[value.count - 1] == UInt8(ascii: "\"") {
            return entityTag.count > 0 && EntityTag.matchesStrongly(value, entityTag)
        }
        guard let lastModified, let date = HTTPDate.parse(value) else { return false }
        return date == lastModified
    }

    private static func parse(_ value: Span<UInt8>, length: Int, maxRanges: Int?) -> ByteRanges {
        var ranges: [Range<Int>] = []
        var first: Range<Int>?
        var count = 0
        var size = 0
        var position = 6
        while true {
            guard let range = parseOne(value, &position, length) else { return .unsatisfiable }
            if range.isEmpty {
                if range.lowerBound == 0 { return .whole }
            } else {
                let (sum, overflow) = size.addingReportingOverflow(range.count)
                if overflow { return .unsatisfiable }
                size = sum
                count += 1
                if let maxRanges, count > maxRanges { return .whole }
                if let first, ranges.isEmpty { ranges = [first] }
                if first == nil { first = range } else { ranges.append(range) }
            }
            guard position < value.count else { break }
            position += 1
        }
        guard let first else { return .unsatisfiable }
        if count == 1 { return .single(first) }
        if size > length { return .whole }
        // Without max_ranges, many tiny parts must not cost more than sending everything would.
        if maxRanges == nil, count * 256 - 4096 > length - size { return .whole }
        return .multiple(ranges)
    }

    /// Reads one range up to the comma or the end; empty, at the position asked for, when it lies outside.
    private static func parseOne(_ value: Span<UInt8>, _ position: inout Int, _ length: Int) -> Range<Int>? {
        skipSpaces(value, &position)
        var start = 0
        var isSuffix = false
        if position < value.count, value[position] == UInt8(ascii: "-") {
            isSuffix = true
            position += 1
        } else {
            guard let number = number(value, &position) else { return nil }
            start = number
            skipSpaces(value, &position)
            guard position < value.count, value[position] == UInt8(ascii: "-") else { return nil }
            position += 1
            skipSpaces(value, &position)
            if position == value.count || value[position] == UInt8(ascii: ",") {
                return start..<max(start, length)
            }
        }
        guard let last = number(value, &position) else { return nil }
        skipSpaces(value, &position)
        guard position == value.count || value[position] == UInt8(ascii: ",") else { return nil }
        if isSuffix {
            start = last < length ? length - last : 0
            return start..<length
        }
        let end = last >= length ? length : last + 1
        return start..<max(start, end)
    }

    private static func skipSpaces(_ value: Span<UInt8>, _ position: inout Int) {
        while position < value.count, value[position] == ASCII.space { position += 1 }
    }

    private static func number(_ value: Span<UInt8>, _ position: inout Int) -> Int? {
        let start = position
        var result = 0
        while position < value.count, ASCII.isDigit(value[position]) {
            let (product, overflow) = result.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(Int(value[position] &- 48))
            if overflow || carried { return nil }
            result = sum
            position += 1
        }
        return position > start ? result : nil
    }
}
