// A fuzzer for what the load tool reads: responses, cut anywhere, and files of addresses.
import Bytes
import LoadGeneration

/// The status, the bytes taken and whether the connection is kept; nil for a failure or an end that does not come.
private func read(_ input: [UInt8], step: Int) -> [Int]? {
    var reader = ResponseReader()
    reader.begin(isHead: false)
    var offset = 0
    do throws(LoadFailure) {
        while offset < input.count {
            let end = min(offset + step, input.count)
            if let used = try reader.take(input.span.extracting(offset..<end)) {
                precondition(used <= end - offset)
                return [reader.status, offset + used, reader.keepsConnection ? 1 : 0]
            }
            offset = end
        }
        try reader.end()
        return [reader.status, offset]
    } catch {
        return nil
    }
}

/// Called by the fuzzer with one input after another (Scripts/fuzz).
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Sound: the fuzzer lends `count` bytes for the time of the call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    let whole = read(input, step: max(input.count, 1))
    for step in [1, 3, 7] { precondition(read(input, step: step) == whole) }
    _ = try? WorkloadParser.parse(String(decoding: input, as: UTF8.self)) { _ in .success([1]) }
    return 0
}
