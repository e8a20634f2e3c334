/// The bounds of a request head and the liberties a server takes with it: nginx's directives of the same names.
public struct HeadLimits: Sendable, Equatable {
    /// `client_header_buffer_size`, bytes.
    public var clientHeaderBufferSize = 1024
    /// `large_client_header_buffers`: how large each may be; neither the request line nor a field line may be longer.
    public var largeBufferSize = 8192
    /// `large_client_header_buffers`: how many.
    public var largeBufferCount = 4
    /// `max_headers`: the number of field lines.
    public var maxHeaders = 1000
    /// `ignore_invalid_headers`: drop field lines with odd names instead of taking them.
    public var ignoresInvalidHeaders = true
    /// `underscores_in_headers`: a name with an underscore is not odd.
    public var allowsUnderscores = false
    /// `merge_slashes`.
    public var mergesSlashes = true

    public init() {}

    /// A head never takes more bytes than this, blank lines before it apart.
    public var largestHead: Int {
        let (large, overflow) = largeBufferSize.multipliedReportingOverflow(by: max(largeBufferCount, 1))
        return overflow ? Int.max / 2 : clientHeaderBufferSize + large
    }

    /// The size of the block to move a head to when one of `capacity` bytes is full.
    public func capacity(after capacity: Int) -> Int {
        // One byte more than the largest head, so that a full block is always a refused head.
        min(max(capacity * 2, clientHeaderBufferSize + largeBufferSize), max(largestHead, capacity) + 1)
    }
}
