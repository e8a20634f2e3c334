import Bytes
import Server

/// The file that a path stands for.
enum FilePath {
    /// Appends root and path, or alias and the rest of the path behind what the location has matched.
    static func append(_ context: RequestContext, to output: inout ByteString) {
        appendRoot(context, to: &output)
        let path = context.path
        switch context.plan.core.documentRoot.alias {
        case nil: output.append(path.span)
        case .whole:
            if context.appendsPathToAlias { output.append(path.span) }
        case .prefix(let length): output.append(path.span.extracting(min(length, path.count)..<path.count))
        }
    }

    /// Appends the root or the alias by itself.
    static func appendRoot(_ context: RequestContext, to output: inout ByteString) {
        let start = output.count
        context.plan.core.documentRoot.template.append(to: &output, context)
        // Only a value made of variables may be relative still; the root "/" is empty.
        if start < output.count, output[start] != UInt8(ascii: "/") {
            output.insert(Array(context.serving.prefix.utf8), at: start)
        }
    }
}

/// Paths made of variables may hold what a request's own path never does after it was normalised.
enum PathSafety {
    /// A segment of two dots, or a zero byte.
    static func leadsOut(_ path: Span<UInt8>) -> Bool {
        var start = 0
        for index in 0...path.count {
            if index < path.count {
                if path[index] == 0 { return true }
                if path[index] != UInt8(ascii: "/") { continue }
            }
            if index - start == 2, path[start] == UInt8(ascii: "."), path[start + 1] == UInt8(ascii: ".") { return true }
            start = index + 1
        }
        return false
    }
}
