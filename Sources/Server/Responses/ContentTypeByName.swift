import Bytes

extension RequestContext {
    /// Sets the response's media type by the extension of the path (`types`, `default_type`), as nginx does for files and for
    /// `return`.
    public func setContentTypeByPath() {
        response.contentType.clear()
        let path = path
        let start = RequestContext.extensionStart(path.span)
        guard start < path.count else { return appendDefaultType() }
        var name = takeScratch()
        for index in start..<path.count { name.append(ASCII.lowercased(path[index])) }
        let type = plan.core.mediaTypes.type(forExtension: name.span)
        giveScratch(&name)
        guard let type else { return appendDefaultType() }
        response.contentType.append(type.bytes)
    }

    private func appendDefaultType() {
        response.contentType.append(plan.core.defaultType.utf8Span.span)
    }

    /// Where the extension of the last segment begins; the length when there is none. A segment that begins with its only
    /// full stop has none.
    public static func extensionStart(_ path: Span<UInt8>) -> Int {
        var index = path.count - 1
        while index > 0 {
            if path[index] == UInt8(ascii: "/") { break }
            if path[index] == UInt8(ascii: "."), path[index - 1] != UInt8(ascii: "/") { return index + 1 }
            index -= 1
        }
        return path.count
    }
}
