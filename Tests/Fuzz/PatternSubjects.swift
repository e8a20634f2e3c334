// A fuzzer for regular expressions and what they are applied to: an expression from a configuration, and any subject.
import Bytes
import Patterns

private let expressions = [
    "^/(?<part>[^/]+)/(.*)$", "\\.(?:css|js)$", "(*UTF)^\\w+:(.)", "^(a+)+$", "(?<a>x)?(?<b>y)|(?J)(?<a>z)", "",
    "\\bsession=(\\w+)",
]
private let known = expressions.compactMap { try? Pattern($0) }
// Sound: the fuzzer calls from one thread.
nonisolated(unsafe) private let data = MatchData()

/// Called by the fuzzer with one input after another (Scripts/fuzz). A first line that is not empty is an expression.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Sound: the fuzzer lends `count` bytes for the time of the call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    let end = input.firstIndex(of: 10) ?? 0
    let subject = Array(input[min(end + 1, input.count)...])
    var patterns = known
    if end > 0, end < 64, let own = try? Pattern(String(decoding: input[..<end], as: UTF8.self)) { patterns = [own] }
    for pattern in patterns {
        guard (try? unsafe pattern.match(subject.span, into: data)) == true else { continue }
        precondition(unsafe data.count > 0)
        for index in 0..<(pattern.captureCount + 2) {
            guard let range = unsafe data.range(of: index) else { continue }
            precondition(range.upperBound <= subject.count)
        }
    }
    return 0
}
