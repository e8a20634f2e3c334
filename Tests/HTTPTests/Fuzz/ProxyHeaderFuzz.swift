// sources: Tests/HTTPTests/ProxyProperties.swift

enum ProxyHeaderFuzz {
    static func check(_ input: [UInt8]) -> String? { ProxyProperties.header(input) }
}
