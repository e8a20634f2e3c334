// A fuzzer for what the load tool reads: responses, cut anywhere, and files of addresses.
import Bytes
import LoadGeneration

enum LoadReadersFuzz {
    static func check(_ input: [UInt8]) -> String? {
        let whole = read(input, step: max(input.count, 1))
        for step in [1, 3, 7] where read(input, step: step) != whole { return "another response in pieces of \(step)" }
        if whole == overrun { return "more bytes taken than there are" }
        _ = try? WorkloadParser.parse(String(decoding: input, as: UTF8.self)) { _ in .success([1]) }
        return nil
    }

    private static let overrun = [-1]

    /// The status, the bytes taken and whether the connection is kept; nil for a failure or an end that does not come.
    private static func read(_ input: [UInt8], step: Int) -> [Int]? {
        var reader = ResponseReader()
        reader.begin(isHead: false)
        var offset = 0
        do throws(LoadFailure) {
            while offset < input.count {
                let end = min(offset + step, input.count)
                if let used = try reader.take(input.span.extracting(offset..<end)) {
                    if used > end - offset { return overrun }
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
}
