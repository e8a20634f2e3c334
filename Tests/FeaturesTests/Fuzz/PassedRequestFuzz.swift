// sources: Tests/FeaturesTests/ProxyStage.swift Tests/FeaturesTests/PipelineProperties.swift

enum PassedRequestFuzz {
    static func check(_ input: [UInt8]) -> String? { PipelineProperties.shared { $0.request(input) } }
}
