import Bytes

/// Percent-encoding (RFC 3986 §2.1) with nginx's sets of what is encoded where.
public enum PercentCoding {
    /// What is encoded beside control bytes, DEL and everything above ASCII.
    public enum Purpose: Sendable {
        /// A path that goes into a request line or Location: space `" # % < > ? \ ^ ` { | }`.
        case path
        /// Text that becomes part of a query: also `& + ;`.
        case query
        /// One component: everything but letters, digits and `- . _ ~`.
        case component
    }

    private static let inPath = ByteSet(encoding: " \"#%<>?\\^`{|}")
    private static let inQuery = ByteSet(encoding: " \"#%<>?\\^`{|}&+;")
    private static let inComponent = ByteSet(
        encoding: " \"#%<>?\\^`{|}&+;!$'()*,/:=@[]")

    private static func set(_ purpose: Purpose) -> ByteSet {
        switch purpose {
        case .path: inPath
        case .query: inQuery
        case .component: inComponent
        }
    }

    /// Appends `text`, encoded.
    public static func encode(_ text: Span<UInt8>, for purpose: Purpose, to output: inout ByteString) {
        let encoded = set(purpose)
        var start = 0
        for index in 0..<text.count where encoded.contains(text[index]) {
            if index > start { output.append(text.extracting(start..<index)) }
            output.append(UInt8(ascii: "%"))
            output.append(ASCII.hexDigit(text[index] >> 4, uppercase: true))
            output.append(ASCII.hexDigit(text[index], uppercase: true))
            start = index + 1
        }
        if start < text.count { output.append(text.extracting(start..<text.count)) }
    }

    /// Whether anything in `text` would be encoded.
    public static func changes(_ text: Span<UInt8>, for purpose: Purpose) -> Bool {
        let encoded = set(purpose)
        for index in 0..<text.count where encoded.contains(text[index]) { return true }
        return false
    }

    /// Appends `text`, decoded, as nginx decodes what it is not strict about: of a malformed encoding the percent sign is
    /// dropped and what cannot be a second digit with the first.
    public static func decode(_ text: Span<UInt8>, to output: inout [UInt8]) {
        var index = 0
        while index < text.count {
            let byte = text[index]
            index += 1
            guard byte == UInt8(ascii: "%") else {
                output.append(byte)
                continue
            }
            guard index < text.count else { return }
            guard let high = ASCII.hexValue(text[index]) else {
                output.append(text[index])
                index += 1
                continue
            }
            index += 1
            guard index < text.count else { return }
            if let low = ASCII.hexValue(text[index]) { output.append(high << 4 | low) }
            index += 1
        }
    }

    /// Takes an address that the server itself follows (X-Accel-Redirect, an SSI or mirror target) apart: the decoded path
    /// goes to `path`, the range of the query in `text` is returned through `query`. False for one that is empty, has a zero
    /// byte, or climbs by "..", encoded or not.
    public static func internalTarget(_ text: Span<UInt8>, path: inout [UInt8], query: inout Range<Int>?) -> Bool {
        let question = text.firstIndex(of: UInt8(ascii: "?"))
        let end = question ?? text.count
        guard end > 0, !climbs(text.extracting(0..<end)) else { return false }
        query = question.map { ($0 + 1)..<text.count }
        let start = path.count
        decode(text.extracting(0..<end), to: &path)
        let whole = path.span
        return whole.count > start && !climbs(whole.extracting(start..<whole.count))
    }

    /// Whether a path has a ".." segment or a zero byte.
    private static func climbs(_ path: Span<UInt8>) -> Bool {
        let dot = UInt8(ascii: ".")
        for index in 0..<path.count {
            if path[index] == 0 { return true }
            guard index == 0 || path[index - 1] == UInt8(ascii: "/") else { continue }
            if index + 1 < path.count, path[index] == dot, path[index + 1] == dot {
                if index + 2 == path.count || path[index + 2] == UInt8(ascii: "/") { return true }
            }
        }
        return false
    }
}

/// A set of byte values.
struct ByteSet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// The given ASCII characters, control bytes, DEL and everything above ASCII.
    init(encoding characters: StaticString) {
        var bytes: [UInt8] = []
        bytes.append(literal: characters)
        low = 0xffff_ffff
        high = 1 << 63
        for byte in bytes {
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte & 63) }
        }
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        if byte >= 128 { return true }
        return (byte < 64 ? low : high) &>> UInt64(byte & 63) & 1 != 0
    }
}
