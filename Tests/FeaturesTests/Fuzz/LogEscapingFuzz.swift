// A fuzzer for what makes values harmless in a line of a log.
// sources: Sources/Features/Log/LogEscape.swift Tests/FeaturesTests/LogEscapeProperties.swift

enum LogEscapingFuzz {
    static func check(_ input: [UInt8]) -> String? { LogEscapeProperties.check(input) }
}
