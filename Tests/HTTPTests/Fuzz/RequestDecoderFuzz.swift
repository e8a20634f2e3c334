// sources: Tests/HTTPTests/DecoderProperties.swift

enum RequestDecoderFuzz {
    static func check(_ input: [UInt8]) -> String? { DecoderProperties.request(input) }
}
