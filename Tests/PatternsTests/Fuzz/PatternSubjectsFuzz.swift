// A fuzzer for regular expressions and what they are applied to: an expression from a configuration, and any subject.
import Bytes
import Patterns

enum PatternSubjectsFuzz {
    private static let expressions = [
        "^/(?<part>[^/]+)/(.*)$", "\\.(?:css|js)$", "(*UTF)^\\w+:(.)", "^(a+)+$", "(?<a>x)?(?<b>y)|(?J)(?<a>z)", "",
        "\\bsession=(\\w+)",
    ]
    private static let known = expressions.compactMap { try? Pattern($0) }
    // Sound: the fuzzer calls from one thread.
    nonisolated(unsafe) private static let data = MatchData()

    /// A first line that is not empty is an expression.
    static func check(_ input: [UInt8]) -> String? {
        let end = input.firstIndex(of: 10) ?? 0
        let subject = Array(input[min(end + 1, input.count)...])
        var patterns = known
        if end > 0, end < 64, let own = try? Pattern(String(decoding: input[..<end], as: UTF8.self)) { patterns = [own] }
        for pattern in patterns {
            guard (try? unsafe pattern.match(subject.span, into: data)) == true else { continue }
            if unsafe data.count <= 0 { return "a match without a range" }
            for index in 0..<(pattern.captureCount + 2) {
                guard let range = unsafe data.range(of: index) else { continue }
                if range.upperBound > subject.count { return "a range beyond the subject" }
            }
        }
        return nil
    }
}
