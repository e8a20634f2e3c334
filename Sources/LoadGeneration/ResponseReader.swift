import Bytes

/// Reads one HTTP/1.1 response after another from the bytes of a connection (RFC 9112), as they come. Pure.
///
/// It keeps what a load tool wants to know and lets bodies go by unseen. It is strict where a wrong reading would make one
/// response of two: lengths and chunks must be well formed.
///
/// It is not HTTP's `ResponseDecoder`, on purpose. That one is as patient with upstreams as nginx (bytes without a head are a
/// response to it), and a measuring tool that reads with the code that it measures cannot see that code's mistakes.
public struct ResponseReader: Sendable {
    private enum State: Sendable {
        case head
        case length(Int)
        case untilClose
        case chunkSize(value: Int, digits: Int)
        case chunkExtension(value: Int)
        case chunkData(Int)
        case chunkEnd(sawReturn: Bool)
        case trailer(lineLength: Int)
        case done
    }

    /// Longest head, in bytes.
    public static let maximumHead = 65_536

    /// The final response's status.
    public private(set) var status = 0
    /// Whether another response may follow on the connection.
    public private(set) var keepsConnection = true
    public private(set) var cache: CacheVerdict?
    private var state = State.head
    private var head: [UInt8] = []
    private var isHeadRequest = false

    public init() {}

    /// Prepares for the answer to a request; `isHead`: to one that gets no body.
    public mutating func begin(isHead: Bool) {
        (status, keepsConnection, cache, state, isHeadRequest) = (0, true, nil, .head, isHead)
        head.removeAll(keepingCapacity: true)
    }

    /// Takes what has come. Nil: the response goes on. A number: it is whole, and so many of the bytes belonged to it.
    public mutating func take(_ bytes: Span<UInt8>) throws(LoadFailure) -> Int? {
        var offset = 0
        while true {
            switch state {
            case .done: return offset
            case .head:
                guard let next = try takeHead(bytes, from: offset) else { return nil }
                offset = next
            case .length(let rest), .chunkData(let rest):
                let count = min(rest, bytes.count - offset)
                offset += count
                advanceData(by: count, of: rest)
                if count < rest { return nil }
            case .untilClose: return nil
            default:
                guard offset < bytes.count else { return nil }
                try takeChunkFraming(bytes[offset])
                offset += 1
            }
        }
    }

    /// The peer has ended the connection: fine if the body lasts as long as the connection, and only then.
    public mutating func end() throws(LoadFailure) {
        guard case .untilClose = state else { throw .read }
        state = .done
    }

    private mutating func advanceData(by count: Int, of rest: Int) {
        if case .length = state {
            state = count == rest ? .done : .length(rest - count)
        } else {
            state = count == rest ? .chunkEnd(sawReturn: false) : .chunkData(rest - count)
        }
    }

    /// Collects the head; nil when its end has not come.
    private mutating func takeHead(_ bytes: Span<UInt8>, from start: Int) throws(LoadFailure) -> Int? {
        if head.isEmpty, let end = ResponseReader.headEnd(bytes, from: start) {
            try readHead(bytes.extracting(start..<end))
            return end
        }
        // The head came in pieces: look for its end from shortly before the seam.
        let seam = head.count
        head.append(bytes.extracting(start..<bytes.count))
        guard let end = ResponseReader.headEnd(head.span, from: max(0, seam - 3)) else {
            if head.count > ResponseReader.maximumHead { throw .malformed }
            return nil
        }
        let whole = head
        head.removeAll(keepingCapacity: true)
        try readHead(whole.span.extracting(0..<end))
        return start + end - seam
    }

    /// The position after the empty line.
    private static func headEnd(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while let feed = bytes.firstIndex(of: ASCII.lineFeed, from: index) {
            let next = feed + 1
            if next < bytes.count, bytes[next] == ASCII.lineFeed { return next + 1 }
            if next + 1 < bytes.count, bytes[next] == ASCII.carriageReturn, bytes[next + 1] == ASCII.lineFeed {
                return next + 2
            }
            index = next
        }
        return nil
    }

