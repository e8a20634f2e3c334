import Bytes

/// Writes a multipart/byteranges body (RFC 9110 §14.6): what stands before, between and after the ranges.
public struct MultipartRanges: Sendable {
    /// Twenty digits; the caller counts, so that it differs from response to response.
    private let boundary: [UInt8]
    /// Content-Type of the whole; empty when it has none.
    private let contentType: [UInt8]
    /// Size of the whole representation.
    private let length: Int

    public init(boundary number: UInt64, contentType: Span<UInt8>, length: Int) {
        var digits: [UInt8] = []
        var rest = number
        for _ in 0..<20 {
            digits.append(48 + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
        digits.reverse()
        boundary = digits
        self.contentType = contentType.array
        self.length = length
    }

    /// Appends the Content-Type of the response.
    public func appendContentType(to output: inout ByteString) {
        output.append(literal: "multipart/byteranges; boundary=")
        output.append(boundary.span)
    }

    /// Appends what stands before the bytes of `range`.
    public func appendPartHead(_ range: Range<Int>, to output: inout [UInt8]) {
        output.append(literal: "\r\n--")
        output.append(boundary.span)
        if !contentType.isEmpty {
            output.append(literal: "\r\nContent-Type: ")
            output.append(contentType.span)
        }
        output.append(literal: "\r\nContent-Range: ")
        ContentRange.append(range, of: length, to: &output)
        output.append(literal: "\r\n\r\n")
    }

    /// Appends what stands after the last range.
    public func appendEnd(to output: inout [UInt8]) {
        output.append(literal: "\r\n--")
        output.append(boundary.span)
        output.append(literal: "--\r\n")
    }

    /// The length of the whole body; `ranges` lie within the representation and add up to no more than it.
    public func contentLength(_ ranges: [Range<Int>]) -> Int {
        var head: [UInt8] = []
        var total = 0
        for range in ranges {
            head.removeAll(keepingCapacity: true)
            appendPartHead(range, to: &head)
            total += head.count + range.count
        }
        return total + boundary.count + 8
    }
}

/// The Content-Range field (RFC 9110 §14.4).
public enum ContentRange {
    /// Appends `bytes 0-9/100`; `range` is not empty.
    public static func append(_ range: Range<Int>, of length: Int, to output: inout [UInt8]) {
        output.append(literal: "bytes ")
        output.append(decimal: range.lowerBound)
        output.append(UInt8(ascii: "-"))
        output.append(decimal: range.upperBound - 1)
        output.append(UInt8(ascii: "/"))
        output.append(decimal: length)
    }

    /// Appends the value that goes with a 416: `bytes */100`.
    public static func appendUnsatisfied(length: Int, to output: inout [UInt8]) {
        output.append(literal: "bytes */")
        output.append(decimal: length)
    }

    /// Reads `bytes first-last/length`; `length` is nil when the sender gave `*`. Nil when malformed, when the range lies
    /// outside the length, or for the unsatisfied form.
    public static func parse(_ value: Span<UInt8>) -> (range: Range<Int>, length: Int?)? {
        guard value.count > 6, value.extracting(0..<6).equalsIgnoringCase("bytes "),
            let dash = value.firstIndex(of: UInt8(ascii: "-"), from: 6),
            let slash = value.firstIndex(of: UInt8(ascii: "/"), from: dash),
            let first = value.extracting(6..<dash).decimal(), let last = value.extracting((dash + 1)..<slash).decimal(),
            first <= last, last < Int.max
        else { return nil }
        let rest = value.extracting((slash + 1)..<value.count)
        if rest.equals("*") { return (first..<(last + 1), nil) }
        guard let length = rest.decimal(), last < length else { return nil }
        return (first..<(last + 1), length)
    }
}
