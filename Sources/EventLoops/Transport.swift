import Bytes
import Platform

/// A connection's bytes, in and out, without waiting. Plain TCP or a Unix socket; TLS will stand behind the same calls.
public struct Transport: ~Copyable {
    private let descriptor: FileDescriptor

    public init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    public var rawValue: Int32 { descriptor.rawValue }

    /// Reads once into the free part of `buffer`.
    @inline(__always)
    public borrowing func receive(into buffer: ByteBuffer) -> IOResult {
        var result = IOResult.wouldBlock
        _ = buffer.fill { span in
            result = Socket.receive(descriptor.rawValue, into: &span)
            if case .done(let count) = result { return count }
            return 0
        }
        return result
    }

    @inline(__always)
    public borrowing func send(_ bytes: Span<UInt8>, more: Bool = false) -> IOResult {
        Socket.send(descriptor.rawValue, bytes, more: more)
    }

    @inline(__always)
    public borrowing func send(
        _ a: Span<UInt8>, _ b: Span<UInt8>, _ c: Span<UInt8> = Span(), _ d: Span<UInt8> = Span(), more: Bool = false
    ) -> IOResult {
        Socket.send(descriptor.rawValue, a, b, c, d, more: more)
    }

    public borrowing func sendFile(_ file: Int32, offset: inout Int, count: Int) -> IOResult {
        Socket.sendFile(descriptor.rawValue, from: file, offset: &offset, count: count)
    }

    /// Bytes sent that the peer has not acknowledged.
    public borrowing func unacknowledged() -> Int? { Socket.unacknowledged(descriptor.rawValue) }

    /// Makes the close, when it comes, a reset.
    public borrowing func resetOnClose() { Socket.resetOnClose(descriptor.rawValue) }

    public borrowing func shutdownWrite() { Socket.shutdownWrite(descriptor.rawValue) }
}
