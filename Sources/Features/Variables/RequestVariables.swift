import Bytes
import HTTP
import Server

/// Variables about the request: its line, its fields, its body.
enum RequestVariables {
    static let all: [VariableDefinition] = line + target + fields + body

    private static let line: [VariableDefinition] = [
        VariableDefinition("request", "The whole request line.") { context, output in
            let head = context.head
            if !head.lineRange.isEmpty {
                output.append(head.bytes(head.lineRange))
                return true
            }
            // A line that was refused is shown as far as it came.
            let block = head.buffer
            guard head.start < block.count else { return false }
            let rest = block.bytes(head.start..<block.count)
            var end = 0
            while end < rest.count, rest[end] != ASCII.carriageReturn, rest[end] != ASCII.lineFeed { end += 1 }
            output.append(rest.extracting(0..<end))
            return end > 0
        },
        VariableDefinition("request_method", "The method.") { context, output in
            if let method = context.methodOverride, method == .get {
                output.append(literal: "GET")
                return true
            }
            let head = context.head
            guard !head.methodRange.isEmpty else { return false }
            output.append(head.bytes(head.methodRange))
            return true
        },
        VariableDefinition("request_uri", "The target as the client wrote it, with its query.") { context, output in
            let head = context.head
            output.append(head.bytes(head.targetRange))
            return true
        },
        VariableDefinition("server_protocol", "HTTP/1.0 or HTTP/1.1.", isPlain: true) { context, output in
            switch context.head.version {
            case .http09: output.append(literal: "HTTP/0.9")
            case .http10: output.append(literal: "HTTP/1.0")
            case .http11: output.append(literal: "HTTP/1.1")
            }
            return true
        },
        VariableDefinition("scheme", "http or https.", isPlain: true) { context, output in
            output.append(literal: context.connection.security == .encrypted ? "https" : "http")
            return true
        },
        VariableDefinition("https", "\"on\" with TLS, else empty.") { context, output in
            if context.connection.security == .encrypted { output.append(literal: "on") }
            return true
        },
        VariableDefinition("request_id", "A number of 32 hexadecimal digits that no two requests share.") { context, output in
            context.appendRequestIdentifier(to: &output)
            return true
        },
        VariableDefinition("request_length", "Bytes of the request: line, fields and body.", isPlain: true) { context, output in
            output.append(decimal: context.head.end - context.head.start + context.body.length)
            return true
        },
        VariableDefinition("request_time", "Seconds since the first bytes of the request, with milliseconds.", isPlain: true) {
            context, output in
            TimeText.append(milliseconds: context.serving.loop.now - context.startedTick, to: &output)
            return true
        },
        VariableDefinition("request_completion", "\"OK\" when the whole answer was sent.") { context, output in
            guard context.isComplete else { return true }
            output.append(literal: "OK")
            return true
        },
    ]

    private static let target: [VariableDefinition] = [
        path("uri"), path("document_uri"), query("args"), query("query_string"),
        VariableDefinition("is_args", "\"?\" when there is a query.") { context, output in
            if context.hasQuery { output.append(UInt8(ascii: "?")) }
            return true
        },
        VariableDefinition(family: "arg_", "One argument of the query.") { name in
            let wanted = Array(name.utf8)
            return VariableReader { context, output in appendArgument(wanted, context, &output) }
        },
        VariableDefinition("host", "The host name of the request, else the server's.") { context, output in
            if context.head.host.isEmpty {
                output.append(contentsOf: context.server.nameBytes)
            } else {
                output.append(contentsOf: context.head.host)
            }
            return true
        },
        VariableDefinition("server_name", "The first name of the server.") { context, output in
            output.append(contentsOf: context.server.nameBytes)
            return true
        },
        VariableDefinition("request_port", "The port in the request's host; empty when it has none.") { context, output in
            if let port = context.head.hostPort, port > 0 { output.append(decimal: port) }
            return true
        },
        VariableDefinition("is_request_port", "\":\" when the request's host has a port.") { context, output in
            if let port = context.head.hostPort, port > 0 { output.append(UInt8(ascii: ":")) }
            return true
        },
    ]

    private static func appendArgument(_ name: [UInt8], _ context: RequestContext, _ output: inout ByteString) -> Bool {
        var query = context.takeScratch()
        context.appendQuery(to: &query)
        defer { context.giveScratch(&query) }
        guard let range = QueryString.value(name.span, in: query.span) else { return false }
        output.append(query.span.extracting(range))
        return true
    }

    private static func path(_ name: String) -> VariableDefinition {
        VariableDefinition(name, "The path, decoded and normalised; internal redirects change it.") { context, output in
            output.append(contentsOf: context.path)
            return true
        }
    }

    private static func query(_ name: String) -> VariableDefinition {
        let assign: @Sendable (RequestContext, [UInt8]) -> Void = { context, value in context.query = value }
        return VariableDefinition(name, "The query.", assign: name == "args" ? assign : nil) { context, output in
            context.appendQuery(to: &output)
        }
    }

    private static let fields: [VariableDefinition] = lists + singles

