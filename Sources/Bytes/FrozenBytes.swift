/// Bytes that never change again and may be read by every thread: a cached body, a prepared head, a configured literal.
@safe
public final class FrozenBytes: Sendable {
    // Sound: written once in init, read only afterwards, freed in deinit.
    nonisolated(unsafe) private let base: UnsafeRawPointer
    /// Whose bytes these are; nil: its own.
    private let owner: FrozenBytes?
    public let count: Int

    /// The same bytes under a count of references of their own: two processors that count the same one wait for each other
    /// (`Benchmarks/hits/run loops`: a hit with two loops cost 1.05 of one with one loop, and 1.02 since).
    public init(sharing other: FrozenBytes) {
        // Sound: the owner keeps the bytes.
        unsafe base = other.base
        owner = other.owner ?? other
        count = other.count
    }

    public init(copying span: Span<UInt8>) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(span.count, 1), alignment: 16)
        unsafe span.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { unsafe memory.copyMemory(from: start, byteCount: source.count) }
        }
        unsafe base = UnsafeRawPointer(memory)
        owner = nil
        count = span.count
    }

    /// Makes `count` bytes and lets `body` fill them all.
    public init<E: Error>(count: Int, _ body: (inout MutableSpan<UInt8>) throws(E) -> Void) throws(E) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 16)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        var span = unsafe MutableSpan<UInt8>(_unsafeStart: memory.assumingMemoryBound(to: UInt8.self), count: count)
        unsafe base = UnsafeRawPointer(memory)
        owner = nil
        self.count = count
        try body(&span)
    }

    public convenience init(_ array: [UInt8]) {
        self.init(copying: array.span)
    }

    public convenience init(_ string: String) {
        self.init(Array(string.utf8))
    }

    /// Where the bytes stand, for `ByteRegion`.
    var start: UnsafePointer<UInt8> { unsafe base.assumingMemoryBound(to: UInt8.self) }

    deinit { if owner == nil { unsafe base.deallocate() } }

    public func equals(_ other: Span<UInt8>) -> Bool { bytes.equals(other) }

    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = unsafe Span<UInt8>(_unsafeStart: base.assumingMemoryBound(to: UInt8.self), count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}
