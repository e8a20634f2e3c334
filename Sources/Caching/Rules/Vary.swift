import Bytes
import HTTP

/// The fields of a request that select a stored response (RFC 9111 §4.1): the names that Vary lists, lower case, sorted and
/// without doubles, so that two responses that vary alike compare equal however they wrote it.
public struct Vary: Sendable, Hashable {
    /// The names, separated by commas; empty when the response does not vary.
    public let names: [UInt8]

    /// A response that is the same for every request.
    public static let none = Vary(names: [])

    /// Names as they were stored; they are trusted to be canonical.
    public init(names: [UInt8]) { self.names = names }

    public var isEmpty: Bool { names.isEmpty }

    /// Reads all Vary lines of a response; nil when one of them is or contains `*`.
    public static func parse(_ lines: [[UInt8]]) -> Vary? {
        var members: [[UInt8]] = []
        for line in lines {
            for part in line.split(separator: UInt8(ascii: ",")) {
                let text = part.map { ASCII.lowercased($0) }
                let range = text.span.trimmedRange()
                if range.isEmpty { continue }
                let name = Array(text[range])
                if name == [UInt8(ascii: "*")] { return nil }
                members.append(name)
            }
        }
        members.sort { $0.lexicographicallyPrecedes($1) }
        var names: [UInt8] = []
        var last: [UInt8] = []
        for member in members where member != last {
            if !names.isEmpty { names.append(UInt8(ascii: ",")) }
            names.append(contentsOf: member)
            last = member
        }
        return Vary(names: names)
    }

    /// The secondary key of a request: a digest over the selecting fields with their values normalised as far as white space
    /// and empty list members go. Zero when the response does not vary.
    public func variant(of request: RequestHead) -> Digest {
        if names.isEmpty { return Vary.noVariant }
        var text: [UInt8] = []
        text.reserveCapacity(256)
        return variant(of: request, scratch: &text)
    }

    /// As `variant(of:)`, composing in `scratch`, whose memory is reused.
    public func variant(of request: RequestHead, scratch: inout [UInt8]) -> Digest {
        if names.isEmpty { return Vary.noVariant }
        scratch.removeAll(keepingCapacity: true)
        var start = 0
        while start < names.count {
            let end = names.span.firstIndex(of: UInt8(ascii: ","), from: start) ?? names.count
            let name = names.span.extracting(start..<end)
            Vary.append(name, of: request, to: &scratch)
            start = end + 1
        }
        return Digest(scratch.span)
    }

    public static let noVariant = Digest(high: 0, low: 0)

    private static func append(_ name: Span<UInt8>, of request: RequestHead, to text: inout [UInt8]) {
        text.append(name)
        let known = FieldName(name)
        var isPresent = false
        for slot in request.slots {
            guard slot.name == known else { continue }
            if known == .other, !request.bytes(slot.nameRange).equalsIgnoringCase(name) { continue }
            text.append(isPresent ? UInt8(ascii: ",") : UInt8(ascii: ":"))
            isPresent = true
            normalise(request.value(slot), to: &text)
        }
        text.append(ASCII.lineFeed)
    }

    /// Appends the list members of `value` without the white space around them and without the empty ones; a value with
    /// quotes is left as it is.
    private static func normalise(_ value: Span<UInt8>, to text: inout [UInt8]) {
        let whole = value.trimmedRange()
        if value.firstIndex(of: UInt8(ascii: "\"")) != nil {
            text.append(value.extracting(whole))
            return
        }
        var start = whole.lowerBound
        var isFirst = true
        while start < whole.upperBound {
            let end = min(value.firstIndex(of: UInt8(ascii: ","), from: start) ?? whole.upperBound, whole.upperBound)
            let member = value.trimmedRange(start..<end)
            if !member.isEmpty {
                if !isFirst { text.append(UInt8(ascii: ",")) }
                text.append(value.extracting(member))
                isFirst = false
            }
            start = end + 1
        }
    }
}
