// A fuzzer for what makes values harmless in a line of a log.
// sources: Sources/Features/Log/LogEscape.swift
import Bytes

/// Called by the fuzzer with one input after another (Scripts/fuzz).
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Sound: the fuzzer lends `count` bytes for the time of the call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    var standard: [UInt8] = []
    LogEscape.standard(input.span, true, &standard)
    for byte in standard { precondition((32...126).contains(byte) && byte != UInt8(ascii: "\"")) }
    var json: [UInt8] = []
    LogEscape.json(input.span, true, &json)
    var isEscaped = false
    for byte in json {
        precondition(byte >= 32)
        precondition(byte != UInt8(ascii: "\"") || isEscaped)
        isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
    }
    precondition(!isEscaped)
    return 0
}
