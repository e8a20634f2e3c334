import Bytes

/// A piece of configuration text as the grammar sees it.
enum Token: Sendable {
    case word(Argument)
    case semicolon(SourceLocation)
    case openBrace(SourceLocation)
    case closeBrace(SourceLocation)
    case end(SourceLocation)
}

/// Cuts configuration text into tokens by nginx's rules.
///
/// They differ from what one might guess: `#` starts a comment only where a token could start; `}` ends a block only
/// there too, so `a}` is a word; a backslash keeps the next byte from meaning anything and itself stays, except before
/// a quote, a backslash and in `\t`, `\r`, `\n`; the brace of `${name}` opens no block; after a closing quote must come
/// white space, `;`, `{` or `)`.
struct Lexer: Sendable {
    private let bytes: [UInt8]
    private let file: String
    private var position = 0
    private var line = 1
    private var column = 1
    /// Set after a closing quote.
    private var needsSeparator = false

    init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
        // The mark that some editors put before UTF-8 text.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    private var location: SourceLocation { SourceLocation(file: file, line: line, column: column) }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func advance() {
        let byte = bytes[position]
        position += 1
        if byte == ASCII.lineFeed {
            line += 1
            column = 1
        } else if byte & 0xC0 != 0x80 {
            column += 1
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == ASCII.space || byte == ASCII.tab || byte == ASCII.lineFeed || byte == ASCII.carriageReturn
    }

    /// The next token; at the end of the text `.end`, as often as asked.
    mutating func next() throws(Diagnostic) -> Token {
        try checkSeparator()
        skipSpaceAndComments()
        let start = location
        guard let byte = current else { return .end(start) }
        switch byte {
        case UInt8(ascii: ";"):
            advance()
            return .semicolon(start)
        case UInt8(ascii: "{"):
            advance()
            return .openBrace(start)
        case UInt8(ascii: "}"):
            advance()
            return .closeBrace(start)
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return .word(try quotedWord(byte, at: start))
        default:
            return .word(try plainWord(at: start))
        }
    }

    private mutating func checkSeparator() throws(Diagnostic) {
        guard needsSeparator else { return }
        needsSeparator = false
        guard let byte = current else { return }
        switch byte {
        case UInt8(ascii: ";"), UInt8(ascii: "{"), UInt8(ascii: ")"): return
        case _ where Lexer.isSpace(byte): return
        default:
            let shown = Diagnostic.quoted(String(decoding: [byte], as: UTF8.self))
            throw Diagnostic(
                "unexpected \(shown) right after a closing quote", at: location,
                hint: "put a space or \";\" there; quote the whole value, or write a quote inside it as \\\" or \\'")
        }
    }

    private mutating func skipSpaceAndComments() {
        while let byte = current {
            if byte == UInt8(ascii: "#") {
                while let inComment = current, inComment != ASCII.lineFeed { advance() }
            } else if Lexer.isSpace(byte) {
                advance()
            } else {
                return
            }
        }
    }

    private mutating func quotedWord(_ quote: UInt8, at start: SourceLocation) throws(Diagnostic) -> Argument {
        advance()
        let first = position
        while let byte = current {
            if byte == quote {
                let text = try text(first..<position, at: start)
                advance()
                needsSeparator = true
                return Argument(text: text, location: start, isQuoted: true)
            }
            if byte == UInt8(ascii: "\\") { advance() }
            if current != nil { advance() }
        }
        throw Diagnostic("the quoted value that starts here never ends: its closing quote is missing", at: start)
    }

    private mutating func plainWord(at start: SourceLocation) throws(Diagnostic) -> Argument {
        let first = position
        var isAfterDollar = false
        while let byte = current {
            // `${` names a variable. nginx keeps the dollar in mind over the brace, hence no reset here.
            if byte == UInt8(ascii: "{"), isAfterDollar {
                advance()
                continue
            }
            if byte == UInt8(ascii: ";") || byte == UInt8(ascii: "{") || Lexer.isSpace(byte) { break }
            isAfterDollar = byte == UInt8(ascii: "$")
            advance()
            if byte == UInt8(ascii: "\\"), current != nil { advance() }
        }
        return Argument(text: try text(first..<position, at: start), location: start, isQuoted: false)
    }

    /// The bytes of a word with its escapes resolved.
    private func text(_ range: Range<Int>, at start: SourceLocation) throws(Diagnostic) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\\"), index < range.upperBound, let escaped = Lexer.escaped(bytes[index]) {
                result.append(escaped)
                index += 1
            } else {
                result.append(byte)
            }
        }
        guard let text = String(validating: result, as: UTF8.self) else {
            throw Diagnostic("this value is not valid UTF-8", at: start, hint: "save the file as UTF-8")
        }
        return text
    }

    private static func escaped(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): byte
        case UInt8(ascii: "t"): ASCII.tab
        case UInt8(ascii: "r"): ASCII.carriageReturn
        case UInt8(ascii: "n"): ASCII.lineFeed
        default: nil
        }
    }
}
