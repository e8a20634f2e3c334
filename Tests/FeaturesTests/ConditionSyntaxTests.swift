import Configuration
import TestSupport
import Testing

@testable import Features

/// What is a condition of `if`, and what is none. nginx 1.22 gave the expectations.
@Suite struct ConditionSyntaxTests {
    private static func parsed(_ words: [String]) throws(Diagnostic) -> ConditionSyntax {
        let arguments = words.enumerated().map { index, word in
            Argument(text: word, location: SourceLocation(file: "f", line: 1, column: index + 1))
        }
        return try ConditionSyntax(
            Statement(name: "if", location: SourceLocation(file: "f", line: 1, column: 1), arguments: arguments))
    }

    @Test(arguments: [
        (["($A)"], "${a}", ConditionSyntax.Test.isTrue, false), (["(", "$a", ")"], "${a}", .isTrue, false),
        (["($a", "=", "b)"], "${a}", .equals(TemplateSyntax(constant: "b")), false),
        (["(", "$a", "!=", "", ")"], "${a}", .equals(TemplateSyntax(constant: "")), true),
        (["($a", "=", "b))"], "${a}", .equals(TemplateSyntax(constant: "b)")), false),
        (["($a", "~", "(x|y)$)"], "${a}", .matches("(x|y)$", caseless: false), false),
        (["($a", "~*", "", ")"], "${a}", .matches("", caseless: true), false),
        (["($a", "!~", "$b)"], "${a}", .matches("$b", caseless: false), true),
        (["($a", "!~*", "x", ")"], "${a}", .matches("x", caseless: true), true),
        (["(-f", "$a/b)"], "$a/b", .leadsTo(.file), false), (["(", "!-f", "/x", ")"], "/x", .leadsTo(.file), true),
        (["(-d", "/x)"], "/x", .leadsTo(.directory), false), (["(!-e", "/x)"], "/x", .leadsTo(.any), true),
        (["(-x", "", ")"], "", .leadsTo(.executable), false),
    ])
    func conditions(_ words: [String], _ subject: String, _ test: ConditionSyntax.Test, _ isNegated: Bool) throws {
        let syntax = try Self.parsed(words)
        #expect(syntax.subject.source == subject)
        #expect(syntax.test == test)
        #expect(syntax.isNegated == isNegated)
    }

    @Test(arguments: [
        (["$a"], "invalid condition \"$a\"", 1), (["($a"], "invalid condition \"($a\"", 1),
        (["()"], "invalid condition \"()\"", 1), (["(", ")"], "invalid condition \")\"", 2),
        (["("], "invalid condition \"(\"", 1), (["($a", "=", "b"], "invalid condition \"b\"", 3),
        (["($a)", "b"], "invalid condition \"b\"", 2), (["(", "", "=", "a", ")"], "invalid condition \")\"", 5),
        (["($a", "=", ")"], "invalid condition \"$a\"", 1), (["($a", "=", "b", "c)"], "invalid condition \"$a\"", 1),
        (["($a", "=b)"], "invalid condition \"$a\"", 1), (["(($a))"], "invalid condition \"($a)\"", 1),
        (["($a", "==", "b)"], "unexpected \"==\" in condition", 2), (["($a", "~~", "b)"], "unexpected \"~~\" in condition", 2),
        (["($a", "-f", "b)"], "unexpected \"-f\" in condition", 2), (["($=)"], "invalid variable name \"$=\"", 1),
        (["($a=b)"], "invalid variable name \"$a=b\"", 1), (["(${a}", "=", "b)"], "invalid variable name \"${a}\"", 1),
        (["($)"], "invalid condition \"$\"", 1), (["(a", "=", "$b)"], "invalid condition \"a\"", 1),
        (["(!$a)"], "invalid condition \"!$a\"", 1), (["(-f)"], "invalid condition \"-f\"", 1),
        (["(-f", "/x", "y)"], "invalid condition \"-f\"", 1), (["(!", "-f", "/x)"], "invalid condition \"!\"", 1),
        (["(-g", "/x)"], "invalid condition \"-g\"", 1), (["(0)"], "invalid condition \"0\"", 1),
        (["($a", "=", "$)"], "invalid variable name in \"$\"", 3),
    ])
    func whatIsNone(_ words: [String], _ message: String, _ column: Int) {
        do throws(Diagnostic) {
            _ = try Self.parsed(words)
            Issue.record("\(words) is taken")
        } catch {
            #expect(error.message == message)
            #expect(error.location?.column == column)
        }
    }

    @Test func parenthesesMayStandAnywhere() {
        for input in Corpus.variations(of: "Conditions") { #expect(ConditionProperties.check(input) == nil) }
    }

    /// What stands in the block, and around it.
    @Test(arguments: [
        ("if ($host) { set $a 1; }", "\"set\" may not stand within \"if\": only \"return\" may, so far"),
        ("if ($host) { proxy_pass http://a; }", "\"proxy_pass\" may not stand within \"if\": only \"return\" may, so far"),
        ("if ($host) { }", "\"if\" without a \"return\" does nothing here"),
        ("if ($host) { if ($uri) { return 204; } }", "no block may stand within \"if\""),
        ("if ($host ~ ^a{2}$) { return 204; }", "a regular expression that holds braces must stand in quotes"),
        ("if($host = a) { return 204; }", "put a space before \"(\""),
        ("if ($host) { return 200 a b; }", "not 3 arguments"), ("if ($host) { return; }", "not 0 arguments"),
        ("if ($host ~ (?<uri>.)) { return 204; }", "the duplicate \"uri\" variable"),
        ("if ($1 = a) { return 204; }", "unknown \"1\" variable"),
        ("if ($nosuch) { return 204; }", "unknown \"nosuch\" variable"),
        ("if ($host ~ \"a)\") { return 204; }", "regular expression \"a)\": unmatched closing parenthesis"),
    ])
    func refusals(_ text: String, _ message: String) {
        for body in [text, "location / { \(text) }"] {
            do {
                _ = try ProxyStage(server: body)
                Issue.record("\(body) is taken")
            } catch {
                #expect("\(error)".contains(message), "\(error)")
                #expect("\(error)".contains(".conf:"))
            }
        }
    }
}
