import Bytes
import CPCRE2

/// A regular expression in nginx's dialect (PCRE2), compiled once at load time and shared by all loops.
///
/// Options are nginx's: none, or caseless. Subjects are bytes, not UTF-8 (a pattern that begins with `(*UTF)` asks for it
/// itself, and a subject that is not valid UTF-8 is then a `MatchFailure`). Just-in-time compilation is used where the
/// kernel allows it; without it the interpreter gives the same answers.
@safe
public final class Pattern: Sendable {
    // Sound: compiled code is never written after init (pcre2api, "Multithreading": the pattern), freed in deinit.
    nonisolated(unsafe) private let code: OpaquePointer
    /// The expression as it was written.
    public let source: String
    /// Whether case is ignored (`~*`).
    public let ignoresCase: Bool
    /// The number of capturing groups, without the whole match.
    public let captureCount: Int
    /// The named groups; one name may stand for several indexes under `(?J)`.
    public let captureNames: [(name: String, index: Int)]

    /// Compiles `source`. Throws what is wrong with it, and where.
    public init(_ source: String, ignoringCase: Bool = false) throws(PatternError) {
        var number: CInt = 0
        var position = 0
        let bytes = Array(source.utf8)
        let options: UInt32 = ignoringCase ? PCRE2_CASELESS : 0
        // Sound: the library copies the expression; the buffer is used within the closure only.
        let compiled = unsafe bytes.withUnsafeBufferPointer { buffer in
            let start = unsafe buffer.baseAddress ?? Self.emptySubject
            return unsafe pcre2_compile_8(start, buffer.count, options, &number, &position, nil)
        }
        guard let compiled = unsafe compiled else {
            throw PatternError(message: Self.message(of: number), offset: min(max(position, 0), bytes.count))
        }
        // Its failure (no executable memory, unsupported item) only means that the interpreter is used.
        unsafe _ = pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE)
        unsafe code = compiled
        self.source = source
        ignoresCase = ignoringCase
        var captures: UInt32 = 0
        unsafe _ = pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_CAPTURECOUNT), &captures)
        captureCount = Int(captures)
        captureNames = unsafe Self.names(of: compiled)
    }

    deinit { unsafe pcre2_code_free_8(code) }

    /// Whether the pattern is found anywhere in `subject`; `data` then holds the groups' ranges, in bytes from its start.
    ///
    /// Allocates only when `data` has never held as many groups before. A subject on which the pattern needs more than the
    /// limits of `MatchData` allow throws: neither "matches" nor "does not" would be a safe answer for an access rule.
    public func match(_ subject: Span<UInt8>, into data: MatchData) throws(MatchFailure) -> Bool {
        let block = unsafe data.block(groups: captureCount + 1)
        // Sound: the subject outlives the call, which writes nothing but the match block, and that is this loop's own.
        let result = unsafe subject.withUnsafeBufferPointer { buffer in
            let start = unsafe buffer.baseAddress ?? Self.emptySubject
            return unsafe pcre2_match_8(code, start, buffer.count, 0, 0, block, data.context)
        }
        if result > 0 {
            data.accept(groups: Int(result), subjectCount: subject.count)
            return true
        }
        data.clear()
        switch result {
        case PCRE2_ERROR_NOMATCH: return false
        case PCRE2_ERROR_MATCHLIMIT, PCRE2_ERROR_DEPTHLIMIT, PCRE2_ERROR_HEAPLIMIT, PCRE2_ERROR_JIT_STACKLIMIT:
            throw .limitExceeded
        default: throw .library(code: Int(result), message: Self.message(of: result))
        }
    }

    /// An address for subjects and patterns without bytes, whose spans may have none. Nothing is ever read from it.
    // Sound: immortal, never written, never freed.
    nonisolated(unsafe) private static let emptySubject = unsafe UnsafePointer<UInt8>(
        UnsafeMutablePointer<UInt8>.allocate(capacity: 1))

    private static func message(of number: CInt) -> String {
        var text = [UInt8](repeating: 0, count: 256)
        // Sound: the library writes at most `count` bytes and ends them with a zero.
        let length = unsafe text.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return CInt(0) }
            return unsafe pcre2_get_error_message_8(number, start, buffer.count)
        }
        guard length > 0 else { return "error \(number)" }
        return String(decoding: text.prefix(Int(length)), as: UTF8.self)
    }

    /// Reads the name table: entries of one size, each two bytes of index (high byte first), then the name and a zero.
    private static func names(of code: OpaquePointer) -> [(name: String, index: Int)] {
        var count: UInt32 = 0
        var entrySize: UInt32 = 0
        var table: UnsafePointer<UInt8>?
        unsafe _ = pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMECOUNT), &count)
        unsafe _ = pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMEENTRYSIZE), &entrySize)
        unsafe _ = pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMETABLE), &table)
        guard count > 0, entrySize > 3, let table = unsafe table else { return [] }
        // Sound: the table holds `count` entries of `entrySize` bytes and lives as long as the code.
        let bytes = unsafe UnsafeBufferPointer(start: table, count: Int(count) * Int(entrySize))
        var names: [(name: String, index: Int)] = []
        for entry in 0..<Int(count) {
            let start = entry * Int(entrySize)
            let index = unsafe Int(bytes[start]) << 8 | Int(bytes[start + 1])
            var name: [UInt8] = []
            var position = start + 2
            while position < start + Int(entrySize), unsafe bytes[position] != 0 {
                unsafe name.append(bytes[position])
                position += 1
            }
            names.append((name: String(decoding: name, as: UTF8.self), index: index))
        }
        return names.sorted { $0.index < $1.index }
    }
}
