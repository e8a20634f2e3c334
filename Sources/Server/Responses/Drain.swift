import Bytes

/// Who takes a response out of an exchange's outbox: an HTTP/1 connection, an HTTP/2 stream, a subrequest's slot.
public protocol Drain: AnyObject {
    /// The response's head is settled in the context: status, fields, length.
    func begin(_ exchange: Exchange)
    /// Something was appended: takes what it can, and never waits.
    func pump()
    /// Sends a body that is here as a whole together with its head, past the outbox.
    ///
    /// - Returns: how many of its bytes are out, for the rest to be appended; nil when nothing more is to be done.
    func sendWhole(_ body: Span<UInt8>, of exchange: Exchange) -> Int?
    /// The exchange has ended without a response (`return 444`, or the process ends).
    func abort(_ exchange: Exchange)
    /// The request body is wanted, or not any more: the connection reads accordingly.
    func bodyWanted()
}
