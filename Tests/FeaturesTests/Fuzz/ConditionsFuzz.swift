// A fuzzer for the conditions of `if`.
// sources: Sources/Features/Rewrite/ConditionSyntax.swift Sources/Features/Rewrite/VariableName.swift Tests/FeaturesTests/ConditionProperties.swift

enum ConditionsFuzz {
    static func check(_ input: [UInt8]) -> String? { ConditionProperties.check(input) }
}
