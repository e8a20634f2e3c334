import Bytes
import Configuration
import HTTP
import Server

/// Variables about the response and about time.
enum ResponseVariables {
    static let all: [VariableDefinition] = [
        VariableDefinition("status", "The status of the response.", isPlain: true) { context, output in
            // Within an error page the status that it stands in for.
            let status = context.response.status != 0 ? context.response.status : pendingStatus(context)
            if status < 100 { output.append(literal: status < 10 ? "00" : "0") }
            output.append(decimal: status)
            return true
        },
        VariableDefinition("bytes_sent", "Bytes sent to the client.", isPlain: true) { context, output in
            output.append(decimal: context.bytesSent)
            return true
        },
        VariableDefinition("body_bytes_sent", "Bytes sent to the client, the head not counted.", isPlain: true) {
            context, output in
            output.append(decimal: max(0, context.bytesSent - context.headBytesSent))
            return true
        },
        VariableDefinition(
            "limit_rate", "The bound of the response's pace in bytes per second.",
            assign: setLimitRate,
            read: { context, output in
                output.append(
                    decimal: context.limitRate ?? context.plan.core.limitRate.flatMap { size($0.value(context)) } ?? 0)
                return true
            }),
        VariableDefinition("msec", "Seconds since 1970, with milliseconds.", isPlain: true) { context, output in
            TimeText.append(milliseconds: context.serving.loop.wallNow, to: &output)
            return true
        },
        VariableDefinition("time_local", "Local time as common logs write it.", isPlain: true) { context, output in
            context.serving.appendLocalTime(to: &output)
            return true
        },
        VariableDefinition("time_iso8601", "Local time by ISO 8601.", isPlain: true) { context, output in
            output.append(contentsOf: context.serving.logs.time.iso8601Form)
            return true
        },
        VariableDefinition(family: "sent_http_", "A field of the response.") { name in
            let wanted = SentField(name)
            return VariableReader(readsResponseFields: true) { context, output in wanted.append(context, to: &output) }
        },
        VariableDefinition(family: "sent_trailer_", "A trailer field of the response.") { name in
            let wanted = FieldLookup(variable: name)
            return VariableReader { context, output in
                guard let upstream = context.upstream else { return false }
                return wanted.append(upstream.trailers, to: &output)
            }
        },
    ]

    /// As in nginx, what is no size changes nothing.
    private static func setLimitRate(_ context: RequestContext, _ value: [UInt8]) {
        if let rate = size(value) { context.limitRate = rate }
    }

    private static func pendingStatus(_ context: RequestContext) -> Int {
        if context.overridingStatus != 0 { return context.overridingStatus }
        return context.keepsErrorStatus ? context.errorStatus : 0
    }

    /// Bytes, written as `10k` too.
    private static func size(_ text: [UInt8]) -> Int? { ArgumentTypes.size(String(decoding: text, as: UTF8.self)) }
}

/// A field of the response, those included that are written from properties.
struct SentField: Sendable {
    private let lookup: FieldLookup
    private let name: String

    init(_ name: String) {
        self.name = name
        lookup = FieldLookup(variable: name)
    }

    func append(_ context: RequestContext, to output: inout ByteString) -> Bool {
        switch name {
        case "content_type": return text(context.response.contentType.array, &output)
        case "location" where !context.response.location.isEmpty:
            // Once the head is out, as it was sent.
            let isSent = context.headBytesSent > 0
            return text(isSent ? ResponseHeadEncoding.location(context) : context.response.location.array, &output)
        case "etag" where !context.response.etag.isEmpty: return text(context.response.etag.array, &output)
        case "content_length":
            guard let length = context.response.contentLength, context.response.bodyFilters.isEmpty else { return false }
            output.append(decimal: length)
            return true
        case "last_modified":
            if !context.response.lastModifiedText.isEmpty { return text(context.response.lastModifiedText.array, &output) }
            guard let time = context.response.lastModified else { return false }
            if context.headBytesSent > 0, !ResponseHeadEncoding.tellsModification(context.response.status) { return false }
            var date: [UInt8] = []
            HTTPDate.append(time, to: &date)
            output.append(date.span)
            return true
        case "connection":
            output.append(
                literal: context.response.status == 101 ? "upgrade" : context.endsConnection ? "close" : "keep-alive"
            )
            return true
        case "keep_alive":
            guard !context.endsConnection, let seconds = context.plan.core.keepaliveHeader else { return false }
            output.append(literal: "timeout=")
            output.append(decimal: seconds)
            return true
        case "transfer_encoding":
            guard context.response.isChunked else { return false }
            output.append(literal: "chunked")
            return true
        default: return lookup.append(context.response.fields, to: &output)
        }
    }

    private func text(_ value: [UInt8], _ output: inout ByteString) -> Bool {
        output.append(contentsOf: value)
        return !value.isEmpty
    }
}
