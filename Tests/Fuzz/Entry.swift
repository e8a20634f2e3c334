/// Called by the fuzzer with one input after another; `FuzzTarget` is the one that Scripts/fuzz builds.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Sound: the fuzzer lends `count` bytes for the time of the call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    if let broken = FuzzTarget.check(input) { preconditionFailure(broken) }
    return 0
}
