import Testing

@testable import Features

/// What may stand behind `expires`.
@Suite struct ExpiresRuleTests {
    @Test func rules() {
        let cases: [(String, Bool, ExpiresRule?)] = [
            ("off", false, .off), ("epoch", false, .epoch), ("max", false, .max), ("10", false, .afterAccess(10)),
            ("+1h", false, .afterAccess(3600)), ("-1", false, .afterAccess(-1)), ("0", false, .afterAccess(0)),
            ("24h", true, .afterModification(86400)), ("-5m", true, .afterModification(-300)),
            ("@15h30m", false, .daily(55800)), ("@25h", false, nil), ("@1h", true, nil), ("", false, nil), ("x", false, nil),
            ("--1", false, nil), ("500ms", false, nil),
        ]
        for (text, isModified, rule) in cases {
            #expect(ExpiresRule(text, isModified: isModified) == rule, "\(text)")
        }
    }
}
