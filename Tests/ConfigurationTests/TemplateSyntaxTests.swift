import Configuration
import Testing

@Suite struct TemplateSyntaxTests {
    @Test(
        arguments: [
            ("", []),
            ("plain", [.literal("plain")]),
            ("$host", [.variable(name: "host")]),
            ("$HOST", [.variable(name: "host")]),
            ("a${host}b", [.literal("a"), .variable(name: "host"), .literal("b")]),
            (
                "$scheme://$host-$1$10",
                [
                    .variable(name: "scheme"), .literal("://"), .variable(name: "host"), .literal("-"), .capture(1),
                    .capture(1),
                    .literal("0"),
                ]
            ),
            ("${1}", [.variable(name: "1")]),
            ("$0", [.variable(name: "0")]),
            ("${a}{b}", [.variable(name: "a"), .literal("{b}")]),
            ("日$a日", [.literal("日"), .variable(name: "a"), .literal("日")]),
        ] as [(String, [TemplateSyntax.Part])])
    func parts(_ text: String, _ expected: [TemplateSyntax.Part]) throws {
        #expect(try TemplateSyntax(parsing: text, at: nil).parts == expected)
    }

    @Test(arguments: ["$", "a$", "$-", "$$", "${", "${}", "${host", "${ho-st}", "${{b", "$ a"])
    func refused(_ text: String) {
        #expect(throws: Diagnostic.self) { try TemplateSyntax(parsing: text, at: nil) }
    }

    @Test func questions() throws {
        let template = try TemplateSyntax(parsing: "$a-$b-$a-$2", at: nil)
        #expect(template.names == ["a", "b", "a"])
        #expect(!template.isConstant)
        #expect(try TemplateSyntax(parsing: "", at: nil).constant == "")
        #expect(try TemplateSyntax(parsing: "x", at: nil).constant == "x")
        #expect(TemplateSyntax(constant: "$x").constant == "$x")
        #expect(try TemplateSyntax(parsing: "$x", at: nil).constant == nil)
    }
}