    private mutating func readHead(_ bytes: Span<UInt8>) throws(LoadFailure) {
        guard bytes.count >= 12, bytes.hasPrefix("HTTP/1."), bytes[8] == ASCII.space,
            let code = bytes.extracting(9..<12).decimal(), code >= 100
        else { throw .malformed }
        status = code
        var fields = FramingFields(keepsConnection: bytes[7] != UInt8(ascii: "0"))
        var start = (bytes.firstIndex(of: ASCII.lineFeed) ?? bytes.count - 1) + 1
        while start < bytes.count, let end = bytes.firstIndex(of: ASCII.lineFeed, from: start) {
            try fields.take(bytes.extracting(start..<end))
            start = end + 1
        }
        if code / 100 == 1, code != 101 { return }
        keepsConnection = fields.keepsConnection
        cache = fields.cache
        if code == 101 {
            keepsConnection = false
            state = .done
        } else if isHeadRequest || code == 204 || code == 304 {
            state = .done
        } else if fields.isChunked {
            state = .chunkSize(value: 0, digits: 0)
        } else if let length = fields.length {
            state = length == 0 ? .done : .length(length)
        } else {
            keepsConnection = false
            state = .untilClose
        }
    }

    private mutating func takeChunkFraming(_ byte: UInt8) throws(LoadFailure) {
        switch state {
        case .chunkSize(let value, let digits):
            if let digit = ASCII.hexValue(byte) {
                guard digits < 15 else { throw .malformed }
                state = .chunkSize(value: value << 4 | Int(digit), digits: digits + 1)
            } else if digits > 0, byte == UInt8(ascii: ";") || byte == ASCII.carriageReturn || byte == ASCII.space {
                state = .chunkExtension(value: value)
            } else {
                throw .malformed
            }
        case .chunkExtension(let value):
            if byte == ASCII.lineFeed { state = value == 0 ? .trailer(lineLength: 0) : .chunkData(value) }
        case .chunkEnd(let sawReturn):
            guard byte == (sawReturn ? ASCII.lineFeed : ASCII.carriageReturn) else { throw .malformed }
            state = sawReturn ? .chunkSize(value: 0, digits: 0) : .chunkEnd(sawReturn: true)
        case .trailer(let length):
            if byte == ASCII.lineFeed {
                state = length == 0 ? .done : .trailer(lineLength: 0)
            } else if byte != ASCII.carriageReturn {
                guard length < ResponseReader.maximumHead else { throw .malformed }
                state = .trailer(lineLength: length + 1)
            }
        default: throw .malformed
        }
    }
}

/// What the fields of a response say about its framing and its cache.
private struct FramingFields {
    var keepsConnection: Bool
    var isChunked = false
    var length: Int?
    var cache: CacheVerdict?

    init(keepsConnection: Bool) { self.keepsConnection = keepsConnection }

    mutating func take(_ line: Span<UInt8>) throws(LoadFailure) {
        let end = line.count > 0 && line[line.count - 1] == ASCII.carriageReturn ? line.count - 1 : line.count
        if end == 0 { return }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0, colon < end else { throw .malformed }
        let name = line.extracting(0..<colon)
        let value = line.extracting(line.trimmedRange(colon + 1..<end))
        switch name.count {
        case 10 where name.equalsIgnoringCase("connection"):
            if value.equalsIgnoringCase("close") { keepsConnection = false }
            if value.equalsIgnoringCase("keep-alive") { keepsConnection = true }
        case 14 where name.equalsIgnoringCase("content-length"):
            guard let number = value.decimal(), length == nil || length == number else { throw .malformed }
            length = number
        case 17 where name.equalsIgnoringCase("transfer-encoding"):
            guard value.equalsIgnoringCase("chunked") else { throw .malformed }
            isChunked = true
        case 14 where name.equalsIgnoringCase("x-cache-status"): cache = CacheVerdict(xCacheStatus: value)
        case 12 where name.equalsIgnoringCase("cache-status"): cache = cache ?? CacheVerdict(cacheStatus: value)
        default: break
        }
    }
}
