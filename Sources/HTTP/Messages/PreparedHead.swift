import Bytes

/// The head of a response as it went out for one request, kept for the next request that gets the same: most of what a stored
/// response or an open file costs is making the same head again.
///
/// What it depends on besides the response is the location plan (which fields are hidden or added) and the second (Date, Age).
/// Who serves the response derives from this class and bounds the memory.
open class PreparedHead {
    /// The head, its empty line included.
    public private(set) final var bytes: [UInt8] = []
    private final var plan = 0
    private final var second = 0

    public init() {}

    /// Whether the head at hand was made for this plan, named by a number that no two plans share, in this second.
    public final func isFor(plan: Int, second: Int) -> Bool {
        self.second == second && self.plan == plan && !bytes.isEmpty
    }

    /// Keeps a head, if there is memory for it.
    public final func keep(_ head: Span<UInt8>, plan: Int, second: Int) {
        let more = head.count - bytes.capacity
        if more > 0, !admit(more) { return forget() }
        bytes.clear()
        bytes.append(head)
        self.plan = plan
        self.second = second
    }

    private func forget() {
        bytes.clear()
        second = 0
    }

    /// Whether `more` bytes may be held.
    open func admit(_ more: Int) -> Bool { true }
}
