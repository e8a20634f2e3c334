// sources: Tests/CachingTests/RuleProperties.swift

enum CacheRulesFuzz {
    static func check(_ input: [UInt8]) -> String? { RuleProperties.check(input) }
}
