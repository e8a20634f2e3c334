import TestSupport
import Testing

/// The fuzzer's seeds, and what becomes of them when bytes are changed.
@Suite struct RulePropertyTests {
    @Test func whateverIsStoredIsSound() {
        for input in Corpus.variations(of: "CacheRules") { #expect(RuleProperties.check(input) == nil) }
    }
}
