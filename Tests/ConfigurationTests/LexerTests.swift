import Testing

@testable import Configuration

@Suite struct LexerTests {
    /// Words in brackets (quoted ones in braces) and punctuation, as a compact picture of the tokens.
    private func picture(_ text: String) -> String {
        var lexer = Lexer(Array(text.utf8), file: "f")
        var parts: [String] = []
        do throws(Diagnostic) {
            while true {
                switch try lexer.next() {
                case .word(let word): parts.append(word.isQuoted ? "{\(word.text)}" : "[\(word.text)]")
                case .semicolon: parts.append(";")
                case .openBrace: parts.append("<")
                case .closeBrace: parts.append(">")
                case .end: return parts.joined(separator: " ")
                }
            }
        } catch {
            parts.append("error \(error.location.map { "\($0.line):\($0.column)" } ?? "")")
            return parts.joined(separator: " ")
        }
    }

    /// Each right side was compared with what `nginx -t` accepts and refuses.
    @Test(arguments: [
        ("a b;", "[a] [b] ;"),
        ("a b{c d;}", "[a] [b] < [c] [d] ; >"),
        ("a}b;", "[a}b] ;"),
        ("a };", "[a] > ;"),
        ("a#b # c ; d\n;", "[a#b] ;"),
        ("# only", ""),
        ("a \"b c\" 'd;{}';", "[a] {b c} {d;{}} ;"),
        ("a \"it's\" 'say \"x\"';", "[a] {it's} {say \"x\"} ;"),
        ("a \"\";", "[a] {} ;"),
        ("a b\"c\"d;", "[a] [b\"c\"d] ;"),
        (#"a "x\"y" 'x\'y' \"z;"#, #"[a] {x"y} {x'y} ["z] ;"#),
        (#"a b\;c b\ c x\{y "\$";"#, #"[a] [b\;c] [b\ c] [x\{y] {\$} ;"#),
        (#"a \t\r\n\\\d;"#, "[a] [\t\r\n\\\\d] ;"),
        ("a ${b}c ${d};", "[a] [${b}c] [${d}] ;"),
        ("a ${{b;", "[a] [${{b] ;"),
        ("a ${b}{c", "[a] [${b}] < [c]"),
        ("a $b{c", "[a] [$b] < [c]"),
        (#"a $\{b;"#, #"[a] [$\{b] ;"#),
        ("a \"b\";", "[a] {b} ;"),
        ("a \"b\"{", "[a] {b} <"),
        ("a \"b\")c;", "[a] {b} [)c] ;"),
        ("a \"b\"c;", "[a] {b} error 1:6"),
        ("a \"b\"}", "[a] {b} error 1:6"),
        ("a \"b\"#", "[a] {b} error 1:6"),
        ("a \"b", "[a] error 1:3"),
        ("a \"b\\\"", "[a] error 1:3"),
        ("a \"b\\", "[a] error 1:3"),
        ("a b\\", "[a] [b\\]"),
        ("a\r\n\tb;", "[a] [b] ;"),
        ("\u{FEFF}a;", "[a] ;"),
        ("日本 x\";", "[日本] [x\"] ;"),
    ])
    func tokens(_ text: String, _ expected: String) {
        #expect(picture(text) == expected)
    }

    @Test func locationsCountCharacters() throws {
        var lexer = Lexer(Array("ü\t\"é\n\" z".utf8), file: "f")
        var found: [String] = []
        while case .word(let word) = try lexer.next() { found.append("\(word.location.line):\(word.location.column)") }
        #expect(found == ["1:1", "1:3", "2:3"])
    }

    @Test func wordsMustBeUTF8ButCommentsNeedNot() {
        var comment = Lexer([35, 0xFF, 10, 97, 59], file: "f")
        #expect(throws: Never.self) { _ = try comment.next() }
        var word = Lexer([97, 0xFF, 59], file: "f")
        #expect(throws: Diagnostic.self) { _ = try word.next() }
    }

    /// No bytes whatever make it trap or run for ever, and every statement it gives is made of its input.
    @Test func anyBytes() {
        var generator = SeededGenerator(seed: 7)
        let alphabet = Array("ab \n\t;{}#$\"'\\()*~=".utf8) + [0, 0xFF, 0xC3, 0xA9]
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...120, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            ConfigurationProbe.run(bytes)
        }
    }
}

/// A generator whose sequence a failing test can repeat.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
