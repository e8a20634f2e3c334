import Bytes
import HTTP

/// What the sender has to know of a head that was written.
public struct WrittenHead {
    /// HEAD may have become GET for the cache.
    public var method: Method
    /// The upstream may answer 101.
    public var asksForUpgrade: Bool
    public var isChunked: Bool
    public var sendsBody: Bool
}

/// How a request's body goes to the upstream.
public enum UpstreamBody: Equatable {
    case none
    case length(Int)
    case chunked
}

/// Writes the head of a request to an upstream. Nothing of the client's head is copied as it came: method, target and fields
/// have been parsed, and each line is written anew.
public enum RequestRewriting {
    /// How the body will be sent, from what has been decided about it.
    public static func body(_ context: RequestContext, _ plan: ProxyPlan) -> UpstreamBody {
        // An error page's GET has no body, and neither has one that must not be passed.
        guard plan.options.passesRequestBody, context.methodOverride == nil else { return .none }
        let body = context.body
        guard body.isPresent else { return .none }
        switch body.mode {
        case .buffering: return .length(body.received)
        case .streaming:
            if let length = body.announcedLength { return .length(length) }
            return plan.options.httpVersion == .http11 ? .chunked : .none
        case .undecided, .discarding: return .none
        }
    }

    /// Appends the whole head, with the empty line after it.
    ///
    /// - Parameter fetch: given, if only without validators, for a request whose response is to be stored: it asks for the
    ///   whole, and the client's own conditions stay behind.
    public static func appendHead(
        _ context: RequestContext, _ plan: ProxyPlan, _ fetch: CacheValidators? = nil, to output: inout ByteString
    ) -> WrittenHead {
        let body = body(context, plan)
        let converts = fetch != nil && context.method == .head && plan.options.cache?.convertsHead ?? true
        var written = WrittenHead(
            method: converts ? .get : context.method, asksForUpgrade: false, isChunked: body == .chunked,
            sendsBody: body != .none)
        guard let target = plan.target(context) else { return written }
        appendMethod(context, converts: converts, to: &output)
        output.append(ASCII.space)
        TargetRewriting.append(context, plan, target, to: &output)
        output.append(literal: plan.options.httpVersion == .http11 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n")
        appendHost(context, plan, target, to: &output)
        if !plan.sentHeaders.isEmpty {
            for header in plan.sentHeaders {
                let isSent = append(header, context, to: &output)
                if header.name == .upgrade, isSent, context.head.has(.upgrade) { written.asksForUpgrade = true }
            }
        }
        appendFraming(body, context, plan, isFetch: fetch != nil, to: &output)
        if let fetch { append(fetch, plan, to: &output) }
        if plan.options.passesRequestHeaders { appendClientFields(context, plan, isFetch: fetch != nil, to: &output) }
        output.append(literal: "\r\n")
        return written
    }

    private static func appendMethod(_ context: RequestContext, converts: Bool, to output: inout ByteString) {
        if converts {
            // What is stored must have the body that a GET of the same will be answered with.
            output.append(literal: "GET")
        } else if let method = context.methodOverride {
            output.append(literal: method.name)
        } else {
            let head = context.head
            output.append(head.bytes(head.methodRange))
        }
    }

    private static func appendHost(
        _ context: RequestContext, _ plan: ProxyPlan, _ target: ProxyTarget, to output: inout ByteString
    ) {
        let start = output.count
        output.append(literal: "Host: ")
        let valueStart = output.count
        if plan.options.hostHeader != nil {
            plan.options.hostHeader?.append(to: &output, context)
            clean(&output, from: valueStart)
            if output.count == valueStart, plan.options.httpVersion == .http10 {
                output.truncate(to: start)
                return
            }
        }
        if output.count == valueStart { output.append(contentsOf: target.host) }
        output.append(literal: "\r\n")
    }

    /// False: its value is empty, and nothing was appended.
    private static func append(_ header: SetHeader, _ context: RequestContext, to output: inout ByteString) -> Bool {
        if let line = header.line {
            output.append(line.bytes)
            return true
        }
        let start = output.count
        let spelling = header.spelling
        output.append(spelling.bytes)
        output.append(literal: ": ")
        let valueStart = output.count
        header.value.append(to: &output, context)
        if output.count == valueStart {
            output.truncate(to: start)
            return false
        }
        clean(&output, from: valueStart)
        output.append(literal: "\r\n")
        return true
    }

    /// A variable can hold any byte (`$uri` is decoded): those that would end a line become spaces.
    private static func clean(_ output: inout ByteString, from start: Int) {
        var index = output.span.firstIndex(below: 0x20, or: 0, from: start)
        while index < output.count {
            if output[index] != ASCII.tab { output[index] = ASCII.space }
            index = output.span.firstIndex(below: 0x20, or: 0, from: index + 1)
        }
    }

    private static func appendFraming(
        _ body: UpstreamBody, _ context: RequestContext, _ plan: ProxyPlan, isFetch: Bool, to output: inout ByteString
    ) {
        switch body {
        case .length(let length):
            output.append(literal: "Content-Length: ")
            output.append(decimal: length)
            output.append(literal: "\r\n")
        case .chunked:
            output.append(literal: "Transfer-Encoding: chunked\r\n")
        case .none:
            // A body that was announced as empty is announced again: some origins refuse a POST without a length.
            guard !isFetch, context.head.contentLength == 0, context.methodOverride == nil, plan.options.passesRequestBody
            else { return }
            output.append(literal: "Content-Length: 0\r\n")
        }
    }

    private static func append(_ fetch: CacheValidators, _ plan: ProxyPlan, to output: inout ByteString) {
        if !fetch.etag.isEmpty, !plan.replacedFields.contains(.ifNoneMatch) {
            output.append(literal: "If-None-Match: ")
            output.append(fetch.etag.span)
            output.append(literal: "\r\n")
        }
        if !fetch.lastModified.isEmpty, !plan.replacedFields.contains(.ifModifiedSince) {
            output.append(literal: "If-Modified-Since: ")
            output.append(fetch.lastModified.span)
            output.append(literal: "\r\n")
        }
    }

    private static func appendClientFields(
        _ context: RequestContext, _ plan: ProxyPlan, isFetch: Bool, to output: inout ByteString
    ) {
        let head = context.head
        // A response for the cache must not depend on what this client has.
        let skipped = isFetch ? Preconditions.fieldsWithRanges : 0
        let nominates = head.nominatesFields
        for index in head.slots.indices {
            let slot = head.slots[index]
            if slot.name != .other, skipped & slot.name.bit != 0 { continue }
            if plan.replacedFields.mayContain(slot.name),
                plan.replacedFields.contains(slot.name, spelledAs: head.bytes(slot.nameRange))
            {
                continue
            }
            if nominates, isNominated(slot, head) { continue }
            if let line = slot.plainLine(in: head.content) {
                output.append(head.bytes(line))
                continue
            }
            output.append(head.bytes(slot.nameRange))
            output.append(literal: ": ")
            output.append(head.value(slot))
            output.append(literal: "\r\n")
        }
    }

    /// RFC 9110 §7.6.1: what Connection names goes no further than this connection.
    private static func isNominated(_ slot: FieldSlot, _ head: RequestHead) -> Bool {
        for line in head.slots where line.name == .connection {
            if HopByHop.isNamed(head.bytes(slot.nameRange), byConnection: head.value(line)) { return true }
        }
        return false
    }
}
