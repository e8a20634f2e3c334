// sources: Tests/HTTPTests/ProxyProperties.swift
import Bytes

/// Called by the fuzzer with one input after another (Scripts/fuzz).
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Sound: the fuzzer lends `count` bytes for the time of the call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    if let broken = ProxyProperties.header(input) { preconditionFailure(broken) }
    return 0
}
