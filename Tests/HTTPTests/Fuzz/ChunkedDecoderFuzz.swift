// sources: Tests/HTTPTests/DecoderProperties.swift

enum ChunkedDecoderFuzz {
    static func check(_ input: [UInt8]) -> String? { DecoderProperties.chunked(input) }
}
