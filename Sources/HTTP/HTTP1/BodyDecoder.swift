import Bytes

/// Reads the body of a message by the framing its head declared (RFC 9112 §6).
public enum BodyDecoder: Sendable {
    /// There is no body, or it is complete.
    case none
    /// So many bytes are left, more than none.
    case length(Int)
    case chunked(ChunkedDecoder)
    /// The body ends with the connection (responses only).
    case untilClose
    /// An `untilClose` body whose connection has closed.
    case closed

    /// The decoder for the body of a request (RFC 9112 §6.3: without a length there is none).
    public init(for head: RequestHead, keepsTrailers: Bool = false) {
        if head.isChunked {
            self = .chunked(ChunkedDecoder(keepsTrailers: keepsTrailers))
        } else {
            self = BodyDecoder.of(length: head.contentLength ?? 0)
        }
    }

    public static func of(length: Int) -> BodyDecoder { length > 0 ? .length(length) : .none }

    /// Whether the body has been read to its end.
    public var isComplete: Bool {
        switch self {
        case .none, .closed: true
        case .length(let left): left == 0
        case .chunked(let decoder): decoder.isComplete
        case .untilClose: false
        }
    }

    /// The bytes that are still to come, where that is known.
    public var remaining: Int? {
        switch self {
        case .none, .closed: 0
        case .length(let left): left
        case .chunked(let decoder): decoder.isComplete ? 0 : nil
        case .untilClose: nil
        }
    }

    /// The collected trailer fields of a chunked body, nil for others.
    public var trailers: Fields? {
        if case .chunked(let decoder) = self { return decoder.trailers }
        return nil
    }

    /// Reads on from `offset`, which is moved behind what was read: body bytes as ranges of `bytes`, the end, or that more
    /// input is needed. What stands in `bytes` behind the end is not touched.
    public mutating func next(_ bytes: Span<UInt8>, at offset: inout Int) throws(RequestFailure) -> BodyPiece {
        switch self {
        case .none, .closed:
            return .end
        case .length(let left):
            if left == 0 { return .end }
            let start = offset
            let count = min(left, bytes.count - start)
            guard count > 0 else { return .needMore }
            offset = start + count
            self = .length(left - count)
            return .data(start..<offset)
        case .untilClose:
            guard offset < bytes.count else { return .needMore }
            let start = offset
            offset = bytes.count
            return .data(start..<offset)
        case .chunked(var decoder):
            // Moved out and back, so that its buffers are not copied.
            self = .none
            defer { self = .chunked(decoder) }
            return try decoder.next(bytes, at: &offset)
        }
    }

    /// Tells the decoder that the connection has ended. Returns whether the body is complete: a body cut short is not.
    public mutating func connectionClosed() -> Bool {
        if case .untilClose = self { self = .closed }
        return isComplete
    }
}
