// sources: Tests/HTTPTests/DecoderProperties.swift

enum FieldValuesFuzz {
    static func check(_ input: [UInt8]) -> String? { DecoderProperties.fieldValue(input) }
}
