// sources: Tests/HTTPTests/ProxyProperties.swift

enum ForwardedAddressFuzz {
    static func check(_ input: [UInt8]) -> String? { ProxyProperties.forwarded(input) }
}
