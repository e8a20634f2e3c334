import Bytes

/// Writes the parts of an HTTP/1.1 message that are not fields (RFC 9112 §4, §7.1).
public enum ResponseEncoder {
    /// The room that `appendChunkSize` may need in a buffer.
    public static let longestChunkSize = 18

    /// Appends `HTTP/1.1 200 OK` and CRLF.
    public static func appendStatusLine(_ status: Int, to buffer: ByteBuffer) {
        if status == 200 { return buffer.append(literal: "HTTP/1.1 200 OK\r\n") }
        buffer.append(literal: "HTTP/1.1 ")
        let digits = digits(status)
        buffer.append(digits.0)
        buffer.append(digits.1)
        buffer.append(digits.2)
        buffer.append(ASCII.space)
        buffer.append(literal: StatusCode.reason(status))
        buffer.append(literal: "\r\n")
    }

    /// As above, into an array.
    public static func appendStatusLine(_ status: Int, to output: inout [UInt8]) {
        output.append(literal: "HTTP/1.1 ")
        let digits = digits(status)
        output.append(digits.0)
        output.append(digits.1)
        output.append(digits.2)
        output.append(ASCII.space)
        output.append(literal: StatusCode.reason(status))
        output.append(literal: "\r\n")
    }

    /// As above, with the reason phrase an upstream gave.
    public static func appendStatusLine(_ status: Int, reason: Span<UInt8>, to output: inout [UInt8]) {
        output.append(literal: "HTTP/1.1 ")
        let digits = digits(status)
        output.append(digits.0)
        output.append(digits.1)
        output.append(digits.2)
        output.append(ASCII.space)
        output.append(reason)
        output.append(literal: "\r\n")
    }

    /// Appends the line before a chunk of `count` bytes: its size in hexadecimal and CRLF. `count` is not 0: that would be
    /// the last chunk.
    public static func appendChunkSize(_ count: Int, to buffer: ByteBuffer) {
        precondition(count > 0)
        var shift = hexDigits(count) * 4
        while shift > 0 {
            shift -= 4
            buffer.append(ASCII.hexDigit(UInt8(truncatingIfNeeded: count >> shift)))
        }
        buffer.append(literal: "\r\n")
    }

    /// As above, where room is made as it is needed.
    public static func appendChunkSize(_ count: Int, to output: inout ByteString) {
        precondition(count > 0)
        var shift = hexDigits(count) * 4
        while shift > 0 {
            shift -= 4
            output.append(ASCII.hexDigit(UInt8(truncatingIfNeeded: count >> shift)))
        }
        output.append(literal: "\r\n")
    }

    /// What stands behind a chunk's data.
    public static let chunkEnd: StaticString = "\r\n"
    /// The last chunk without trailers.
    public static let lastChunk: StaticString = "0\r\n\r\n"
    /// The last chunk after the data of another.
    public static let chunkEndAndLastChunk: StaticString = "\r\n0\r\n\r\n"
    /// An interim response that asks for the body (RFC 9110 §15.2.1).
    public static let continueResponse: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"

    private static func hexDigits(_ count: Int) -> Int { max(1, (64 - count.leadingZeroBitCount + 3) / 4) }

    /// The three digits of a status; what is no status becomes 500, so that a mistake cannot break the framing.
    private static func digits(_ status: Int) -> (UInt8, UInt8, UInt8) {
        let value = status >= 100 && status <= 999 ? status : 500
        return (48 + UInt8(value / 100), 48 + UInt8(value / 10 % 10), 48 + UInt8(value % 10))
    }
}