    private static let lists: [VariableDefinition] = [
        VariableDefinition(family: "http_", "A field of the request: lower case, dashes as underscores.") { name in
            let wanted = FieldLookup(variable: name)
            return VariableReader { context, output in wanted.append(context.head, to: &output) }
        },
        VariableDefinition(family: "cookie_", "One cookie of the request.") { name in
            let wanted = Array(name.utf8)
            return VariableReader { context, output in appendCookie(wanted, context.head, &output) }
        },
    ]

    private static let contentType = FieldLookup(variable: "content_type")
    private static let forwardedFor = FieldLookup(variable: "x_forwarded_for")

    private static let singles: [VariableDefinition] = [
        VariableDefinition("content_length", "The field Content-Length; of a chunked body that has been read, its length.") {
            context, output in
            if let length = context.head.contentLength {
                output.append(decimal: length)
                return true
            }
            guard context.head.isChunked, context.body.isWhole, context.body.mode != .discarding else { return false }
            output.append(decimal: context.body.received)
            return true
        },
        VariableDefinition("content_type", "The field Content-Type.") { context, output in
            contentType.append(context.head, to: &output)
        },
        VariableDefinition("proxy_add_x_forwarded_for", "X-Forwarded-For with the client's address behind it.") {
            context, output in
            if forwardedFor.append(context.head, to: &output) { output.append(literal: ", ") }
            AddressText.appendHost(context.connection.peer, to: &output)
            return true
        },
        VariableDefinition("remote_user", "The user name of Basic authentication.") { context, output in
            return BasicCredentials.appendUser(context.head, to: &output)
        },
    ]

    private static func appendCookie(_ name: [UInt8], _ head: RequestHead, _ output: inout ByteString) -> Bool {
        for slot in head.slots where slot.name == .cookie {
            let value = head.value(slot)
            guard let range = Cookies.value(name.span, in: value) else { continue }
            output.append(value.extracting(range))
            return true
        }
        return false
    }

    private static let body: [VariableDefinition] = [
        VariableDefinition("request_body", "The body, where it has been read and stands in memory.") { context, output in
            if !context.body.passed.isEmpty {
                output.append(contentsOf: context.body.passed)
                return true
            }
            guard context.body.mode == .buffering, context.body.isInMemory, context.body.isPresent else { return false }
            for block in context.body.memory { output.append(block.bytes) }
            return true
        },
        VariableDefinition("request_body_file", "The file the body was written to.") { context, output in
            guard let name = context.body.fileName else { return false }
            output.append(contentsOf: name.utf8)
            return true
        },
    ]
}

/// The field a variable's name means.
struct FieldLookup: Sendable {
    private let name: FieldName
    private let spelling: [UInt8]

    /// `user_agent` is User-Agent.
    init(variable: String) {
        let bytes = variable.utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
        name = FieldName(bytes.span)
        spelling = bytes
    }

    func matches(_ name: FieldName, _ spelling: Span<UInt8>) -> Bool {
        if self.name != .other || name != .other { return self.name == name }
        guard spelling.count == self.spelling.count else { return false }
        for index in 0..<spelling.count {
            let byte = ASCII.lowercased(spelling[index])
            if (byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte) != self.spelling[index] { return false }
        }
        return true
    }

    /// Appends the values of all such lines of a request.
    func append(_ head: RequestHead, to output: inout ByteString) -> Bool {
        if name != .other, !head.has(name) { return false }
        var isFound = false
        for slot in head.slots where matches(slot.name, head.bytes(slot.nameRange)) {
            if isFound { output.append(literal: name == .cookie ? "; " : ", ") }
            output.append(head.value(slot))
            isFound = true
        }
        return isFound
    }

    func append(_ head: ResponseHead, to output: inout ByteString) -> Bool {
        var isFound = false
        for slot in head.slots where matches(slot.name, head.spelling(slot)) {
            if isFound { output.append(literal: ", ") }
            output.append(head.value(slot))
            isFound = true
        }
        return isFound
    }

    func append(_ fields: Fields, to output: inout ByteString) -> Bool {
        var isFound = false
        for slot in fields.slots where matches(slot.name, fields.spelling(slot)) {
            if isFound { output.append(literal: ", ") }
            output.append(fields.value(slot))
            isFound = true
        }
        return isFound
    }
}

/// The user name in an Authorization field (RFC 7617).
enum BasicCredentials {
    static func appendUser(_ head: RequestHead, to output: inout ByteString) -> Bool {
        guard let slot = head.first(.authorization) else { return false }
        let value = head.value(slot)
        guard value.count > 6, value.extracting(0..<6).equalsIgnoringCase("basic ") else { return false }
        let decoded = decode(value.extracting(6..<value.count))
        guard let colon = decoded.firstIndex(of: UInt8(ascii: ":")) else { return false }
        output.append(decoded.span.extracting(0..<colon))
        return true
    }

    private static func decode(_ text: Span<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for index in 0..<text.count {
            guard let value = value(text[index]) else { break }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return result
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
