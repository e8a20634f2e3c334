// sources: Tests/FeaturesTests/ProxyStage.swift Tests/FeaturesTests/PipelineProperties.swift
import Bytes
import Configuration
import EventLoops
import Features
import HTTP
import Observability
import Platform
import Server

// Sound: the fuzzer calls from one thread.
nonisolated(unsafe) private let properties = try? PipelineProperties()

/// Called by the fuzzer with one input after another (Scripts/fuzz).
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Sound: the fuzzer lends `count` bytes for the time of the call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let properties = unsafe properties else { preconditionFailure("the configuration is refused") }
    if let broken = properties.response(input) { preconditionFailure(broken) }
    return 0
}
