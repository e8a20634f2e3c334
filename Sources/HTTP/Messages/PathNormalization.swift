import Bytes

/// From the path as it was sent to the path that is served: percent-encodings decoded, dot segments and doubled slashes
/// gone (RFC 3986 §6.2.2, in nginx's reading: what is decoded takes part in the folding, so `%2e%2e` is a dot segment).
public enum PathNormalization {
    private enum Position { case usual, afterSlash, dot, dotDot }

    /// Appends the normalised form of `path`, which begins with a slash, to `output`, which is empty.
    ///
    /// False for a malformed percent-encoding, an encoded zero byte, and a path that climbs above the root.
    public static func normalize(_ path: Span<UInt8>, mergesSlashes: Bool, into output: inout [UInt8]) -> Bool {
        output.reserveCapacity(output.count + path.count)
        var position = Position.usual
        var index = 0
        while index < path.count {
            var byte = path[index]
            index += 1
            if byte == UInt8(ascii: "%") {
                guard index + 2 <= path.count, let high = ASCII.hexValue(path[index]), let low = ASCII.hexValue(path[index + 1])
                else { return false }
                byte = high << 4 | low
                index += 2
                if byte == 0 { return false }
            }
            guard step(byte, &position, mergesSlashes, &output) else { return false }
        }
        switch position {
        case .usual, .afterSlash: return true
        case .dot:
            output.removeLast()
            return true
        case .dotDot: return climb(&output)
        }
    }

    private static func step(
        _ byte: UInt8, _ position: inout Position, _ mergesSlashes: Bool, _ output: inout [UInt8]
    ) -> Bool {
        let slash = UInt8(ascii: "/")
        switch (position, byte) {
        case (.usual, slash):
            position = .afterSlash
            output.append(byte)
        case (.usual, _):
            output.append(byte)
        case (.afterSlash, slash):
            if !mergesSlashes { output.append(byte) }
        case (.afterSlash, UInt8(ascii: ".")):
            position = .dot
            output.append(byte)
        case (.dot, slash):
            position = .afterSlash
            output.removeLast()
        case (.dot, UInt8(ascii: ".")):
            position = .dotDot
            output.append(byte)
        case (.dotDot, slash):
            position = .afterSlash
            return climb(&output)
        default:
            position = .usual
            output.append(byte)
        }
        return true
    }

    /// Takes the last segment and the two dots after it off, leaving the slash before it.
    private static func climb(_ output: inout [UInt8]) -> Bool {
        // "/segment/..": the slash before the dots stands three from the end; the one before the segment is sought.
        var index = output.count - 4
        while index >= 0, output[index] != UInt8(ascii: "/") { index -= 1 }
        guard index >= 0 else { return false }
        output.removeLast(output.count - index - 1)
        return true
    }
}
