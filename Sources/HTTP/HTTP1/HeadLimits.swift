/// The bounds of a request head and the liberties a server takes with it: nginx's directives of the same names.
package struct HeadLimits: Sendable, Equatable {
    /// `client_header_buffer_size`, bytes.
    package var clientHeaderBufferSize = 1024
    /// `large_client_header_buffers`: how large each may be; neither the request line nor a field line may be longer.
    package var largeBufferSize = 8192
    /// `large_client_header_buffers`: how many.
    package var largeBufferCount = 4
    /// `max_headers`: the number of field lines.
    package var maxHeaders = 1000
    /// `ignore_invalid_headers`: drop field lines with odd names instead of taking them.
    package var ignoresInvalidHeaders = true
    /// `underscores_in_headers`: a name with an underscore is not odd.
    package var allowsUnderscores = false
    /// `merge_slashes`.
    package var mergesSlashes = true

    package init() {}

    /// A head never takes more bytes than this, blank lines before it apart.
    package var largestHead: Int {
        let (large, overflow) = largeBufferSize.multipliedReportingOverflow(by: max(largeBufferCount, 1))
        return overflow ? Int.max / 2 : clientHeaderBufferSize + large
    }

    /// The size of the block to move a head to when one of `capacity` bytes is full.
    package func capacity(after capacity: Int) -> Int {
        // One byte more than the largest head, so that a full block is always a refused head.
        min(max(capacity * 2, clientHeaderBufferSize + largeBufferSize), max(largestHead, capacity) + 1)
    }
}
