import CPCRE2

/// Where the last match put its groups, and the memory that matching needs: one per loop, reused for every match.
///
/// It is not Sendable, and a match overwrites what the one before left: what a request keeps (`$1`) it copies as ranges.
@safe
public final class MatchData {
    /// How often the matcher may try before it gives up: bounds the processor time of one match to some milliseconds.
    public static let matchLimit: UInt32 = 500_000
    /// How deep the interpreter may nest.
    public static let depthLimit: UInt32 = 50_000
    /// How much memory the interpreter may take for backtracking, in KiB.
    public static let heapLimit: UInt32 = 4096
    /// How much stack compiled code may take, in bytes.
    public static let stackLimit = 256 * 1024

    private var matchBlock: OpaquePointer
    private var groupCapacity: Int
    private var subjectCount = 0
    private let stack: OpaquePointer?
    /// The limits, for the match call.
    let context: OpaquePointer?
    /// The number of groups the last match may have set, with the whole match (group 0); 0 when it did not match.
    public private(set) var count = 0

    /// Makes room for `groups` groups; a pattern with more makes it grow once.
    public init(groups: Int = 16) {
        groupCapacity = min(max(groups, 1), 65_535)
        unsafe matchBlock = Self.makeBlock(groups: groupCapacity)
        let context = unsafe pcre2_match_context_create_8(nil)
        let stack = unsafe pcre2_jit_stack_create_8(16 * 1024, Self.stackLimit, nil)
        unsafe self.context = context
        unsafe self.stack = stack
        if let context = unsafe context {
            unsafe _ = pcre2_set_match_limit_8(context, Self.matchLimit)
            unsafe _ = pcre2_set_depth_limit_8(context, Self.depthLimit)
            unsafe _ = pcre2_set_heap_limit_8(context, Self.heapLimit)
            // Sound: the stack lives as long as this object, and the context serves this object's matches only.
            if let stack = unsafe stack { unsafe pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack)) }
        }
    }

    deinit {
        unsafe pcre2_match_data_free_8(matchBlock)
        if let context = unsafe context { unsafe pcre2_match_context_free_8(context) }
        if let stack = unsafe stack { unsafe pcre2_jit_stack_free_8(stack) }
    }

    /// Where group `index` matched, in bytes of the subject; nil when it did not take part or does not exist.
    public func range(of index: Int) -> Range<Int>? {
        guard index >= 0, index < count else { return nil }
        guard let vector = unsafe pcre2_get_ovector_pointer_8(matchBlock) else { return nil }
        // Sound: count never exceeds the block's pairs.
        let low = unsafe vector[2 * index]
        let high = unsafe vector[2 * index + 1]
        // An unset group is all ones, which Swift reads as -1. The rest cannot happen while `\K` is refused in assertions.
        guard low >= 0, low <= high, high <= subjectCount else { return nil }
        return low..<high
    }

    /// The block for the library to fill, with room for `groups`.
    func block(groups: Int) -> OpaquePointer {
        if groups > groupCapacity {
            unsafe pcre2_match_data_free_8(matchBlock)
            groupCapacity = groups
            unsafe matchBlock = Self.makeBlock(groups: groups)
        }
        return unsafe matchBlock
    }

    func accept(groups: Int, subjectCount: Int) {
        count = min(groups, groupCapacity)
        self.subjectCount = subjectCount
    }

    func clear() {
        count = 0
    }

    private static func makeBlock(groups: Int) -> OpaquePointer {
        guard let block = unsafe pcre2_match_data_create_8(UInt32(groups), nil) else {
            preconditionFailure("no memory for match data")
        }
        return unsafe block
    }
}
