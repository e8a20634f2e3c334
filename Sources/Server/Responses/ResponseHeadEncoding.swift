import Bytes
import HTTP
import Platform

/// Writes a response's head for HTTP/1.1, in nginx's order of fields (RFC 9112 §4).
public enum ResponseHeadEncoding {
    /// How the body's end is told.
    enum Framing {
        /// No body may follow (1xx, 204, 304) and nothing is said of one.
        case none
        case length(Int)
        case chunked
        case untilClose
    }

    /// What follows about the connection.
    enum Persistence {
        case keepAlive(header: Int?)
        case close
        case upgrade
    }

    /// Bytes that the head needs at most.
    static func bound(_ context: RequestContext) -> Int {
        // Property by property: the response as a whole would be copied.
        context.response.fields.bytes.count + 4 * context.response.fields.count + context.response.contentType.count
            + context.response.location.count + context.response.etag.count + context.response.server.count
            + context.response.date.count + context.response.reason.count + 1024
    }

    /// Appends the whole head, with its empty line.
    static func append(_ context: RequestContext, _ framing: Framing, _ persistence: Persistence, to output: ByteBuffer) {
        appendStatusLine(context, output)
        appendServerAndDate(context, output)
        if !context.response.contentType.isEmpty {
            line("Content-Type: ", context.response.contentType, output)
        }
        if case .length(let length) = framing {
            output.append(literal: "Content-Length: ")
            output.append(decimal: length)
            output.append(literal: "\r\n")
        }
        appendLastModified(context, output)
        appendLocation(context, output)
        if case .chunked = framing { output.append(literal: "Transfer-Encoding: chunked\r\n") }
        appendConnection(persistence, output)
        if context.response.variesByEncoding { output.append(literal: "Vary: Accept-Encoding\r\n") }
        if !context.response.etag.isEmpty { line("ETag: ", context.response.etag, output) }
        appendFields(context, output)
        output.append(literal: "\r\n")
    }

    private static func line(_ name: StaticString, _ value: [UInt8], _ output: ByteBuffer) {
        output.append(literal: name)
        output.append(value.span)
        output.append(literal: "\r\n")
    }

    private static func line(_ name: StaticString, _ value: borrowing ByteString, _ output: ByteBuffer) {
        output.append(literal: name)
        output.append(value.span)
        output.append(literal: "\r\n")
    }

    private static func appendStatusLine(_ context: RequestContext, _ output: ByteBuffer) {
        if context.response.reason.isEmpty {
            return ResponseEncoder.appendStatusLine(context.response.status, to: output)
        }
        output.append(literal: "HTTP/1.1 ")
        output.append(decimal: context.response.status)
        output.append(literal: " ")
        appendText(context.response.reason, output)
        output.append(literal: "\r\n")
    }

    private static func appendText(_ text: borrowing ByteString, _ output: ByteBuffer) { output.append(text.span) }

    private static func appendServerAndDate(_ context: RequestContext, _ output: ByteBuffer) {
        if context.response.server.isEmpty {
            if !context.response.omitsServer { output.append(literal: "Server: zendan\r\n") }
        } else {
            line("Server: ", context.response.server, output)
        }
        if context.response.date.isEmpty {
            if !context.response.omitsDate {
                output.append(literal: "Date: ")
                context.serving.appendDate(to: output)
                output.append(literal: "\r\n")
            }
        } else {
            line("Date: ", context.response.date, output)
        }
    }

    private static func appendLastModified(_ context: RequestContext, _ output: ByteBuffer) {
        if !context.response.lastModifiedText.isEmpty {
            line("Last-Modified: ", context.response.lastModifiedText, output)
        } else if let seconds = context.response.lastModified, seconds >= 0, tellsModification(context.response.status) {
            output.append(literal: "Last-Modified: ")
            HTTPDate.append(seconds, to: output)
            output.append(literal: "\r\n")
        }
    }

    /// As nginx: the time of a file that stands in for an error is not the time of what was asked for.
    public static func tellsModification(_ status: Int) -> Bool {
        switch status {
        case 200, 204, 206, 304: true
        default: false
        }
    }

    private static func appendLocation(_ context: RequestContext, _ output: ByteBuffer) {
        if context.response.location.isEmpty { return }
        line("Location: ", location(context), output)
    }

    /// Location as it is sent: one within this server is made absolute (`absolute_redirect`).
    public static func location(_ context: RequestContext) -> [UInt8] {
        let location = context.response.location.array
        guard location.first == UInt8(ascii: "/"), context.plan.core.absoluteRedirect else { return location }
        return origin(context) + location
    }

    private static func origin(_ context: RequestContext) -> [UInt8] {
        var origin: [UInt8] = []
        let isEncrypted = context.connection.security == .encrypted
        origin.append(literal: isEncrypted ? "https://" : "http://")
        let core = context.plan.core
        if core.serverNameInRedirect, !context.server.nameBytes.isEmpty {
            origin.append(contentsOf: context.server.nameBytes)
        } else if !context.head.host.isEmpty {
            origin.append(contentsOf: context.head.host)
        } else {
            origin.append(contentsOf: context.localHost.utf8)
        }
        let standard: UInt16 = isEncrypted ? 443 : 80
        guard core.portInRedirect, let port = context.connection.local.port, port != standard else { return origin }
        origin.append(UInt8(ascii: ":"))
        origin.append(decimal: Int(port))
        return origin
    }

    private static func appendConnection(_ persistence: Persistence, _ output: ByteBuffer) {
        switch persistence {
        case .close: output.append(literal: "Connection: close\r\n")
        case .upgrade: output.append(literal: "Connection: upgrade\r\n")
        case .keepAlive(let header):
            output.append(literal: "Connection: keep-alive\r\n")
            guard let header else { return }
            output.append(literal: "Keep-Alive: timeout=")
            output.append(decimal: header)
            output.append(literal: "\r\n")
        }
    }

    private static func appendFields(_ context: RequestContext, _ output: ByteBuffer) {
        context.response.fields.append(to: output)
    }
}
