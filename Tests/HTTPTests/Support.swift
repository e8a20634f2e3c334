import Bytes
import HTTP

/// Shorthand for tests: bytes of a string, strings of bytes.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

extension Span where Element == UInt8 {
    var text: String { HTTPTests.text(array) }
}

/// A buffer that holds `content`, with `room` bytes to spare.
func buffer(_ content: [UInt8], room: Int = 64) -> ByteBuffer {
    let buffer = ByteBuffer(capacity: max(content.count + room, 1))
    buffer.append(content.span)
    return buffer
}

/// Everything a request head says, to compare and to print.
struct RequestSummary: Equatable {
    var method = Method.get
    var methodName = ""
    var line = ""
    var target = ""
    var encodedPath = ""
    var path = ""
    var query: String?
    var authority: String?
    var version = HTTPVersion.http11
    var fields: [String] = []
    var contentLength: Int?
    var isChunked = false
    var keepsAlive = true
    var expectsContinue = false
    var host = ""
    var port: Int?
    var rest = ""

    init(_ head: RequestHead) {
        method = head.method
        methodName = head.bytes(head.methodRange).text
        line = head.bytes(head.lineRange).text
        target = head.bytes(head.targetRange).text
        encodedPath = head.bytes(head.pathRange).text
        path = text(head.path)
        query = head.queryRange.map { head.bytes($0).text }
        authority = head.authorityRange.map { head.bytes($0).text }
        version = head.version
        fields = head.slots.map { "\($0.name.rawValue) \(head.bytes($0.nameRange).text): \(head.value($0).text)" }
        contentLength = head.contentLength
        isChunked = head.isChunked
        keepsAlive = head.keepsAlive
        expectsContinue = head.expectsContinue
        host = text(head.host)
        port = head.hostPort
        rest = head.bytes(head.end..<head.buffer.count).text
    }
}

/// What came of decoding.
enum Outcome<Summary: Equatable>: Equatable {
    case complete(Summary)
    case incomplete
    case failed(Int)

    var summary: Summary? { if case .complete(let summary) = self { summary } else { nil } }
    var status: Int? { if case .failed(let status) = self { status } else { nil } }
}

/// Decodes a request that arrives in parts cut at `cuts`.
func decode(_ content: [UInt8], cuts: [Int] = [], limits: HeadLimits = HeadLimits()) -> Outcome<RequestSummary> {
    let block = ByteBuffer(capacity: content.count + 64)
    let head = RequestHead(buffer: block)
    let decoder = RequestDecoder(limits: limits)
    var start = 0
    for end in cuts + [content.count] {
        block.append(content.span.extracting(start..<end))
        start = end
        do throws(RequestFailure) {
            switch try decoder.decode(head) {
            case .complete:
                block.append(content.span.extracting(end..<content.count))
                return .complete(RequestSummary(head))
            case .incomplete: continue
            case .needsLargerBuffer: return .incomplete
            }
        } catch { return .failed(error.status) }
    }
    return .incomplete
}

func decode(_ request: String, limits: HeadLimits = HeadLimits()) -> Outcome<RequestSummary> {
    decode(bytes(request), limits: limits)
}

/// The reason given for refusing a request.
func reason(_ request: String, limits: HeadLimits = HeadLimits()) -> String? {
    let head = RequestHead(buffer: buffer(bytes(request)))
    do throws(RequestFailure) {
        _ = try RequestDecoder(limits: limits).decode(head)
        return nil
    } catch { return "\(error.reason)" }
}

/// Everything a response head says.
struct ResponseSummary: Equatable {
    var status = 0
    var reason = ""
    var version = HTTPVersion.http11
    var fields: [String] = []
    var contentLength: Int?
    var isChunked = false
    var keepsAlive = true
    var isHeadless = false
    var rest = ""

    init(_ head: ResponseHead) {
        status = head.status
        reason = head.bytes(head.reasonRange).text
        version = head.version
        fields = head.slots.map { "\(head.spelling($0).text): \(head.value($0).text)" }
        contentLength = head.contentLength
        isChunked = head.isChunked
        keepsAlive = head.keepsAlive
        isHeadless = head.isHeadless
        rest = head.bytes(head.end..<head.buffer.count).text
    }
}

func decodeResponse(_ content: [UInt8], cuts: [Int] = [], room: Int = 64) -> Outcome<ResponseSummary> {
    let block = ByteBuffer(capacity: content.count + room)
    let head = ResponseHead(buffer: block)
    var start = 0
    for end in cuts + [content.count] {
        block.append(content.span.extracting(start..<end))
        start = end
        do throws(RequestFailure) {
            if try ResponseDecoder().decode(head) == .complete {
                block.append(content.span.extracting(end..<content.count))
                return .complete(ResponseSummary(head))
            }
        } catch { return .failed(error.status) }
    }
    return .incomplete
}

func decodeResponse(_ response: String) -> Outcome<ResponseSummary> { decodeResponse(bytes(response)) }
