import Bytes

/// One step through a body: what `ChunkedDecoder` and `BodyDecoder` answer.
public enum BodyPiece: Sendable, Equatable {
    /// These bytes of the input are body.
    case data(Range<Int>)
    /// The input is used up and the body goes on.
    case needMore
    /// The body is complete; the offset stands behind it.
    case end
}

/// Reads the chunked transfer coding (RFC 9112 §7.1) without copying: it says which bytes of the input are body.
///
/// Framing is strict: a bare LF is refused here even though it is accepted in heads, because two servers that disagree on
/// where a chunk ends can be made to disagree on where a request begins. Size lines and trailers are bounded.
public struct ChunkedDecoder: Sendable {
    public typealias Piece = BodyPiece

    /// The longest chunk-size line with its extensions, bytes.
    public static let longestSizeLine = 4096
    /// The largest trailer section, bytes.
    public static let largestTrailers = 16384

    private enum State: UInt8 {
        case sizeStart, size, extensions, sizeLF, data, dataCR, dataLF, trailerStart, trailer, trailerLF, lastLF, ended
    }

    private var state = State.sizeStart
    private let isResponse: Bool
    private let keepsTrailers: Bool
    /// What is left of the chunk; while the size line is read, the size so far.
    private var remaining = 0
    /// Bytes of the size line, or of the trailer section, so far.
    private var lineCount = 0
    /// The trailer line that is being read.
    private var line: [UInt8] = []

    /// The trailer fields (RFC 9110 §6.5), when they were asked for; those that may not stand in a trailer section are left
    /// out (RFC 9110 §6.5.1).
    public private(set) var trailers = Fields()

    /// - Parameters:
    ///   - isResponse: failures are 502 instead of 400.
    ///   - keepsTrailers: collect trailer fields instead of dropping them.
    public init(isResponse: Bool = false, keepsTrailers: Bool = false) {
        self.isResponse = isResponse
        self.keepsTrailers = keepsTrailers
    }

    public var isComplete: Bool { state == .ended }

    /// Body bytes that are known to come before the next size line: what a reader may ask for at once.
    public var remainingInChunk: Int { state == .data ? remaining : 0 }

    /// Reads on from `offset`, which is moved behind what was read.
    public mutating func next(_ bytes: Span<UInt8>, at offset: inout Int) throws(RequestFailure) -> BodyPiece {
        while true {
            if state == .ended { return .end }
            guard offset < bytes.count else { return .needMore }
            if state == .data {
                let start = offset
                let count = min(remaining, bytes.count - start)
                offset = start + count
                remaining -= count
                if remaining == 0 { state = .dataCR }
                return .data(start..<offset)
            }
            try step(bytes[offset])
            offset += 1
        }
    }

    /// Reads one byte that is not data.
    private mutating func step(_ byte: UInt8) throws(RequestFailure) {
        switch state {
        case .sizeStart:
            guard let digit = ASCII.hexValue(byte) else { throw failure("a chunk size that is not hexadecimal") }
            remaining = Int(digit)
            lineCount = 1
            state = .size
        case .size: try stepSize(byte)
        case .extensions:
            try countSizeLine()
            if byte == ASCII.carriageReturn { state = .sizeLF }
            if byte == ASCII.lineFeed { throw bareLineFeed }
        case .sizeLF:
            guard byte == ASCII.lineFeed else { throw failure("a CR without LF in a chunk-size line") }
            lineCount = 0
            state = remaining == 0 ? .trailerStart : .data
        case .dataCR:
            guard byte == ASCII.carriageReturn else {
                throw byte == ASCII.lineFeed ? bareLineFeed : failure("more chunk data than the chunk size said")
            }
            state = .dataLF
        case .dataLF:
            guard byte == ASCII.lineFeed else { throw failure("more chunk data than the chunk size said") }
            state = .sizeStart
        case .trailerStart, .trailer, .trailerLF, .lastLF: try stepTrailer(byte)
        case .data, .ended: break
        }
    }

    private mutating func stepSize(_ byte: UInt8) throws(RequestFailure) {
        try countSizeLine()
        if let digit = ASCII.hexValue(byte) {
            guard remaining <= Int.max / 16 - 1 else { throw failure("a chunk size that does not fit 63 bits") }
            remaining = remaining * 16 + Int(digit)
            return
        }
        switch byte {
        case ASCII.carriageReturn: state = .sizeLF
        case UInt8(ascii: ";"), ASCII.space, ASCII.tab: state = .extensions
        case ASCII.lineFeed: throw bareLineFeed
        default: throw failure("a chunk size that is not hexadecimal")
        }
    }

    private mutating func countSizeLine() throws(RequestFailure) {
        lineCount += 1
        guard lineCount <= ChunkedDecoder.longestSizeLine else { throw failure("a chunk-size line longer than 4096 bytes") }
    }

    private mutating func stepTrailer(_ byte: UInt8) throws(RequestFailure) {
        lineCount += 1
        guard lineCount <= ChunkedDecoder.largestTrailers else { throw failure("a trailer section larger than 16384 bytes") }
        switch (state, byte) {
        case (.trailerStart, ASCII.carriageReturn): state = .lastLF
        case (.trailer, ASCII.carriageReturn): state = .trailerLF
        case (.trailerStart, ASCII.lineFeed), (.trailer, ASCII.lineFeed): throw bareLineFeed
        case (.trailerStart, _), (.trailer, _):
            state = .trailer
            if keepsTrailers { line.append(byte) }
        case (.trailerLF, ASCII.lineFeed):
            if keepsTrailers { try takeTrailer() }
            state = .trailerStart
        case (.lastLF, ASCII.lineFeed): state = .ended
        default: throw failure("a CR without LF in a trailer section")
        }
    }

    private mutating func takeTrailer() throws(RequestFailure) {
        let whole = line
        line = []
        let bytes = whole.span
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), Tokens.isToken(bytes.extracting(0..<colon)) else {
            throw failure("a malformed trailer field")
        }
        let name = FieldName(bytes.extracting(0..<colon))
        guard HopByHop.mayBeTrailer(name) else { return }
        let value = bytes.extracting(bytes.trimmedRange((colon + 1)..<bytes.count))
        for index in 0..<value.count where value[index] < 0x20 && value[index] != ASCII.tab {
            throw failure("a control byte in a trailer field")
        }
        trailers.append(interned: name, spelledAs: bytes.extracting(0..<colon), value)
    }

    private var bareLineFeed: RequestFailure { failure("a line in chunked framing ends in a bare LF") }

    private func failure(_ reason: StaticString) -> RequestFailure { RequestFailure(isResponse ? 502 : 400, reason) }
}
