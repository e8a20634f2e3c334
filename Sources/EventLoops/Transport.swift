import Bytes
import Platform
import TLS

/// A connection's bytes, in and out, without waiting: plain TCP or a Unix socket, or TLS on either. The calls and what they
/// come to are the same; an encrypted connection takes the way through its session.
public struct Transport: ~Copyable {
    private let descriptor: FileDescriptor
    /// What encrypts; nil: the connection is plain, or TLS has not begun.
    public var session: TLSSession?

    public init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    public var rawValue: Int32 { descriptor.rawValue }

    public var isEncrypted: Bool { session != nil }

    /// There may be more to read although the socket does not become readable: `receive` has to be called again before the
    /// socket is waited for. Never on a plain connection.
    @inline(__always)
    public var hasUnread: Bool { session != nil && hasUnreadRecords }

    @inline(never)
    private var hasUnreadRecords: Bool { session?.hasUnread ?? false }

    /// Reads into the free part of `buffer`: once; from a session until it has no more or the buffer is full.
    @inline(__always)
    public borrowing func receive(into buffer: ByteBuffer) -> IOResult {
        if let session { return session.receive(into: buffer) }
        var result = IOResult.wouldBlock
        _ = buffer.fill { span in
            result = Socket.receive(descriptor.rawValue, into: &span)
            if case .done(let count) = result { return count }
            return 0
        }
        return result
    }

    /// Sends. A count below what was given: the socket takes no more for now. What was not counted has to be what the next
    /// call begins with, for a session may have encrypted it. `more`: the rest follows at once.
    @inline(__always)
    public borrowing func send(_ bytes: Span<UInt8>, more: Bool = false) -> IOResult {
        if session != nil { return sendEncrypted(bytes, Span(), Span(), Span(), more) }
        return Socket.send(descriptor.rawValue, bytes, more: more)
    }

    @inline(__always)
    public borrowing func send(
        _ a: Span<UInt8>, _ b: Span<UInt8>, _ c: Span<UInt8> = Span(), _ d: Span<UInt8> = Span(), more: Bool = false
    ) -> IOResult {
        if session != nil { return sendEncrypted(a, b, c, d, more) }
        return Socket.send(descriptor.rawValue, a, b, c, d, more: more)
    }

    public borrowing func sendFile(_ file: Int32, offset: inout Int, count: Int) -> IOResult {
        if session != nil { return sendFileEncrypted(file, &offset, count) }
        return Socket.sendFile(descriptor.rawValue, from: file, offset: &offset, count: count)
    }

    /// Sends a few bytes that nobody offers again: 100 Continue. A session keeps what the socket does not take.
    public borrowing func sendNotice(_ bytes: Span<UInt8>) -> IOResult {
        guard let session else { return Socket.send(descriptor.rawValue, bytes) }
        return session.sendNotice(bytes)
    }

    /// Plain bytes that one call encrypts before others get their turn.
    private static let longestCall = 256 * 1024

    /// A session takes a batch per call, so a short count need not mean that the socket is full: here it does again.
    @inline(never)
    private borrowing func sendEncrypted(
        _ a: Span<UInt8>, _ b: Span<UInt8>, _ c: Span<UInt8>, _ d: Span<UInt8>, _ more: Bool
    ) -> IOResult {
        guard let session else { return .wouldBlock }
        let total = a.count + b.count + c.count + d.count
        var result = session.send(a, b, c, d, more: more)
        guard case .done(var sent) = result else { return result }
        while sent < total, sent < Transport.longestCall, !session.hasUnsent {
            var skip = sent
            let restA = Transport.rest(of: a, &skip)
            let restB = Transport.rest(of: b, &skip)
            let restC = Transport.rest(of: c, &skip)
            let restD = Transport.rest(of: d, &skip)
            result = session.send(restA, restB, restC, restD, more: more)
            guard case .done(let count) = result, count > 0 else { break }
            sent += count
        }
        return .done(sent)
    }

    @_lifetime(copy span)
    private static func rest(of span: Span<UInt8>, _ skip: inout Int) -> Span<UInt8> {
        let start = min(skip, span.count)
        skip -= start
        return span.extracting(start..<span.count)
    }

    @inline(never)
    private borrowing func sendFileEncrypted(_ file: Int32, _ offset: inout Int, _ count: Int) -> IOResult {
        guard let session else { return .wouldBlock }
        let start = offset
        repeat {
            let before = offset
            let result = session.sendFile(file, offset: &offset, count: count - (offset - start))
            guard case .done = result, offset > before else { return offset > start ? .done(offset - start) : result }
        } while offset - start < min(count, Transport.longestCall) && !session.hasUnsent
        return .done(offset - start)
    }

    /// Bytes sent that the peer has not acknowledged.
    public borrowing func unacknowledged() -> Int? { Socket.unacknowledged(descriptor.rawValue) }

    /// Makes the close, when it comes, a reset.
    public borrowing func resetOnClose() { Socket.resetOnClose(descriptor.rawValue) }

    /// Ends our direction: with TLS's own farewell first, which tells the peer that nothing is missing.
    public borrowing func shutdownWrite() {
        if let session { _ = session.shutdown() }
        Socket.shutdownWrite(descriptor.rawValue)
    }
}
