// sources: Tests/HTTPTests/DecoderProperties.swift

enum ResponseDecoderFuzz {
    static func check(_ input: [UInt8]) -> String? { DecoderProperties.response(input) }
}
