import Bytes
import HTTP

/// From the request's target to the one that the upstream is asked for, as nginx makes it.
public enum TargetRewriting {
    /// Appends path and query for `target`.
    ///
    /// Without a URI in proxy_pass the target goes on as the client sent it, unless an internal redirect or an assignment
    /// changed it. With one, it takes the place of the location's prefix in the normalised path, whose rest is encoded anew
    /// when it had been encoded. A URI out of variables is the whole target.
    public static func append(_ context: RequestContext, _ plan: ProxyPlan, _ target: ProxyTarget, to output: inout ByteString)
    {
        if target.isComputed, let uri = target.uri {
            appendWithSlash(uri.span, to: &output)
            return
        }
        let head = context.head
        // Whatever changes the path inside the server gives the query too, if only an empty one.
        let isOriginal = context.query == nil
        if target.uri == nil, isOriginal {
            appendWithSlash(head.bytes(head.targetRange), to: &output)
            return
        }
        appendPath(context, plan, target.uri, isOriginal: isOriginal, to: &output)
        appendQuery(context, to: &output)
    }

    private static func appendPath(
        _ context: RequestContext, _ plan: ProxyPlan, _ uri: [UInt8]?, isOriginal: Bool, to output: inout ByteString
    ) {
        let path = context.path
        var start = 0
        if let uri {
            appendWithSlash(uri.span, to: &output)
            start = min(plan.options.prefixLength, path.count)
        }
        let rest = path.span.extracting(start..<path.count)
        let head = context.head
        let mayStand = isOriginal && !context.isInternal && head.bytes(head.pathRange).firstIndex(of: UInt8(ascii: "%")) == nil
        if mayStand { output.append(rest) } else { PercentCoding.encode(rest, for: .path, to: &output) }
    }

    private static func appendQuery(_ context: RequestContext, to output: inout ByteString) {
        if let query = context.query {
            if query.isEmpty { return }
            output.append(UInt8(ascii: "?"))
            appendGuarded(query.span, to: &output)
        } else if let range = context.head.queryRange, !range.isEmpty {
            let head = context.head
            output.append(UInt8(ascii: "?"))
            output.append(head.bytes(range))
        }
    }

    private static func appendWithSlash(_ text: Span<UInt8>, to output: inout ByteString) {
        if text.count == 0 || text[0] != UInt8(ascii: "/") { output.append(UInt8(ascii: "/")) }
        appendGuarded(text, to: &output)
    }

    /// Appends `text` with what would end a request line or a target encoded: a variable can hold any byte, and none may
    /// begin another request.
    private static func appendGuarded(_ text: Span<UInt8>, to output: inout ByteString) {
        var start = 0
        while true {
            let index = text.firstIndex(below: 0x21, or: 0x7f, from: start)
            guard index < text.count else { break }
            if index > start { output.append(text.extracting(start..<index)) }
            output.append(UInt8(ascii: "%"))
            output.append(ASCII.hexDigit(text[index] >> 4, uppercase: true))
            output.append(ASCII.hexDigit(text[index], uppercase: true))
            start = index + 1
        }
        if start < text.count { output.append(text.extracting(start..<text.count)) }
    }
}
