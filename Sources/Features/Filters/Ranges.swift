import Bytes
import Configuration
import HTTP
import Server

/// Range requests (RFC 9110 §14), and `max_ranges`.
public enum Ranges: Feature {
    public struct Settings: Sendable { var maximum: Int? }
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = [
        .integer(
            "max_ranges", \.maximum, in: [.http, .server, .location],
            "How many ranges a request may ask for; 0 serves none.", default: "no bound")
    ]

    public static func install(_ s: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        plan.core.maxRanges = s.maximum ?? Int.max
        plan.add(HeaderFilter(.range, RangeFilter(maximum: s.maximum).apply))
    }
}

/// Cuts the ranges that were asked for out of a response whose whole content is at hand.
struct RangeFilter: Sendable {
    let maximum: Int?

    func apply(_ context: RequestContext) {
        guard context.response.allowsRanges, context.response.status == 200, maximum != 0 else { return }
        guard context.response.bodyFilters.isEmpty, let length = context.response.contentLength, context.head.version >= .http10
        else { return }
        let head = context.head
        guard head.has(.range), let slot = head.first(.range), length > 0, context.method == .get || context.method == .head,
            ifRangeHolds(context)
        else { return advertise(context) }
        switch ByteRanges(head.value(slot), length: length, maxRanges: maximum) {
        case .whole: advertise(context)
        case .single(let range): single(range, length, context)
        case .multiple(let ranges):
            // Of a body that is still arriving only one part can be sent as it comes.
            if case .empty = context.response.content { return advertise(context) }
            multiple(ranges, length, context)
        case .unsatisfiable: unsatisfiable(length, context)
        }
    }

    private func advertise(_ context: RequestContext) {
        if context.response.fields.contains(.acceptRanges) { return }
        context.response.fields.append(.acceptRanges, literal: "bytes")
    }

    private func ifRangeHolds(_ context: RequestContext) -> Bool {
        let head = context.head
        guard let slot = head.first(.ifRange) else { return true }
        let etag = context.response.etag.array
        let modified = context.response.modificationTime
        return ByteRanges.ifRange(head.value(slot), holdsFor: etag.span, lastModified: modified)
    }

    private func single(_ range: Range<Int>, _ length: Int, _ context: RequestContext) {
        context.response.status = 206
        context.response.reason.clear()
        context.response.contentLength = range.count
        context.response.streamRange = range
        context.response.content = context.response.content.slice(range)
        context.response.fields.remove(.contentRange)
        var value: [UInt8] = []
        ContentRange.append(range, of: length, to: &value)
        context.response.fields.append(.contentRange, value.span)
    }

    private func multiple(_ ranges: [Range<Int>], _ length: Int, _ context: RequestContext) {
        let type = context.response.contentType.array
        let parts = MultipartRanges(boundary: UInt64.random(in: 0...UInt64.max), contentType: type.span, length: length)
        var pieces: [Content] = []
        for range in ranges {
            var head: [UInt8] = []
            parts.appendPartHead(range, to: &head)
            pieces.append(.memory(FrozenBytes(head), 0..<head.count))
            pieces.append(context.response.content.slice(range))
        }
        var end: [UInt8] = []
        parts.appendEnd(to: &end)
        pieces.append(.memory(FrozenBytes(end), 0..<end.count))
        context.response.status = 206
        context.response.reason.clear()
        context.response.fields.remove(.contentRange)
        context.response.contentType.clear()
        parts.appendContentType(to: &context.response.contentType)
        context.response.contentLength = parts.contentLength(ranges)
        context.response.content = .pieces(pieces)
    }

    private func unsatisfiable(_ length: Int, _ context: RequestContext) {
        let isFinal = ErrorResponse.refuse(context, 416)
        var value: [UInt8] = []
        ContentRange.appendUnsatisfied(length: length, to: &value)
        if isFinal {
            context.response.fields.remove(.contentRange)
            context.response.fields.append(.contentRange, value.span)
        } else {
            // The page that stands in for it says so too.
            context.carriedFields.append(.contentRange, value.span)
        }
    }
}

extension Content {
    /// A part of content that is one piece.
    func slice(_ range: Range<Int>) -> Content {
        switch self {
        case .empty, .pieces: self
        case .memory(let bytes, let whole):
            .memory(bytes, (whole.lowerBound + range.lowerBound)..<(whole.lowerBound + range.upperBound))
        case .file(let file, let whole):
            .file(file, (whole.lowerBound + range.lowerBound)..<(whole.lowerBound + range.upperBound))
        }
    }
}
