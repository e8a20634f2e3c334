// sources: Tests/FeaturesTests/ProxyStage.swift Tests/FeaturesTests/PipelineProperties.swift

enum PassedResponseFuzz {
    static func check(_ input: [UInt8]) -> String? { PipelineProperties.shared { $0.response(input) } }
}
